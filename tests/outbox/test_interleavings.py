"""Logging a step between any two statements of the engine, and the engine between any two of the log.

Whatever the order: no claim starts after the log is committed, no rung is raised after it, nothing stays waiting.
"""

from collections.abc import Callable

import pytest

from incident_clock.outbox import messages as m
from incident_clock.outbox.messages import REMINDER
from tests.support.bureau import small_rule
from tests.support.interleaving import Meanwhile, before_statement, statements
from tests.support.room import Room
from tests.support.telling import TEMPORARY, UNKNOWN

Piece = Callable[[Room, str], object]

CLAIMED: dict[str, dict[int, int]] = {}  # number → message → claims at the moment its step was logged


@pytest.fixture
def room(store, now) -> Room:
    return Room(store, now, small_rule(), channels=("sms",))


def log(room: Room, number: str) -> None:
    """Log the step; notes how often each of its reminders had been claimed when that was committed."""
    room.log(number)
    CLAIMED[number] = tries(room, number)


def tick(room: Room, number: str) -> None:
    room.tick()


def turn(room: Room, number: str) -> None:
    room.sender.turn()


def tries(room: Room, number: str) -> dict[int, int]:
    incident_id = room.incident(number).id
    return {message.id: message.attempt_count for message in room.messages(kind=REMINDER, incident_id=incident_id)}


def ready(room: Room, *, is_raised: bool) -> str:
    """A fresh incident at its second rung, raised or about to be."""
    number = room.register()
    room.wait(minutes=10)
    if is_raised:
        room.tick()
    return number


CASES = [(turn, log, True), (log, turn, True), (tick, log, False), (log, tick, False)]


@pytest.mark.parametrize("fate", [TEMPORARY, UNKNOWN])
@pytest.mark.parametrize(("outer", "inner", "is_raised"), CASES[:2], ids=["log during turn", "turn during log"])
def test_no_call_begins_after_the_log(room: Room, outer: Piece, inner: Piece, is_raised: bool, fate: str):
    channel = room.channels["sms"]
    channel.fate = lambda letter: fate if "reminder" in letter.headers["X-Incident-Clock"] else "arrives"
    every_statement(room, outer, inner, is_raised=is_raised)
    reminders = [told for told in room.told if told.kind == REMINDER]
    assert len({told.identity for told in reminders}) == len(reminders)


@pytest.mark.parametrize(("outer", "inner", "is_raised"), CASES[2:], ids=["log during tick", "tick during log"])
def test_no_rung_is_raised_after_the_log(room: Room, outer: Piece, inner: Piece, is_raised: bool):
    every_statement(room, outer, inner, is_raised=is_raised)


def every_statement(room: Room, outer: Piece, inner: Piece, *, is_raised: bool) -> None:
    example = ready(room, is_raised=is_raised)
    count = statements(room.store, lambda: outer(room, example))
    if outer is not log:
        log(room, example)
    assert count > 5
    for number in range(1, count + 1):
        incident = ready(room, is_raised=is_raised)
        meanwhile = Meanwhile(lambda incident=incident: inner(room, incident))
        with before_statement(room.store, number, meanwhile.start):
            outer(room, incident)
        meanwhile.end()
        check(room, incident, f"before statement {number} of {count}")


def check(room: Room, number: str, where: str) -> None:
    entries = room.entries(number)
    assert [entry["sequence"] for entry in entries] == list(range(1, len(entries) + 1)), where
    (logged,) = [entry["sequence"] for entry in entries if entry["kind"] == "StepLogged"]
    assert [e for e in entries[logged:] if e["kind"] in ("RungRaised", "DeadlinePassed")] == [], where
    about = room.messages(kind=REMINDER, incident_id=room.incident(number).id)
    assert {message.state for message in about} <= {m.WITHDRAWN, m.ACCEPTED}, where
    room.wait(minutes=2).tick()
    room.send()
    assert tries(room, number) == CLAIMED[number], f"{where}: claimed after the log"
    told = {entry["body"]["message"] for entry in room.entries(number, "MessageSettled")}
    assert told <= {"reminder", "all_clear"}
