"""Drills: marked everywhere, at the speed that was asked for, with an escalation and an all-clear to be seen."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from incident_clock.assembly import Assembly
from incident_clock.channels.mail import MailChannel
from incident_clock.cli import rehearsing
from incident_clock.clock import VirtualClock
from incident_clock.errors import ConfigError
from incident_clock.people.tables import OutsideParty
from incident_clock.protocol.steps import Repeat, ResponseProtocol, Rung, Step
from incident_clock.rehearsal.drill import drill, read_speed
from incident_clock.rehearsal.performance import Event
from incident_clock.rehearsal.played import Played
from incident_clock.rehearsal.stage import Setting
from incident_clock.rehearsal.telling import Teller
from incident_clock.settings import read_settings
from incident_clock.store.session import Store
from tests.channels.servers import MailServer
from tests.rehearsal.shipped import SHANGHAI, shipped

NOW = datetime(2026, 3, 12, 6, 5, 20, tzinfo=UTC)
SECONDS_RULE = ResponseProtocol("seconds", "1", {"zh": "秒级规则", "en": "Seconds"}, "", "received", tuple(
    Step(key, {"zh": key, "en": key}, timedelta(seconds=40), "note", (
        Rung(1, "after", timedelta(0), ("duty_officer",)),
        Rung(2, "overdue_by", timedelta(seconds=60), ("head",), None, (Repeat(timedelta(seconds=10)),))))
    for key in ("one", "two")))


class Wall:
    """The real time of a test: it passes only while somebody waits."""

    def __init__(self) -> None:
        self.clock, self.waited = VirtualClock(NOW), []

    def wait(self, seconds: float) -> None:
        assert seconds > 0
        self.waited.append(seconds)
        self.clock.advance(timedelta(seconds=seconds))


def play(setting: Setting, *, speed: float | None = None, rule: ResponseProtocol | None = None,
         tell: Callable[[Event], object] = lambda event: None) -> tuple[Played, list[Event], Wall]:
    wall, events = Wall(), []
    rule = rule or setting.protocols["district-emergency"]

    def hear(event: Event) -> None:
        events.append(event)
        tell(event)

    setting = Setting({rule.key: rule}, rule.key, setting.zone, setting.language)
    return drill(rule, setting, speed=speed, clock=wall.clock, wait=wall.wait, tell=hear).played, events, wall


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_and_every_message_of_a_drill_says_so(language):
    setting, lines = shipped(language), []
    teller = Teller(setting.phrases, lines.append, is_wordy=True)
    teller.heading("district-emergency", "五步时限", is_drill=True)
    played, events, _ = play(setting, tell=teller.event)
    teller.closing(played)
    mark, said = setting.phrases.say("【演练】"), setting.phrases.say("（演练）")
    assert len(lines) > 40
    assert [line for line in lines if line and not line.startswith(mark)] == []
    assert [event.text for event in events if event.text and event.text.count(said) != 2] == []
    assert played.number == "Y2026-0001"
    assert played.plain()["is_drill"]
    assert all(event.plain()["is_drill"] for event in events)
    assert json.loads(json.loads(played.export[0])["canonical"])["body"]["is_drill"]
    assert {json.loads(line)["incident"] for line in played.export} == {"Y2026-0001"}


def test_a_drill_shows_one_step_overdue_the_leaders_called_twice_and_the_all_clear(setting):
    played, events, _ = play(setting)
    assert [line.verdict for line in played.lines] == ["ontime", "late 16", "ontime", "ontime", "ontime"]
    assert [event.step for event in events if event.kind == "DeadlinePassed"] == ["preliminary_report"]
    calls = [(event.body["rung"], event.body["repeat"]) for event in events
             if event.kind == "RungRaised" and event.step == "preliminary_report"]
    assert calls == [(1, 0), (2, 0), (3, 0), (4, 0), (4, 1)]
    assert [event.step for event in events if event.kind == "AudienceTold"] == [line.step for line in played.lines]
    assert (played.ledger.broken, played.has_finding, played.is_interrupted) == (None, False, False)


@pytest.mark.parametrize("name", ["general-48h", "seconds"])
def test_any_rule_can_be_drilled(setting, name):
    rule = SECONDS_RULE if name == "seconds" else setting.protocols[name]
    played, events, _ = play(setting, rule=rule)
    assert {line.step for line in played.lines if line.verdict.startswith("late")} == {rule.steps[-1].key}
    assert [event.body["repeat"] for event in events
            if event.kind == "RungRaised" and event.step == rule.steps[-1].key][-2:] == [0, 1]


def test_a_drill_at_60_takes_one_second_for_a_minute(setting):
    played, events, wall = play(setting, speed=60)
    virtual = played.ended_at - NOW
    assert virtual == timedelta(hours=18)
    assert sum(wall.waited) == pytest.approx(virtual.total_seconds() / 60)
    assert len(wall.waited) == len({event.at for event in events}) - 1


def test_a_drill_that_is_behind_does_not_wait(setting):
    """The machine was busy for an hour while the first event was told."""
    wall, rule = Wall(), SECONDS_RULE

    def busy(event: Event) -> None:
        if event.kind == "IncidentRegistered":
            wall.clock.advance(timedelta(hours=1))

    played = drill(rule, Setting({rule.key: rule}, rule.key, SHANGHAI), speed=1, clock=wall.clock, wait=wall.wait,
                   tell=busy).played
    assert wall.waited == []
    assert [line.verdict for line in played.lines] == ["ontime", "late 1"]


def test_a_drill_at_full_speed_never_waits(setting):
    assert play(setting, rule=SECONDS_RULE)[2].waited == []


def test_ctrl_c_ends_a_drill_with_what_was_played_and_leaves_nothing_behind(setting, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    wall, rule = Wall(), setting.protocols["district-emergency"]

    def wait(seconds: float) -> None:
        if len(wall.waited) == 3:
            raise KeyboardInterrupt
        wall.wait(seconds)

    lines: list[str] = []
    teller = Teller(setting.phrases, lines.append)
    played = drill(rule, setting, speed=600, clock=wall.clock, wait=wait, tell=teller.event).played
    teller.closing(played)
    assert played.is_interrupted
    assert [line.verdict for line in played.lines] == ["ontime", *["open"] * 4]
    assert played.ledger.broken is None
    assert [line for line in lines if "已中止" in line]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("written", "speed"), [
    ("60", 60), ("60x", 60), (" 0.5 ", 0.5), ("1000000", 1_000_000), ("max", None), ("MAX", None),
])
def test_a_speed_is_a_number_or_max(written, speed):
    assert read_speed(written) == speed


@pytest.mark.parametrize("written", ["0", "-1", "fast", "", "nan", "inf", "1000001"])
def test_no_other_speed_is_taken(written):
    with pytest.raises(ConfigError, match=r"The speed '.*' is not a number from above 0 to 1000000"):
        read_speed(written)


# ── really told ───────────────────────────────────────────────────────────────────────────────────────────

PEOPLE = """
units: [{key: bureau, name: 云河区综合行政执法局}]
people:
  - {key: zhou, name: 周甲, unit: bureau, roles: [duty_officer, duty_chief], email: zhou.drill@example.com}
  - {key: zheng, name: 郑丙, unit: bureau, roles: [duty_leader], email: zheng.drill@example.com, stand_in: wang}
  - {key: wang, name: 王丁, unit: bureau, roles: [deputy, head], phone: "+8613900000003"}
