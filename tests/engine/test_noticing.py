"""The daily notice: the administrators hear once a day where nobody is on duty, and nobody hears it twice."""

from datetime import datetime, timedelta

import pytest

from incident_clock.engine.noticing import Noticer
from incident_clock.outbox.tables import Message
from incident_clock.people.tables import Person
from tests.support.bureau import SHEN, ZONE
from tests.support.race import at_once
from tests.support.room import Room
from tests.web.house import House, at

MORNING = datetime(2026, 3, 13, 9, tzinfo=ZONE)


def noticer(room: Room, *gaps: object) -> Noticer:
    return Noticer(room.store, ZONE, lambda session: room.channels, lambda session, now: gaps,
                   lambda found, language, now: {"number": "", "is_drill": False, "subject": f"缺{len(found)}处",
                                                 "sms": "短", "mail": "长"})


def test_the_notice_leaves_at_nine_on_every_channel_of_the_administrator(room: Room):
    daily = noticer(room, "一处")
    assert daily.notice(MORNING - timedelta(seconds=1)) == 0
    room.clock.move_to(MORNING)
    assert daily.notice(MORNING) == 2
    room.send()
    assert sorted((told.channel, told.to, told.text) for told in room.told) == [
        ("email", "shen@example.com", "长"), ("sms", "+8613800000012", "短")]
    assert {message.state for message in room.messages(kind="gaps")} == {"accepted"}


def test_a_day_without_a_gap_is_a_day_without_a_notice(room: Room):
    assert noticer(room).notice(MORNING) == 0
    assert room.messages() == []


def test_a_gap_that_appears_later_in_the_day_is_told_within_ten_minutes(room: Room):
    one = noticer(room)
    assert one.notice(MORNING) == 0
    one.gaps = noticer(room, "一处").gaps
    assert one.notice(MORNING + timedelta(minutes=9, seconds=59)) == 0
    assert one.notice(MORNING + timedelta(minutes=10)) == 2
    assert one.notice(MORNING + timedelta(minutes=20)) == 0


def test_each_day_has_one_notice_however_many_engines_try_and_however_late(room: Room):
    others = [noticer(room, "一处") for _ in range(4)]
    answers = at_once([lambda one=one: one.notice(MORNING + timedelta(hours=3)) for one in others])
    assert sum(answers) == 2
    assert others[0].notice(MORNING + timedelta(hours=14)) == 0
    assert others[0].notice(MORNING + timedelta(days=1)) == 2
    assert len(room.messages(kind="gaps")) == 4


def test_an_engine_that_starts_again_repeats_nothing(room: Room):
    assert noticer(room, "一处").notice(MORNING) == 2
    assert noticer(room, "一处", "又一处").notice(MORNING + timedelta(minutes=1)) == 0


def test_without_an_administrator_nobody_is_told_until_there_is_one(room: Room):
    one = noticer(room, "一处")
    with room.store.write() as session:
        session.get(Person, SHEN.key).is_active = False
    assert one.notice(MORNING) == 0
    with room.store.write() as session:
        session.get(Person, SHEN.key).is_active = True
    assert one.notice(MORNING + timedelta(minutes=10)) == 2


@pytest.mark.parametrize(("language", "sms", "mail"), [
    ("zh", "【云河综合执法】今后14天有1处催办无人可接，最早3月12日 带班领导。请及时安排。", "带班领导：没有人担任"),
    ("en", "【云河综合执法】", "Duty leader")])
def test_the_whole_house_words_the_notice_in_the_reader_s_language(sqlite_store, tmp_path, language, sms, mail):
    house = House.open(str(sqlite_store.url), tmp_path, now=at("09:30"))
    try:
        with house.assembly.store.write() as session:
            session.get(Person, "zheng").is_active = False
            session.get(Person, SHEN.key).language = language
        assert house.assembly.noticer().notice(house.clock.now()) == 1
        with house.assembly.store.read() as session:
            facts = session.query(Message).one().facts
        assert sms in facts["sms"]
        assert mail in facts["mail"]
        assert len(facts["sms"]) <= 70 or language == "en"
    finally:
        house.close()
