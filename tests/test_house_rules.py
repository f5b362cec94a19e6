"""The rules of the house that can be read off the source: who may ask for the time, for the environment, and so on.

Each rule is a function from a parsed file to its complaints, tried on planted breaches as well as on the product.
The layers of the packages are kept by import-linter (`pyproject.toml`).
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "incident_clock"
LONGEST_FILE_LINES = 300
LONGEST_FUNCTION_LINES = 70

Complaints = Iterator[str]
Rule = Callable[[ast.Module], Complaints]

TIME_SOURCES = {
    "datetime.datetime": {"now", "utcnow", "today"},
    "datetime.date": {"today"},
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"},
}
ENVIRONMENT = {"os": {"environ", "environb", "getenv", "getenvb", "putenv"}}
SQL_CLOCK = re.compile(r"\bnow\(\)|current_timestamp|current_date|clock_timestamp|'now'", re.IGNORECASE)
FOREIGN = re.compile(
    r"pypi[.]org|pythonhosted[.]org|npmjs[.]org|deb[.]debian[.]org|index-ur[l]|[.][.]/share[d]"
    r"|(?<![\w.])/(work|root|home|Users)/"
)


# ── the rules ─────────────────────────────────────────────────────────────────────────────────────────────


def asks_for_the_time(tree: ast.Module) -> Complaints:
    return uses(tree, TIME_SOURCES)


def asks_for_the_environment(tree: ast.Module) -> Complaints:
    return uses(tree, ENVIRONMENT)


def asks_the_database_for_the_time(tree: ast.Module) -> Complaints:
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            if SQL_CLOCK.search(node.value):
                yield f"line {node.lineno}: {node.value!r}"
        elif isinstance(node, ast.Attribute) and dotted(node) in {"func.now", "func.current_timestamp"}:
            yield f"line {node.lineno}: {dotted(node)}"


def lacks_a_docstring(tree: ast.Module) -> Complaints:
    if tree.body and not ast.get_docstring(tree):
        yield "line 1: says nothing on what lives here"


def has_a_long_function(tree: ast.Module) -> Complaints:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION_LINES:
                yield f"line {node.lineno}: {node.name} has {length} lines"


def imports_more_than_the_standard_library(tree: ast.Module) -> Complaints:
    for line, name in imported(tree):
        is_own = name.startswith(("incident_clock.protocol", "incident_clock.errors"))
        if not is_own and name.split(".")[0] not in sys.stdlib_module_names:
            yield f"line {line}: {name}"


# ── the rules on the product ──────────────────────────────────────────────────────────────────────────────


def files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def complaints(rule: Rule, paths: list[Path]) -> list[str]:
    assert paths
    return [
        f"{path.relative_to(ROOT)} {complaint}"
        for path in paths
        for complaint in rule(ast.parse(path.read_text(encoding="utf-8")))
    ]


def but(*names: str) -> list[Path]:
    """The files of the package without those named."""
    return [path for path in files("incident_clock") if str(path.relative_to(PACKAGE)) not in names]


def test_only_the_clock_asks_the_machine_for_the_time():
    assert complaints(asks_for_the_time, but("clock.py")) == []


def test_only_the_settings_ask_for_the_environment():
    assert complaints(asks_for_the_environment, but("settings.py")) == []


def test_instants_never_come_from_the_database():
    assert complaints(asks_the_database_for_the_time, files("incident_clock", "migrations")) == []


def test_every_file_opens_by_saying_what_lives_there():
    assert complaints(lacks_a_docstring, files("incident_clock", "migrations", "scripts", "tests")) == []


def test_functions_are_short():
    assert complaints(has_a_long_function, files("incident_clock", "scripts")) == []


def test_files_are_short():
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files("incident_clock")}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE_LINES} == {}


def test_the_protocol_needs_nothing_but_the_standard_library():
    reading = {"loading.py", "yaml_tree.py"}  # they read the files
    pure = [path for path in files("incident_clock/protocol") if path.name not in reading]
    assert complaints(imports_more_than_the_standard_library, pure) == []


def test_no_file_names_a_registry_or_a_place_outside_this_folder():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in kept_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), start=1)
        if FOREIGN.search(line) or f"{ROOT}/" in line
    ]
    assert found == []


# ── the rules on planted breaches ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (asks_for_the_time, "import datetime\ndatetime.datetime.now()"),
        (asks_for_the_time, "from datetime import datetime\nnow = datetime.now"),
        (asks_for_the_time, "from datetime import datetime as dt\ndt.utcnow()"),
        (asks_for_the_time, "from datetime import date\ndate.today()"),
        (asks_for_the_time, "import time\ntime.time()"),
        (asks_for_the_time, "def f():\n    from time import monotonic\n    monotonic()"),
        (asks_for_the_environment, "import os\nos.environ['HOME']"),
        (asks_for_the_environment, "from os import getenv"),
        (asks_the_database_for_the_time, "text('UPDATE message SET sent_at = NOW()')"),
        (asks_the_database_for_the_time, "f'''SELECT {x}, datetime('now')'''"),
        (asks_the_database_for_the_time, "Column(server_default=func.now())"),
        (lacks_a_docstring, "import os"),
        (has_a_long_function, "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION_LINES),
        (imports_more_than_the_standard_library, "from pydantic import BaseModel"),
        (imports_more_than_the_standard_library, "from incident_clock.phrases import N_"),
    ],
)
def test_a_breach_is_found(rule: Rule, source: str):
    assert len(list(rule(ast.parse(source)))) == 1


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (asks_for_the_time, "clock.now()"),
        (asks_for_the_time, "from datetime import datetime\ndatetime.fromisoformat(text)"),
        (asks_for_the_time, "self.time(instant)"),
        (asks_for_the_environment, "import os\nos.getpid()"),
        (asks_the_database_for_the_time, "def f():\n    '''Never SQL now().'''"),
        (has_a_long_function, "def f():\n" + "    x = 1\n" * (LONGEST_FUNCTION_LINES - 1)),
        (imports_more_than_the_standard_library, "from incident_clock.errors import Invalid\nimport json"),
    ],
)
def test_what_is_allowed_is_let_pass(rule: Rule, source: str):
    assert list(rule(ast.parse(source))) == []


@pytest.mark.parametrize("line", ["see https://pypi.%s/simple", "read ..%s", "cd %swork/main"])
def test_a_foreign_place_is_found(line: str):
    assert FOREIGN.search(line % {"see": "org", "rea": "/shared", "cd ": "/"}[line[:3]])


# ── reading the source ────────────────────────────────────────────────────────────────────────────────────


def uses(tree: ast.Module, forbidden: dict[str, set[str]]) -> Complaints:
    """Every use of a forbidden name of a module or class, under whatever name it was imported."""
    known = {alias.asname or alias.name: full for alias, full in aliases(tree)}
    for alias, full in aliases(tree):
        owner, _, name = full.rpartition(".")
        if name in forbidden.get(owner, ()):
            yield f"import of {alias.name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
            first, *rest = owner.split(".")
            if node.attr in forbidden.get(".".join([known.get(first, f"?{first}"), *rest]), ()):
                yield f"line {node.lineno}: {owner}.{node.attr}"


def aliases(tree: ast.Module) -> Iterator[tuple[ast.alias, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from ((alias, f"{module}{alias.name}") for alias in node.names)


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or "."


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an attribute or name; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (owner := dotted(node.value)):
        return f"{owner}.{node.attr}"
    return ""


def kept_files() -> Iterator[Path]:
    """What would be committed: every file that .gitignore does not name."""
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    ignored = [".git", *(line.strip("/") for line in lines if line and not line.startswith("#"))]
    folders = [ROOT]
    while folders:
        for path in folders.pop().iterdir():
            if any(fnmatch(path.name, pattern) for pattern in ignored):
                continue
            if path.is_dir():
                folders.append(path)
            else:
                yield path
