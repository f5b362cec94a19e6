"""Destroying the personal data of a closed incident: the chain stays whole, and the texts are nowhere any more."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from incident_clock.errors import Conflict, Invalid
from incident_clock.ledger.chain import verify_lines
from incident_clock.registry import ledger
from incident_clock.registry.calls import PHONE
from incident_clock.store.base import Base
from tests.support.bureau import WU, ZHOU, small_rule
from tests.support.room import Room
from tests.support.telling import TEMPORARY

TEXTS = {
    "title": "牌坊倒塌砸中轿车", "place": "银杏巷十七弄", "source": "热线转来工单甲子", "first_learned_by": "巡逻员庞某寅时",
    "summary": "目击者郗女士电话13712345678称二人受困", "unit": "桥梁养护股",
}
LOG_TEXTS = {"report_to": "接线员鲍某", "evidence": "录音编号QX-77", "note": "复诵无误并留底", "reason": "线路忙改用手机"}
ANSWER_NOTE = "值机员电话里说正往现场赶"
WRITTEN = [*TEXTS.values(), *LOG_TEXTS.values(), ANSWER_NOTE, "13712345678", "张冠李戴了", "处置完毕归档"]


@pytest.fixture
def room(store, now: datetime) -> Room:
    return Room(store, now, small_rule(), channels=("sms",))


def played(room: Room) -> str:
    number = room.register(**TEXTS)
    room.work(minutes=16)
    room.desk.acknowledge(number, "zhou", how=PHONE, actor=WU, now=room.now, note=ANSWER_NOTE)
    room.work(minutes=11)
    room.log(number, **LOG_TEXTS)
    room.work(minutes=1)
    room.withdraw(number, reason="张冠李戴了")
    room.work(minutes=1)
    room.log(number, **LOG_TEXTS)
    room.work(minutes=1)
    room.desk.close(number, "处置完毕归档", actor=ZHOU, now=room.now)
    return number


def erase(room: Room, number: str) -> int:
    return room.desk.erase_texts(number, "评估完毕，依法销毁", actor=WU, now=room.now)


def whole_database(room: Room) -> str:
    """Every value of every table as one text."""
    with room.store.read() as session:
        rows = [row for table in Base.metadata.sorted_tables for row in session.execute(text(f"SELECT * FROM {table.name}"))]
    return "\n".join(value.decode() if isinstance(value, bytes) else str(value) for row in rows for value in row)


def test_the_chain_stays_whole(room: Room):
    number = played(room)
    before = [(entry["hash"], entry["canonical"]) for entry in room.entries(number)]
    assert erase(room, number) > 20
    after = [(entry["hash"], entry["canonical"]) for entry in room.entries(number)]
    assert after[:-1] == before
    assert room.entries(number)[-1]["kind"] == "TextsErased"
    assert room.views.chain_state(room.incident(number).id).is_intact
    with room.store.read() as session:
        verified = verify_lines(list(ledger.export(session, room.incident(number).id)))
    assert (verified.broken, verified.size) == (None, len(after))
    assert verified.erased_texts > 20


def test_no_text_of_the_incident_stays_in_any_table(room: Room):
    number = played(room)
    assert [said for said in WRITTEN if said not in whole_database(room)] == []
    erase(room, number)
    assert [said for said in WRITTEN if said in whole_database(room)] == []
    assert room.message(kind="reminder", rung=1, channel="sms").address == ""


def test_no_byte_of_a_text_stays_in_the_database_file(sqlite_store, now: datetime):
    room = Room(sqlite_store, now, small_rule(), channels=("sms",))
    number = played(room)
    erase(room, number)
    path = Path(sqlite_store.url.database)
    files = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    assert len(files) > 50_000
    kept = [said for said in WRITTEN for form in (said.encode(), said.encode("unicode_escape"), ascii(said)[1:-1].encode())
            if form in files]
    assert kept == []


def test_another_incident_keeps_its_texts(room: Room):
    other = room.register(title="北园路围墙倒塌")
    room.work(minutes=11)
    before = room.entries(other)
    erase(room, played(room))
    assert [entry["body"]["title"] for entry in room.entries(other, "IncidentRegistered")] == ["北园路围墙倒塌"]
    assert room.entries(other)[:len(before)] == before


def test_an_erased_incident_can_still_be_read(room: Room):
    number = played(room)
    erase(room, number)
    seen = room.views.incident(number, room.now)
    assert (seen.title, seen.place, seen.steps[0].report_to, seen.steps[0].logged_by) == ("", None, None, None)
    shown = room.views.timeline(seen.id).entries
    assert len(shown) > 8
    assert {message.text for message in room.views.messages(room.now, incident_id=seen.id)} == {""}
    assert room.views.search(room.now, text="牌坊")[0] == []


def test_nothing_is_erased_while_the_incident_is_open_or_without_a_reason(room: Room):
    number = room.register(**TEXTS)
    with pytest.raises(Conflict):
        erase(room, number)
    room.log(number)
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    for reason in ("", "  ", None):
        with pytest.raises(Invalid):
            room.desk.erase_texts(number, reason, actor=WU, now=room.now)
    assert room.entries(number)[0]["body"]["title"] == TEXTS["title"]


def test_a_message_under_way_during_the_erasure_holds_up_nobody(room: Room):
    """Its all-clear was being sent: the answer comes after its facts are gone."""
    number = room.register(**TEXTS)
    room.work(minutes=1)
    room.log(number)
    under_way = room.sender.claim(1)
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    erase(room, number)
    room.channels[under_way[0].message.channel].fate = lambda letter: TEMPORARY
    room.sender.deliver(under_way[0])
    room.channels[under_way[0].message.channel].fate = lambda letter: "arrives"
    other = room.register(title="另一起")
    room.work(minutes=5)
    assert {told.incident for told in room.told if told.step == "phone_report"} == {number, other}
    assert room.messages(state="queued") == []
