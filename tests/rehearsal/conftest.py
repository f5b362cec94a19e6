"""The rule as it is shipped, the scenarios, and each of them played once per worker."""

from collections.abc import Callable
from pathlib import Path

import pytest

from incident_clock.rehearsal.performance import Event
from incident_clock.rehearsal.played import Played
from incident_clock.rehearsal.replay import replay
from incident_clock.rehearsal.scenario import Scenario, read_scenarios
from incident_clock.rehearsal.stage import Setting
from tests.rehearsal.shipped import SCENARIOS, shipped

Show = tuple[Played, list[Event]]


@pytest.fixture(scope="session")
def setting() -> Setting:
    return shipped()


@pytest.fixture(scope="session")
def scenarios(setting: Setting) -> dict[str, Scenario]:
    """The scenarios by their ids."""
    return {scenario.id: scenario for scenario in read_scenarios([SCENARIOS], setting)}


@pytest.fixture(scope="session")
def show(setting: Setting, scenarios: dict[str, Scenario]) -> Callable[[str], Show]:
    """`show("S01")`: what the scenario came to, and every event of it."""
    seen: dict[str, Show] = {}

    def play(name: str) -> Show:
        if name not in seen:
            events: list[Event] = []
            seen[name] = replay(scenarios[name], setting, tell=events.append), events
        return seen[name]

    return play


@pytest.fixture
def play_file(tmp_path: Path, setting: Setting) -> Callable[[str], Show]:
    """Plays the one scenario of a text; `received` is 2026-03-12 14:05 unless the text says otherwise."""

    def play(text: str) -> Show:
        path, events = tmp_path / "scenario.yaml", []
        received = "" if "received:" in text else "received: 2026-03-12 14:05, "
        path.write_text(f"- {{id: T01, title: 测试场景, {received}{text}}}\n", encoding="utf-8")
        [scenario] = read_scenarios([path], setting)
        return replay(scenario, setting, tell=events.append), events

    return play
