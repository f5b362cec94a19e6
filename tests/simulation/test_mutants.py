"""A simulation that finds nothing proves nothing: every one of these planted bugs must be found by some day."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from incident_clock import spreading
from incident_clock.engine import alerts, course
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from incident_clock.outbox.queue import Outcome
from incident_clock.outbox.tables import Message
from incident_clock.people import calling
from incident_clock.people.duty import DutyBook
from incident_clock.protocol import ladder
from incident_clock.protocol.ladder import Decision, Occurrence
from incident_clock.registry import calls as registry_calls
from incident_clock.registry import incidents
from tests.simulation.oracle import Broken, calls, examine
from tests.simulation.world import DAY, MINUTE, World, fresh_sqlite

DAYS = 30  # within which a planted bug must be found

Patch = Callable[[pytest.MonkeyPatch], None]


def reminders_outlive_the_log(patch: pytest.MonkeyPatch) -> None:
    withdraw_all_but(patch, m.REMINDER)


def an_all_clear_outlives_its_log(patch: pytest.MonkeyPatch) -> None:
    withdraw_all_but(patch, m.ALL_CLEAR)


def withdraw_all_but(patch: pytest.MonkeyPatch, kind: str) -> None:
    whole = queue.withdraw
    patch.setattr(queue, "withdraw", lambda session, *, kinds, **named: whole(
        session, kinds=[one for one in kinds if one != kind], **named))


def a_kept_back_reminder_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(queue, "restore", lambda session, **named: None)


def a_reopened_ladder_starts_anew(patch: pytest.MonkeyPatch) -> None:
    whole = incidents.withdraw

    def withdraw(case, step, reason, **named):
        sequence = whole(case, step, reason, **named)
        deadline = next(d for d in case.incident.deadlines if d.step == step)
        deadline.next_rung_at = deadline.wake_at = case.incident.clock_started_at
        return sequence

    patch.setattr(incidents, "withdraw", withdraw)


def the_passed_over_are_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(alerts, "roles_of", lambda step, decision, one: ladder.audience(step, Decision((one,), (), None)))


def the_passed_over_are_not_named(patch: pytest.MonkeyPatch) -> None:
    whole = alerts.RungRaised
    patch.setattr(alerts, "RungRaised", lambda **named: whole(**{**named, "passed_over": []}))


def a_gap_is_a_burst(patch: pytest.MonkeyPatch) -> None:
    whole = ladder.decide

    def decide(step, *, started, next_rung_at, now):
        due = tuple(Occurrence(*planned, at) for planned, at in calls(step, started) if next_rung_at <= at <= now)
        return replace(whole(step, started=started, next_rung_at=next_rung_at, now=now), raised=due, passed_over=())

    patch.setattr(ladder, "decide", decide)


def a_gap_forgets_the_lower_rungs(patch: pytest.MonkeyPatch) -> None:
    whole = ladder.decide
    patch.setattr(ladder, "decide", lambda *given, **named: replace(whole(*given, **named), passed_over=()))


def deadlines_pass_in_silence(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(course, "overdue_from", lambda due: due + 9 * DAY)


def a_withdrawn_message_may_be_claimed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(m, "WAITING", (m.QUEUED, m.UNKNOWN, m.WITHDRAWN))


def sent_before_sending(patch: pytest.MonkeyPatch) -> None:
    whole = queue.claim

    def claim(session, **named):
        claimed = whole(session, **named)
        session.execute(update(Message).where(Message.id.in_([one.message_id for one in claimed])).values(state=m.ACCEPTED))
        return claimed

    patch.setattr(queue, "claim", claim)


def a_lost_answer_counts_as_a_yes(patch: pytest.MonkeyPatch) -> None:
    outcome_for(patch, queue.UNKNOWN, queue.ACCEPTED)


def a_lost_answer_counts_as_a_no(patch: pytest.MonkeyPatch) -> None:
    outcome_for(patch, queue.UNKNOWN, queue.RETRY)


def a_failed_try_is_the_last(patch: pytest.MonkeyPatch) -> None:
    outcome_for(patch, queue.RETRY, queue.FAILED)


def outcome_for(patch: pytest.MonkeyPatch, given: str, taken: str) -> None:
    whole = queue.settle

    def settle(session, claimed, outcome: Outcome, *, now):
        return whole(session, claimed, replace(outcome, result=taken) if outcome.result == given else outcome, now=now)

    patch.setattr(queue, "settle", settle)


def nobody_is_rescued(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(queue, "rescue", lambda session, **named: 0)


def a_rescued_message_is_not_marked(patch: pytest.MonkeyPatch) -> None:
    whole = queue.rescue

    def rescue(session, **named):
        freed = whole(session, **named)
        session.execute(update(Message).where(Message.state == m.QUEUED).values(may_be_copy=False))
        return freed

    patch.setattr(queue, "rescue", rescue)


def only_sure_readers_get_the_news(patch: pytest.MonkeyPatch) -> None:
    whole = queue.told
    patch.setattr(queue, "told", lambda session, **named: [
        message for message in whole(session, **named) if message.state == m.ACCEPTED])


def nobody_hears_of_a_withdrawn_log(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(spreading, "REOPENED", m.ALL_CLEAR)


def a_late_registration_moves_t0(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(incidents, "_clock_start", lambda new, protocol, now: now)


def no_stand_in_is_ever_called(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calling, "needs_stand_in", lambda *given, **named: False)


def stand_ins_are_called_a_minute_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(course, "STAND_IN_AFTER", MINUTE)


def only_the_last_eighth_counts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calling, "LAST_PART", 8)


def enough_answers_excuse_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calling, "answers_needed", lambda rung, told: told)


def a_stand_in_is_called_although_there_was_an_answer(patch: pytest.MonkeyPatch) -> None:
    whole = registry_calls._answered

    def answered(session, incident, deadline, rows, **named):
        waited = [(row, row.stand_in_at) for row in rows]
        whole(session, incident, deadline, rows, **named)
        for row, at in waited:
            row.stand_in_at = at

    patch.setattr(registry_calls, "_answered", answered)


def a_log_leaves_the_silent_waiting(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registry_calls, "rest", lambda session, **named: None)


def an_answer_silences_everything_to_come(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registry_calls, "paused_until", lambda *, due, now: now + DAY)


def an_answer_changes_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(registry_calls, "acknowledge", lambda *given, **named: [])


def an_empty_rung_tells_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(calling, "_others", lambda step, number: iter(()))


def an_empty_rung_is_gone_over_downwards(patch: pytest.MonkeyPatch) -> None:
    whole = calling._others
    patch.setattr(calling, "_others", lambda step, number: reversed(list(whole(step, number))))


def who_is_away_is_called_all_the_same(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DutyBook, "_present", lambda self, holder, at, asked=(): holder)


def a_stand_in_hears_no_news(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(spreading, "CHASING", (m.REMINDER, m.REOPENED))


MUTANTS = {  # planted bug → the invariant that must be found broken, and the day to begin with
    reminders_outlive_the_log: ("I2", 5), an_all_clear_outlives_its_log: ("I2", 33),
    a_kept_back_reminder_is_forgotten: ("I6", 15), a_reopened_ladder_starts_anew: ("I3", 0),
    the_passed_over_are_not_told: ("I1", 1), the_passed_over_are_not_named: ("I1", 0), a_gap_is_a_burst: ("gap", 0),
    a_gap_forgets_the_lower_rungs: ("I1", 0), deadlines_pass_in_silence: ("I7", 0),
    a_withdrawn_message_may_be_claimed: ("I2", 5), sent_before_sending: ("I6", 0),
    a_lost_answer_counts_as_a_yes: ("I6", 5), a_lost_answer_counts_as_a_no: ("I5", 0), a_failed_try_is_the_last: ("I6", 0),
    nobody_is_rescued: ("I6", 5), a_rescued_message_is_not_marked: ("I5", 0), only_sure_readers_get_the_news: ("news", 11),
    nobody_hears_of_a_withdrawn_log: ("news", 4), a_late_registration_moves_t0: ("T0", 0),
    no_stand_in_is_ever_called: ("I10", 0), stand_ins_are_called_a_minute_early: ("I10", 0),
    only_the_last_eighth_counts: ("I10", 0), enough_answers_excuse_nobody: ("I10", 10),
    a_stand_in_is_called_although_there_was_an_answer: ("I10", 10), a_log_leaves_the_silent_waiting: ("I10", 4),
    an_answer_silences_everything_to_come: ("I11", 0),
    an_answer_changes_nothing: ("I11", 0), an_empty_rung_tells_nobody: ("I1", 2),
    an_empty_rung_is_gone_over_downwards: ("I1", 2), who_is_away_is_called_all_the_same: ("I1", 2),
    a_stand_in_hears_no_news: ("news", 0),
}


@pytest.mark.parametrize("plant", MUTANTS, ids=[plant.__name__ for plant in MUTANTS])
def test_a_planted_bug_is_found(sqlite_template: Path, kept_folder: Path, monkeypatch: pytest.MonkeyPatch, plant: Patch):
    plant(monkeypatch)
    invariant, first = MUTANTS[plant]
    found = set()
    for seed in range(first, first + DAYS):
        store = fresh_sqlite(sqlite_template, kept_folder, "day")
        try:
            examine(World(seed, store).live())
        except Broken as broken:
            found.add(broken.invariant)
        finally:
            store.dispose()
        if invariant in found:
            return
    pytest.fail(f"{DAYS} days went by; found broken: {found or 'nothing'}")
