"""`docs/interface.md` names what the code has, and nothing it has not."""

import re
from pathlib import Path

import pytest

from incident_clock.channels.catalog import CATALOG
from incident_clock.cli.main import COMMANDS
from incident_clock.ledger.fact import Fact
from incident_clock.outbox import messages
from incident_clock.protocol import steps
from incident_clock.registry import calls
from incident_clock.registry.facts import RungRaised
from incident_clock.registry.record_kinds import KINDS
from incident_clock.settings import NAMES
from incident_clock.store.session import Store
from tests.api.rig import Api

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "interface.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", " ".join(re.findall(r"`([^`]+)`", DOCUMENT))))


@pytest.mark.parametrize(("kind", "names"), [
    ("settings", NAMES), ("commands", COMMANDS), ("roles", steps.ROLES), ("channels", CATALOG),
    ("states", messages.STATES), ("answers", (calls.PAGE, calls.LINK, calls.PHONE, calls.REPLY, calls.CODE, calls.VOICE)),
    ("kinds of messages", (*messages.CHASING, messages.ALL_CLEAR, messages.GAPS, messages.ANSWER, messages.NOT_ME, messages.GUESSING)), ("reasons", RungRaised.REASONS),
    ("kinds of entries", [fact.__name__ for fact in Fact.__subclasses__()]),
    ("anchors", steps.ANCHORS), ("clock starts", steps.CLOCK_STARTS)])
def test_every_name_of_the_code_stands_in_the_document(kind: str, names: list[str]) -> None:
    assert set(names) <= WORDS, f"{kind}: {sorted(set(names) - WORDS)} are not documented"


def test_every_setting_and_command_of_the_document_exists() -> None:
    settings = {word for word in WORDS if word.isupper() and word.startswith("INCIDENT_CLOCK_") and word[-1] != "_"}
    assert settings <= set(NAMES)
    table = DOCUMENT[DOCUMENT.index("| command | does |"):DOCUMENT.index("## Settings")]
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines()[2:] if line.startswith("|"))
    documented = {command.split()[0] for command in re.findall(r"`([a-z][^`]*)`", first_cells)}
    assert documented == set(COMMANDS)


def test_every_path_of_the_api_stands_in_the_document(sqlite_store: Store, tmp_path: Path) -> None:
    app = Api.open(str(sqlite_store.url), tmp_path).app
    paths = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()
             if rule.rule.startswith("/api/v1")}
    assert paths == set(re.findall(r"`(?:GET|POST) (/api/v1[^`?]*)`", DOCUMENT))
    for path in ("/answer/{token}", "/healthz", "/readyz", "/readyz/engine", "/api/openapi.json"):
        assert path in {re.sub(r"<(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
        assert path in DOCUMENT


def test_the_fields_of_every_form_stand_in_the_table_of_evidence() -> None:
    table = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", (ROOT / "docs/evidence.md").read_text(encoding="utf-8"), re.M)
    assert table == [(key, blank.name) for key, kind in KINDS.items() for blank in kind.blanks]
