"""Verification names the first entry that does not hold: in the database, and in an export down to a single byte."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from incident_clock.ledger import chain
from incident_clock.ledger.chain import Verification, chain_hash, verify_lines
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.registry import incidents, ledger
from incident_clock.registry.facts import IncidentClosed, LogWithdrawn, StepLogged
from tests.support.room import Room

AT = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)


# ── in the database, with the guards taken away ───────────────────────────────────────────────────────────


@pytest.fixture
def number(room: Room) -> Iterator[str]:
    number = room.register(place="青禾路")
    room.work(minutes=11)
    assert len(room.entries(number)) > 8
    with room.store.write() as session:
        if room.store.is_sqlite:
            for (name,) in session.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                session.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in ("ledger_entry", "ledger_text"):
                session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    return number


def verified(room: Room, number: str) -> Verification:
    with room.store.read() as session:
        return ledger.verify(session, incidents.locked(session, number))


def tamper(room: Room, statement: str, **given: object) -> None:
    with room.store.write() as session:
        session.execute(text(statement), given)


TAMPERING = {  # what is done → the entry that is named
    "UPDATE ledger_entry SET hash = 'x' WHERE sequence = 3": 3,
    "UPDATE ledger_entry SET previous_hash = 'x' WHERE sequence = 3": 3,
    "UPDATE ledger_entry SET hash = 'x' WHERE sequence IN (7, 5)": 5,
    "DELETE FROM ledger_text WHERE sequence = 4; DELETE FROM ledger_entry WHERE sequence = 4": 4,
    "DELETE FROM ledger_text WHERE sequence = 1; DELETE FROM ledger_entry WHERE sequence = 1": 1,
    "UPDATE ledger_text SET text = 'x' WHERE sequence = 2 AND path = 'actor'": 2,
    "UPDATE ledger_text SET salt = 'x' WHERE sequence = 1 AND path = 'title'": 1,
    "UPDATE ledger_text SET path = 'body' WHERE sequence = 1 AND path = 'title'": 1,
    "DELETE FROM ledger_text WHERE sequence = 6; UPDATE ledger_entry SET sequence = 99 WHERE sequence = 6": 6,
}


@pytest.mark.parametrize("change", TAMPERING)
def test_the_first_entry_that_was_tampered_with_is_named(room: Room, number: str, change: str):
    assert verified(room, number).broken is None
    for statement in change.split("; "):
        tamper(room, statement)
    broken = verified(room, number).broken
    assert broken is not None
    assert broken.sequence == TAMPERING[change]
    assert not room.views.chain_state(room.incident(number).id).is_intact


def test_a_rewritten_entry_with_a_fitting_hash_breaks_the_next_one(room: Room, number: str):
    third = room.entries(number)[2]
    inside = json.loads(third["canonical"]) | {"recorded_at": "2026-03-12T06:00:00.000000+00:00"}
    forged = json.dumps(inside, sort_keys=True, separators=(",", ":")).encode()
    tamper(room, "UPDATE ledger_entry SET canonical = :bytes, hash = :hash WHERE sequence = 3",
           bytes=forged, hash=chain_hash(third["previous_hash"], forged))
    assert verified(room, number).broken.sequence == 4


def test_a_rewritten_last_entry_that_is_no_entry_is_named(room: Room, number: str):
    last = room.entries(number)[-1]
    tamper(room, "DELETE FROM ledger_text WHERE sequence = :last", last=last["sequence"])
    bare = {"incident": number, "sequence": last["sequence"], "actor": {"name": {"sha256": "x"}}, "body": {}}
    for forged in (b"", b"x", b"[]", b"{}", b"null", b'"x"', b"\xff", b"[" * 100_000, json.dumps(bare).encode()):
        tamper(room, "UPDATE ledger_entry SET canonical = :bytes, hash = :hash WHERE sequence = :sequence",
               bytes=forged, hash=chain_hash(last["previous_hash"], forged), sequence=last["sequence"])
        assert verified(room, number).broken.sequence == last["sequence"], forged[:20]


def test_an_emptied_ledger_is_noticed(room: Room, number: str):
    tamper(room, "DELETE FROM ledger_text")
    tamper(room, "DELETE FROM ledger_entry")
    assert verified(room, number).broken.sequence == 1


def test_the_ledger_of_another_incident_is_noticed(room: Room, number: str):
    other = room.register()
    ids = {"theirs": room.incident(number).id, "mine": room.incident(other).id}
    for statement in ("DELETE FROM ledger_text WHERE incident_id = :mine",
                      "DELETE FROM ledger_entry WHERE incident_id = :mine",
                      ("INSERT INTO ledger_entry SELECT :mine, sequence, canonical, previous_hash, hash "
                       "FROM ledger_entry WHERE incident_id = :theirs")):
        tamper(room, statement, **{name: value for name, value in ids.items() if f":{name}" in statement})
    assert verified(room, other).broken.sequence == 1
    assert verified(room, number).broken is None


# ── in an export ──────────────────────────────────────────────────────────────────────────────────────────


def small_export() -> bytes:
    """Three entries, made without a database."""
    facts = [
        StepLogged(happened_at=AT, step="phone_report", done_at=AT, due_at=AT + timedelta(minutes=20), late_minutes=0,
                   is_late_entry=False, report_to=Erasable("区总值班室"), evidence=None, note=Erasable("𠮷"), reason=None),
        LogWithdrawn(happened_at=AT, step="phone_report", withdraws=1, reason=Erasable("“记错”\n\\")),
        IncidentClosed(happened_at=AT, reason=None),
    ]
    links: list[chain.Link] = []
    for sequence, fact in enumerate(facts, start=1):
        links.append(chain.link(incident="2026-0037", sequence=sequence, previous_hash=links[-1].hash if links else "",
                                fact=fact, actor=Actor("周甲", "duty_officer", "zhou"), recorded_at=AT))
    return b"".join(chain.export_line(link) for link in links)


EXPORT = small_export()
LINES = EXPORT.splitlines(keepends=True)


def found(data: bytes) -> Verification:
    return verify_lines(io.BytesIO(data))


def named(data: bytes) -> int | None:
    broken = found(data).broken
    return broken.sequence if broken else None


def test_an_export_verifies_from_itself_alone():
    verified = found(EXPORT)
    assert (verified.incident, verified.size, verified.erased_texts, verified.broken) == ("2026-0037", 3, 0, None)
    assert verified.head == json.loads(LINES[-1])["hash"]


def test_the_export_of_a_played_incident_verifies(room: Room):
    number = room.register(place="青禾路", summary="多行\n文字 𠮷🔥 “引号”")
    room.work(minutes=70)
    with room.store.read() as session:
        lines = list(ledger.export(session, room.incident(number).id))
    verified = verify_lines(lines)
    assert (verified.incident, verified.size, verified.broken) == (number, len(room.entries(number)), None)
    assert [json.loads(line) for line in lines] == room.entries(number)


@pytest.mark.parametrize("change", [lambda byte: byte ^ 1, lambda byte: byte ^ 0x80, lambda byte: 0x20, lambda byte: 0x0A,
                                    lambda byte: 0x22], ids=["low bit", "high bit", "space", "newline", "quote"])
def test_every_changed_byte_is_named_with_its_entry(change):
    unnoticed = []
    line = 1
    for place, byte in enumerate(EXPORT):
        other = change(byte)
        if other != byte:
            data = EXPORT[:place] + bytes([other]) + EXPORT[place + 1:]
            if named(data) != line:
                unnoticed.append((place, line, named(data)))
        line += byte == 0x0A
    assert unnoticed == []


@pytest.mark.parametrize("inserted", [b"", b" ", b"\n", b"\r"], ids=["cut", "space", "newline", "return"])
def test_every_byte_cut_out_or_put_in_is_named_with_its_entry(inserted):
    line, unnoticed = 1, []
    for place, byte in enumerate(EXPORT):
        data = EXPORT[:place] + inserted + EXPORT[place + (not inserted):]
        is_empty_line_after = inserted == b"\n" and byte == 0x0A
        if named(data) != line + is_empty_line_after:
            unnoticed.append((place, line, named(data)))
        line += byte == 0x0A
    assert unnoticed == []


@pytest.mark.parametrize(("order", "expected"), [
    ([1, 2], 1), ([0, 2], 2), ([1, 0, 2], 1), ([0, 2, 1], 2), ([0, 0, 1, 2], 2), ([0, 1, 1, 2], 3), ([0, 1, 2, 2], 4),
    ([0, 1, 2, 0], 4), ([2, 1, 0], 1),
], ids=str)
def test_lines_cut_swapped_or_doubled_are_named(order, expected):
    assert named(b"".join(LINES[line] for line in order)) == expected


def test_a_cut_tail_shows_in_size_and_head_only():
    cut = found(b"".join(LINES[:2]))
    assert (cut.broken, cut.size, cut.head) == (None, 2, json.loads(LINES[1])["hash"])


def test_a_line_appended_by_hand_is_named():
    assert named(EXPORT + b"\n") == 4
    assert named(EXPORT + b"{}\n") == 4


def forged(**changes: object) -> bytes:
    return json.dumps({**json.loads(LINES[0]), **changes}, ensure_ascii=False, sort_keys=True,
                      separators=(",", ":")).encode() + b"\n"


def with_canonical(canonical: str) -> bytes:
    return forged(canonical=canonical, hash=chain_hash("", canonical.encode()))


INSIDE = json.loads(json.loads(LINES[0])["canonical"])
HOSTILE = {
    "not json": b"x\n", "a list": b"[]\n", "a number": b"1\n", "null": b"null\n", "no text": b"\n", "not utf-8": b"\xff\xfe\n",
    "deep": b"[" * 100_000 + b"\n", "a huge number": b"1" * 5_000 + b"\n",
    "texts a list": forged(texts=[]), "texts null": forged(texts=None), "a text null": forged(texts={"actor": None}),
    "a salt that is a number": forged(texts={"actor": {"salt": 1, "text": 2}}),
    "a salt that is a list": forged(texts={"actor": {"salt": [], "text": []}}),
    "a text nobody hashed": forged(texts={"x": {"salt": "1", "text": "2"}}),
    "sequence a word": forged(sequence="1"), "sequence true": forged(sequence=True), "sequence 1.0": forged(sequence=1.0),
    "sequence null": forged(sequence=None), "hash null": forged(hash=None), "hash a number": forged(hash=1),
    "previous hash null": forged(previous_hash=None), "canonical null": forged(canonical=None),
    "canonical a number": forged(canonical=1), "canonical empty": with_canonical(""),
    "canonical a list": with_canonical("[]"), "canonical no object": with_canonical("1"),
    "canonical without actor": with_canonical(json.dumps({k: v for k, v in INSIDE.items() if k != "actor"})),
    "canonical with a bare name": with_canonical(json.dumps({**INSIDE, "actor": {"role": "head", "name": "周甲"}})),
    "canonical with a number for a name": with_canonical(json.dumps({**INSIDE, "actor": {"role": "head", "name": 7}})),
    "canonical without incident": with_canonical(json.dumps({k: v for k, v in INSIDE.items() if k != "incident"})),
    "a surrogate": b'{"canonical":"\\ud800"}\n',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_is_named_and_breaks_nothing(name):
    assert named(HOSTILE[name]) == 1
    assert named(HOSTILE[name] + LINES[1]) == 1


def test_an_empty_file_holds_nothing():
    assert (found(b"").incident, found(b"").size, found(b"").head) == (None, 0, "")