outside:
  - {key: district, name: 区总值班室, phone: "+8657188880000", email: duty@district.example.com}
"""


@pytest.fixture
def command(sqlite_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`command(port, *words, text=…)` runs `incident-clock drill --people` on an installation whose mail server is on
    `port`; its real time passes while somebody waits."""
    wall, file = Wall(), tmp_path / "drill-people.yaml"
    with sqlite_store.write() as session:
        session.add(OutsideParty(key="district", name="区总值班室", phone=None, email="Duty@district.example.com",
                                 note="", position=0))

    def run(port: int, *words: str, text: str = PEOPLE) -> Result:
        file.write_text(text, encoding="utf-8")
        assembly = Assembly(read_settings({
            "DATABASE_URL": f"sqlite:///{sqlite_store.url.database}", "INCIDENT_CLOCK_CHANNELS": "email",
            "MAIL_FROM": "clock@example.com", "SMTP_URL": f"smtp://127.0.0.1:{port}",
            "INCIDENT_CLOCK_SECRET_KEY": "only-for-tests-" * 3}, tmp_path / "no.env"), wall.clock)
        monkeypatch.setattr(rehearsing, "opened", lambda is_ready: assembly)
        monkeypatch.setattr(rehearsing, "threading", SimpleNamespace(Event=lambda: wall))
        try:
            return CliRunner().invoke(rehearsing.drill, ["--people", str(file), *words])
        finally:
            assembly.store.dispose()

    return run


