"""Fixtures every test may take, and the two counts at the end: how many tests ran on PostgreSQL and in Chromium.

`store` runs a test twice, on SQLite and on PostgreSQL; `sqlite_store` once; each with the whole schema and nothing
in it. `sqlite_url` and `postgresql_url` name fresh empty databases. `page()` opens a window in the real Chromium.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser

from incident_clock.store.session import Store
from tests import chromium as chromium_support
from tests.postgresql import Run, Server, locked, server_url
from tests.schema import create_from_models
from tests.support.databases import copied, empty, kept_store
from tests.tally import IN_CHROMIUM, ON_POSTGRESQL, Tally, ran

OWN_SETTINGS = ("DATABASE_URL", "HOST", "MAIL_FROM", "PORT", "SMTP_URL")
OWN_PREFIXES = ("INCIDENT_CLOCK_", "TWILIO_")


# ── databases ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """A fresh database with the whole schema; the test runs once on each kind."""
    return request.getfixturevalue(f"{request.param}_store")


@pytest.fixture
def sqlite_store(sqlite_template: Path, kept_folder: Path) -> Iterator[Store]:
    """A fresh SQLite file with the whole schema."""
    store = copied(sqlite_template, kept_folder / "incident_clock.db")
    yield store
    store.dispose()


@pytest.fixture
def postgresql_store(request: pytest.FixtureRequest, kept_database: str) -> Store:
    """A PostgreSQL database with the whole schema and nothing in it."""
    ran(request, ON_POSTGRESQL)
    store = kept_store(kept_database)
    empty(store)
    return store


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, postgresql_server: Server) -> Iterator[str]:
    """URL of a fresh PostgreSQL database without any table."""
    ran(request, ON_POSTGRESQL)
    url = postgresql_server.create()
    yield url
    postgresql_server.drop(url)


@pytest.fixture(scope="session")
def kept_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this worker's one SQLite file lies, copied afresh for each test."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="session")
def kept_database(postgresql_server: Server, postgresql_template: str) -> Iterator[str]:
    """URL of this worker's one PostgreSQL database, emptied before each test."""
    url = postgresql_server.create(template=postgresql_template)
    yield url
    kept_store(url).dispose()
    postgresql_server.drop(url)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    store = Store(f"sqlite:///{path}", is_durable=False)
    create_from_models(store)
    store.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql_server(run_folder: Path, worker: str) -> Iterator[Server]:
    try:
        server = Server(server_url(run_folder), names=f"{run_folder.name.replace('-', '_')}_{worker}")
    except LookupError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Server, run_folder: Path) -> str:
    """Name of a database with the whole schema, made by the first worker and copied by all."""
    name = f"{run_folder.name.replace('-', '_')}_template"
    with locked(run_folder / "template"):
        if not (run_folder / "template-made").exists():
            store = Store(postgresql_server.create(name=name))
            create_from_models(store)
            store.dispose()
            (run_folder / "template-made").touch()
    return name


# ── time and browser ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def now() -> datetime:
    """12 March 2026, 14:05 in Shanghai."""
    return datetime(2026, 3, 12, 6, 5, tzinfo=UTC)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium, one per worker."""
    try:
        with chromium_support.browser() as browser:
            yield browser
    except LookupError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[chromium_support.Windows]:
    """`page(width=390, height=844, locale="en-GB")` opens a window. An error in a page's script fails the test."""
    ran(request, IN_CHROMIUM)
    windows = chromium_support.Windows(chromium)
    yield windows
    windows.close()
    assert windows.problems == []


# ── the run ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def run_folder(request: pytest.FixtureRequest) -> Path:
    """The folder shared by all workers of this run."""
    return request.config.stash[RUN_FOLDER]


RUN = pytest.StashKey[Run]()
RUN_FOLDER = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """The controller opens the run's folder, a worker is told where it is. The user's own settings do not count."""
    for name in [name for name in os.environ if name in OWN_SETTINGS or name.startswith(OWN_PREFIXES)]:
        del os.environ[name]
    hypothesis.settings.register_profile(
        "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("house")  # a loaded machine is no defect of the product
    if hasattr(config, "workerinput"):
        config.stash[RUN_FOLDER] = Path(config.workerinput["run_folder"])
    else:
        config.stash[RUN] = Run()
        config.stash[RUN_FOLDER] = config.stash[RUN].folder
        config.pluginmanager.register(Tally())


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node) -> None:
    node.workerinput["run_folder"] = str(node.config.stash[RUN_FOLDER])


def pytest_unconfigure(config: pytest.Config) -> None:
    if run := config.stash.get(RUN, None):
        run.end()
