"""The card of a drill: its limits, its page and its call; and the mark that no screen of a drill may lack."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from incident_clock.cli.checking import _drills
from incident_clock.errors import ConfigError
from incident_clock.outbox.tables import Message
from incident_clock.people.drill_book import EMPTY
from incident_clock.people.tables import OutsideParty
from incident_clock.protocol.standing import Standing, Verdict
from incident_clock.store.session import Store
from incident_clock.views.drill_card import ANSWERED_WITHIN, SENT_WITHIN, drill_card, plain, read
from incident_clock.web.api.drill_card import Card
from tests.schema import create_from_models
from tests.web.forms_of import forms_of
from tests.web.house import ZHOU, House, at

TITLE = {"zh": "电话上报", "en": "Phone report"}
T0 = at("14:05")


def step(standing: Standing = Standing.MET, *, late: int = 0, recorded_after: timedelta = timedelta(minutes=18)):
    is_open = standing in (Standing.WAITING, Standing.NEARING, Standing.OVERDUE)
    return SimpleNamespace(key="phone_report", title=TITLE, due_at=T0 + timedelta(minutes=20), done_at=None,
                           verdict=Verdict(standing, late_minutes=late), is_open=is_open,
                           recorded_at=None if is_open else T0 + recorded_after)


def raised(*audience: str) -> dict:
    return entry("RungRaised", timedelta(0), rung=1, repeat=0, told_rung=1, due_at=T0.isoformat(), reason="on_time",
                 audience=list(audience), paused=[])


def entry(kind: str, after: timedelta, **body: object) -> dict:
    return {"kind": kind, "actor": "周甲", "happened_at": (T0 + after).isoformat(),
            "recorded_at": (T0 + after).isoformat(), "body": {"step": "phone_report", **body}}


def letter(name: str, after: timedelta | None, *, channel: str = "sms"):
    tries = () if after is None else (SimpleNamespace(outcome="accepted", finished_at=T0 + after),)
    return SimpleNamespace(kind="reminder", step="phone_report", rung=1, repeat=0, skipped_rung=0, due_at=T0,
                           person_name=name, channel=channel, attempts=tries)


def card(*, entries: list[dict], letters: list, of: SimpleNamespace | None = None, seen: str = "15:00", **changed):
    incident = SimpleNamespace(number="Y2026-0005", title="演练", clock_started_at=T0, seen_at=at(seen), closed_at=None,
                               steps=(of or step(),), follow_ups=(), tasks=(), checks=())
    return drill_card(incident, entries, letters, **changed)


@pytest.mark.parametrize(("standing", "late", "is_pass"), [
    (Standing.MET, 0, True), (Standing.WAIVED, 0, True), (Standing.NOT_APPLICABLE, 0, True),
    (Standing.TRANSFERRED, 0, True), (Standing.TRANSFERRED, 1, False), (Standing.MET_LATE, 1, False),
    (Standing.OVERDUE, 1, False), (Standing.WAITING, 0, None), (Standing.NEARING, 0, None)])
def test_a_step_passes_when_it_ended_in_time(standing: Standing, late: int, is_pass: bool | None):
    made = card(entries=[], letters=[], of=step(standing, late=late))
    assert (made.parts["steps"], made.steps[0].is_pass) == (is_pass, is_pass)


@pytest.mark.parametrize(("after", "is_pass"), [
    (timedelta(0), True), (SENT_WITHIN, True), (SENT_WITHIN + timedelta(milliseconds=1), False), (None, False)])
def test_a_call_passes_when_it_left_for_everybody_within_5_seconds(after: timedelta | None, is_pass: bool):
    (call,) = card(entries=[raised("周甲", "吴乙")], letters=[letter("周甲", timedelta(0)), letter("吴乙", after)]).calls
    assert (call.is_pass, call.took) == (is_pass, after)
    assert call.missed == (("吴乙",) if after is None else ())


def test_the_screen_counts_for_those_alone_who_have_no_other_way():
    screens = [letter(name, timedelta(0), channel="console") for name in ("周甲", "吴乙")]
    (call,) = card(entries=[raised("周甲", "吴乙")], letters=[*screens, letter("吴乙", None)]).calls
    assert (call.told, call.missed, call.is_pass) == (("周甲",), ("吴乙",), False)


def test_a_call_to_nobody_fails_and_one_whose_step_ended_at_once_does_not_count():
    assert card(entries=[raised()], letters=[]).parts["calls"] is False
    spared = card(entries=[raised("周甲")], letters=[letter("周甲", None)], of=step(recorded_after=timedelta(seconds=5)))
    assert spared.calls[0].is_pass is None


@pytest.mark.parametrize(("after", "is_pass"), [
    (ANSWERED_WITHIN, True), (ANSWERED_WITHIN + timedelta(seconds=1), False), (None, False)])
def test_an_answer_counts_within_10_minutes(after: timedelta | None, is_pass: bool):
    answers = [] if after is None else [entry("Acknowledged", after, person="吴乙", rungs=[1])]
    (one,) = card(entries=[raised("吴乙"), *answers], letters=[]).answers
    assert one.is_pass is is_pass


def test_an_answer_after_the_stand_in_was_called_is_too_late():
    stood_in = entry("StandInCalled", timedelta(minutes=2), rung=1, reason="called", in_place_of="吴乙", person="冯戊")
    late = entry("Acknowledged", timedelta(minutes=3), person="吴乙", rungs=[1])
    made = card(entries=[raised("吴乙"), stood_in, late], letters=[])
    assert {one.name: one.is_pass for one in made.answers} == {"吴乙": False, "冯戊": False}


def test_who_logs_the_step_has_answered_and_who_could_not_answer_any_more_does_not_count():
    logged = entry("StepLogged", timedelta(minutes=8))
    made = card(entries=[raised("周甲", "吴乙"), logged], letters=[], of=step(recorded_after=timedelta(minutes=8)))
    assert {one.name: one.is_pass for one in made.answers} == {"周甲": True, "吴乙": None}
    assert (made.asked, made.answered, made.percent) == (1, 1, 100)


@pytest.mark.parametrize(("answered", "is_pass"), [(9, True), (8, False)])
def test_nine_in_ten_must_answer(answered: int, is_pass: bool):
    names = [f"某{number}" for number in range(10)]
    entries = [raised(*names), *(entry("Acknowledged", timedelta(minutes=1), person=name, rungs=[1])
                                 for name in names[:answered])]
    letters = [letter(name, timedelta(0)) for name in names]
    assert card(entries=entries, letters=letters).is_pass is is_pass
    assert card(entries=entries, letters=letters, is_measured=False).is_pass is True


# ── page, call, marks ─────────────────────────────────────────────────────────
@pytest.fixture
def drilled(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[House, str, str]]:
    """A drill under way and a real incident beside it: (house, number of the drill, of the real one)."""
    create_from_models(Store(sqlite_url, is_durable=False))
    house = House.open(sqlite_url, tmp_path, now=T0)
    drill, real = house.register("沿街广告牌坠落", is_drill=True), house.register("井盖破损")
    house.play(at("14:12"))
    house.assembly.desk.acknowledge(drill, "zhou", how="page", step=None, actor=ZHOU, now=house.clock.now())
    house.log(drill, "phone_report", at("14:12"), evidence="模拟总值班室")
    house.play(at("14:20"))
    yield house, drill, real
    house.close()


def test_the_page_of_a_drill_sends_nobody_to_a_real_office(house: House):
    for is_drill, office in ((True, "模拟总值班室"), (False, "区总值班室")):
        number = house.register("灯会拥挤", is_drill=is_drill, received_at=at("14:05"))
        page = house.client("zhou").get(f"/incidents/{number}").text
        (log,) = [form for form in forms_of(page) if form.action.endswith("/phone_report/log")]
        assert log.fields["report_to"] == office
        assert f"打电话报{office}：" in page
        sheet = house.client("zhou").get(f"/incidents/{number}/sheet").text
        assert f"打电话报{office}：" in sheet
        assert ("区总值班室" in page + sheet, "演练不打外单位电话" in page) == (not is_drill, is_drill)


def test_the_card_of_a_drill_on_the_page_and_as_a_call(drilled: tuple[House, str, str]):
    house, drill, real = drilled
    page = house.client("zhou").get(f"/drills/{drill}/card")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    main = text[text.index("<main"):text.index("</main>")]
    assert main.index("【演练】") < main.index("<h1>")
    assert main.rindex("【演练】") > main.rindex("</table>")
    assert house.client("zhou").get(f"/drills/{real}/card").status_code == 404
    with house.assembly.store.read() as session:
        told = Card.model_validate(plain(read(session, drill, house.clock.now())))
    assert (told.is_over, told.is_pass, told.steps[0].is_pass) == (False, None, True)
    assert {call.is_pass for call in told.calls} == {True}
    english = house.client("zhou").get(f"/drills/{drill}/card?lang=en").get_data(as_text=True)
    assert "[DRILL]" in english


def test_no_page_of_a_drill_lacks_its_mark(drilled: tuple[House, str, str]):
    house, drill, _ = drilled
    client = house.client("zhou")
    for path in ("/", "/incidents", f"/incidents/{drill}", f"/incidents/{drill}/forecast", f"/drills/{drill}/card",
                 "/outbox", "/handover"):
        page = client.get(path).get_data(as_text=True)
        assert page.count("演练】") >= 1, path
        if drill in path:
            title = page[page.index("<title>"):page.index("</title>")]
            assert "演练】" in title, path
    for message in house.assembly.views.messages(house.clock.now()):
        is_drill = (message.incident_number or "").startswith("Y")
        assert ("演练" in message.text) is is_drill


def test_every_line_of_a_drills_export_says_so(drilled: tuple[House, str, str]):
    house, drill, _ = drilled
    entries = house.assembly.views.entries(house.assembly.views.incident(drill, house.clock.now()).id)
    assert {entry["incident"] for entry in entries} == {drill}
    assert entries[0]["body"]["is_drill"] is True


# ── the book of a house ───────────────────────────────────────────────────────
def test_a_house_tells_drills_by_its_book_and_no_outside_party_ever(sqlite_url: str, tmp_path: Path):
    create_from_models(Store(sqlite_url, is_durable=False))
    book = tmp_path / "drill-people.yaml"
    book.write_text("people:\n  - {key: zhou, email: zhou.drill@example.com}\n", encoding="utf-8")
    house = House.open(sqlite_url, tmp_path, now=T0, drill_people=book, channels=("email",), mail_from="clock@example.com",
                       smtp_url=SecretStr("smtp://127.0.0.1:9"))
    house.register("沿街广告牌坠落", is_drill=True)
    assembly = house.assembly
    assembly.require_usable()
    assembly.ticker().tick(house.clock.now())
    with assembly.store.read() as session:
        mail = session.scalars(select(Message).where(Message.channel == "email")).one()
        screen = session.scalars(select(Message).where(Message.channel == "console")).first()
    assert (mail.address, mail.is_drill, screen is not None) == ("zhou.drill@example.com", True, True)
    assert assembly.why_not_drill(mail) is None
    with assembly.store.write() as session:
        session.add(OutsideParty(key="late", name="区总值班室", phone=None, email="Zhou.Drill@example.com", note="",
                                 position=99))
    assert assembly.why_not_drill(mail) is not None
    with pytest.raises(ConfigError, match="gives zhou an address of an office outside the bureau"):
        assembly.require_usable()
    notes: list[str] = []
    with pytest.raises(ConfigError):
        _drills(assembly, [], notes)
    vars(assembly)["drill_book"] = EMPTY
    _drills(assembly, [], notes)
    assert notes[0].startswith("drills are told on the page Outbox only")
    house.close()