def test_a_drill_over_real_channels_is_told_to_the_people_of_its_file_alone(command: Callable[..., Result]):
    with MailServer() as server:
        done = command(server.port, "--speed", "60", "--yes")
    assert done.exit_code == 0, done.output
    assert {to for envelope in server.letters for to in envelope.rcpt_tos} == {"zhou.drill@example.com",
                                                                              "zheng.drill@example.com"}
    for envelope in server.letters:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        bodies = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
        assert mail["Subject"].startswith("【演练】")
        assert [body.count("【演练】") >= 2 and body.count("（演练）") >= 2 for body in bodies] == [True, True]
    assert "zh…@example.com" in done.stderr
    assert "zhou.drill@example.com" not in done.output
    assert "【演练】  演练成绩单 Y2026-0001: 合格" in done.stdout
    assert "· 初步报告（按脚本有意留到超时，不计）" in done.stdout


def test_the_card_of_a_drill_stands_in_its_json(command: Callable[..., Result]):
    with MailServer(trouble={"RCPT": "550 5.1.1 no such person"}) as server:
        done = command(server.port, "--yes", "--json")
    (told,) = json.loads(done.stdout)
    assert (told["left_over"], told["card"]["parts"]) == (
        "preliminary_report", {"steps": True, "calls": False, "answers": None})


@pytest.mark.parametrize(("words", "text", "said"), [
    ((), PEOPLE, "Nobody was told: a drill over real channels begins on a terminal, or with --yes."),
    (("--yes", "--speed", "61"), PEOPLE, "The speed '61' is not a number from above 0 to 60"),
    (("--yes", "--speed", "max"), PEOPLE, "The speed 'max' is not a number from above 0 to 60"),
    (("--yes",), PEOPLE.replace("zheng.drill@", "duty@district."), "gives zheng an address of an office outside"),
    (("--yes",), PEOPLE.replace("+8613900000003", "+8657188880000"), "gives wang an address of an office outside"),
], ids=["not agreed", "too fast", "without waiting", "outside party of the directory", "outside party of the file"])
def test_nobody_is_told_of_a_drill_that_is_not_in_order(command: Callable[..., Result], words: tuple[str, ...],
                                                        text: str, said: str):
    with MailServer() as server:
        done = command(server.port, *words, text=text)
    assert said in str(done.exception)
    assert server.letters == []


def test_the_fictional_bureau_is_told_of_no_drill_outside_this_machine(command: Callable[..., Result],
                                                                       monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(MailChannel, "is_loopback", False)
    with MailServer() as server:
        done = command(server.port, "--yes", text="example: true\n" + PEOPLE)
    assert (done.exit_code, server.letters) == (0, [])
