"""The ledger as it grows: gap-free under many writers, hashed as the contract says, nothing personal in what is hashed."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_clock.ledger import chain
from incident_clock.ledger.fact import ENGINE, Actor, Erasable
from incident_clock.people import roster
from incident_clock.registry import incidents, ledger
from incident_clock.registry.calls import PHONE
from incident_clock.registry.case import open_case
from incident_clock.registry.facts import DeadlinePassed, StepLogged
from incident_clock.store.session import Store
from tests.support.bureau import KEY_OF, WU, ZHOU, ZONE, small_rule
from tests.support.race import at_once
from tests.support.room import Room
from tests.support.roster import away

WRITERS = 8
TEXTS = {  # every free text a person can hand in; no two share a run of characters
    "title": "牌坊倒塌砸中轿车", "place": "银杏巷十七弄", "source": "热线转来工单甲子", "first_learned_by": "巡逻员庞某寅时",
    "summary": "目击者郗女士电话13712345678称二人受困", "unit": "桥梁养护股",
}
ANSWER_NOTE = "值机员电话里说正往现场赶"
LOG_TEXTS = {"report_to": "接线员鲍某", "evidence": "录音编号QX-77", "note": "复诵无误并留底", "reason": "线路忙改用手机"}


@pytest.fixture(scope="module")
def story(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """One incident with every kind of entry: told, answered, sent again, late, logged, withdrawn, logged again, closed."""
    path = tmp_path_factory.mktemp("ledger") / "story.db"
    shutil.copyfile(sqlite_template, path)
    room = Room(Store(f"sqlite:///{path}", is_durable=False), datetime(2026, 3, 12, 6, 5, tzinfo=UTC), small_rule())
    number = room.register(**TEXTS, category="accident", event_grade="一般", opinion_grade="较大")
    away(room.store, "feng", room.now, room.now.replace(year=2027), "han")  # the head's messages name him they are for
    room.work(minutes=16)
    room.desk.acknowledge(number, "zhou", how=PHONE, actor=WU, now=room.now, note=ANSWER_NOTE)
    room.desk.resend(number, "phone_report", 2, "wu", actor=ZHOU, now=room.now)
    room.work(minutes=11)
    room.log(number, **LOG_TEXTS)
    room.work(minutes=1)
    room.withdraw(number, reason="张冠李戴了")
    room.work(minutes=10)
    room.log(number, actor=WU)
    room.work(minutes=1)
    room.desk.close(number, "处置完毕归档", actor=ZHOU, now=room.now)
    yield room
    room.store.dispose()


@pytest.fixture(scope="module")
def links(story: Room) -> list[chain.Link]:
    with story.store.read() as session:
        return ledger.links(session, 1)


def test_the_story_holds_every_kind_of_entry(links):
    assert {chain.plain(link)["kind"] for link in links} == {
        "IncidentRegistered", "RungRaised", "DeadlinePassed", "MessageSettled", "StepLogged", "AudienceTold",
        "LogWithdrawn", "IncidentClosed", "StandInCalled", "Acknowledged", "Resent"}


def test_sequences_start_at_one_without_gaps(links):
    assert [link.sequence for link in links] == list(range(1, len(links) + 1))
    assert [json.loads(link.canonical)["sequence"] for link in links] == [link.sequence for link in links]


def test_each_hash_is_the_one_of_the_contract(links):
    previous = ""
    for link in links:
        assert link.previous_hash == previous
        assert link.hash == hashlib.sha256(b"ic-v1\n" + previous.encode() + b"\n" + link.canonical).hexdigest()
        previous = link.hash


def test_each_digest_is_of_salt_and_text(links):
    for link in links:
        digests = chain._digests(json.loads(link.canonical))
        assert sorted(digests) == sorted(link.texts)
        for path, (salt, said) in link.texts.items():
            assert len(bytes.fromhex(salt)) == 16
            assert digests[path] == hashlib.sha256((salt + said).encode()).hexdigest()


def test_no_salt_is_used_twice(links):
    salts = [salt for link in links for salt, _ in link.texts.values()]
    assert len(set(salts)) == len(salts) > 20


def test_canonical_bytes_are_rfc_8785(links):
    for link in links:
        inside = json.loads(link.canonical, parse_float=pytest.fail)
        plainly = json.dumps(inside, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        assert link.canonical == plainly


def test_nothing_a_person_wrote_or_is_called_stands_in_the_hashed_bytes(story: Room, links):
    hashed = b"\n".join(link.canonical for link in links).decode()
    with story.store.read() as session:
        people = roster.everybody(session)
    names = [card.name for card in people]
    numbers = [value for card in people for value in (card.phone, card.phone[3:], card.email) if value]
    written = [*TEXTS.values(), *LOG_TEXTS.values(), ANSWER_NOTE, "张冠李戴了", "处置完毕归档", "13712345678", *names, *numbers]
    assert [said for said in written if said in hashed] == []
    assert [key for key in KEY_OF.values() if f'"{key}"' in hashed] == []
    kept = {text for link in links for _, text in link.texts.values()}
    assert {*TEXTS.values(), *LOG_TEXTS.values(), ANSWER_NOTE, "周甲", "吴乙", "郑丙", "王丁", "冯戊", "韩子"} <= kept


def test_every_entry_shows_who_when_and_when_written_down(links):
    for link in links:
        shown = chain.plain(link)
        assert shown["actor"] in {"周甲", "吴乙", ENGINE.name}
        assert datetime.fromisoformat(shown["happened_at"]) <= datetime.fromisoformat(shown["recorded_at"])


# ── any text at all ───────────────────────────────────────────────────────────────────────────────────────

some_text = st.text(min_size=1, max_size=60).filter(lambda said: said.strip())


@given(some_text, some_text, some_text)
def test_any_text_is_hidden_sealed_and_found_again(name: str, evidence: str, note: str):
    at = datetime.fromisoformat("2026-03-12T14:05:00.000001+08:00")
    fact = StepLogged(happened_at=at, step="phone_report", done_at=at, due_at=at, late_minutes=0, is_late_entry=False,
                      report_to=None, evidence=Erasable(evidence), note=Erasable(note), reason=None)
    try:
        entry = chain.link(incident="2026-0001", sequence=1, previous_hash="", fact=fact,
                           actor=Actor(name, "squad", "k"), recorded_at=at)
    except UnicodeEncodeError:
        assert any("\ud800" <= character <= "\udfff" for character in name + evidence + note)
        return
    shown = chain.plain(entry)
    assert (shown["actor"], shown["body"]["evidence"], shown["body"]["note"]) == (name, evidence, note)
    assert shown["body"]["report_to"] is None
    assert chain.verify_lines([chain.export_line(entry)]).broken is None
    bare = chain.Link(1, entry.canonical, "", entry.hash, {})
    assert b'"happened_at":"2026-03-12T06:05:00.000001+00:00"' in bare.canonical
    assert (chain.plain(bare)["actor"], chain.verify([bare]).erased_texts) == (None, 3)


# ── many writers ──────────────────────────────────────────────────────────────────────────────────────────


def test_many_writers_leave_one_whole_chain(room: Room, now: datetime):
    number = room.register()

    def write() -> None:
        for _ in range(4):
            with room.store.write() as session:
                incident = incidents.locked(session, number)
                ledger.append(session, incident, DeadlinePassed(happened_at=now, step="phone_report", due_at=now),
                              actor=ENGINE, now=now)

    assert at_once([write] * WRITERS) == [None] * WRITERS
    assert [entry["sequence"] for entry in room.entries(number)] == list(range(1, 2 + 4 * WRITERS))
    with room.store.read() as session:
        assert chain.verify(ledger.links(session, incidents.locked(session, number).id)).broken is None


def test_desk_engine_and_sender_at_once_leave_one_whole_chain(room: Room):
    number = room.register()
    room.wait(minutes=50)
    steps = ("phone_report", "preliminary_report", "detailed_report", "release", "press_conference")

    def by_hand(step: str) -> None:
        room.log(number, step)
        room.withdraw(number, step)
        room.log(number, step)

    def turn(engine: str) -> None:
        sender = room.another_sender(engine)
        for _ in range(4):
            room.tick()
            sender.turn(3)

    calls = [lambda step=step: by_hand(step) for step in steps] + [lambda e=e: turn(e) for e in ("e1", "e2", "e3")]
    assert at_once(calls) == [None] * len(calls)
    entries = room.entries(number)
    assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
    assert room.views.chain_state(room.incident(number).id).is_intact
    assert len([entry for entry in entries if entry["kind"] == "StepLogged"]) == 10


def test_two_incidents_have_two_chains(room: Room):
    first, second = room.register(), room.register()
    room.work(minutes=11)
    for number in (first, second):
        entries = room.entries(number)
        assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1))
        assert {entry["incident"] for entry in entries} == {number}


def test_an_entry_and_its_effect_are_there_together_or_not_at_all(room: Room):
    number = room.register()
    room.wait(minutes=5)

    def fail_at_commit() -> None:
        with room.store.write() as session:
            incident = incidents.locked(session, number)
            incidents.log_step(open_case(session, incident, ZONE), "phone_report", incidents.StepLog(), actor=ZHOU,
                               now=room.now)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_at_commit()
    assert room.entries(number, "StepLogged") == []
    assert room.deadline(number).settled_at is None
