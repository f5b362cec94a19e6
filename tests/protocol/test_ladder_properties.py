"""What holds for every ladder and every rhythm of looking at it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from incident_clock.protocol.ladder import Decision, Occurrence, audience, decide, first_rung_at, occurrences
from incident_clock.protocol.steps import AFTER, ANCHORS, BEFORE_DUE, ROLES, Repeat, ResponseProtocol, Rung, Step

T0 = datetime(2026, 3, 12, 14, 5, 7, 250_000, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CHANNELS = ("sms", "email", "voice")

some = st.integers(min_value=1, max_value=12).map(lambda seconds: seconds * SECOND)
repeats = st.builds(
    lambda finite, endless: (*finite, *endless),
    st.lists(st.builds(Repeat, every=some, times=st.integers(1, 4)), max_size=3),
    st.lists(st.builds(Repeat, every=some), max_size=1))


@st.composite
def steps(draw) -> Step:
    within = draw(st.integers(1, 30)) * SECOND
    rungs = [_rung(draw, within) for _ in range(draw(st.integers(1, 5)))]
    rungs.sort(key=lambda rung: rung.from_start(within))
    ladder = tuple(Rung(number, r.anchor, r.offset, r.tell, r.by, r.repeats) for number, r in enumerate(rungs, start=1))
    return Step(key="phone_report", title={"zh": "电话上报", "en": "Phone report"}, within=within, evidence="call",
                ladder=ladder)


def _rung(draw, within: timedelta) -> Rung:
    anchor = draw(st.sampled_from(ANCHORS))
    most = within // SECOND if anchor == BEFORE_DUE else 30
    return Rung(
        number=0, anchor=anchor, offset=draw(st.integers(0, most)) * SECOND,
        tell=tuple(draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True))),
        by=draw(st.none() | st.lists(st.sampled_from(CHANNELS), min_size=1, unique=True).map(tuple)),
        repeats=draw(repeats))


looks = st.lists(st.integers(1, 40_000).map(lambda ms: timedelta(milliseconds=ms)), min_size=1, max_size=25)


@given(steps(), looks)
def test_looking_at_any_rhythm_meets_every_call_exactly_once_and_never_early(step, pauses):
    now, next_rung_at = T0 - SECOND, first_rung_at(step, T0)
    met: list[tuple[int, int]] = []
    for pause in pauses:
        now += pause
        if next_rung_at is None:
            break
        decision = decide(step, started=T0, next_rung_at=next_rung_at, now=now)
        calls = _calls_of(step, decision)
        assert all(next_rung_at <= at <= now for at in calls.values())
        assert set(met).isdisjoint(calls)
        met += calls
        if now >= next_rung_at:
            assert decision.raised, "a due ladder always raises something"
            assert decision.next_rung_at is None or decision.next_rung_at > now
        else:
            assert decision == Decision((), (), next_rung_at)
        next_rung_at = decision.next_rung_at
    assert sorted(met) == sorted(_due_by(step, now))
    assert next_rung_at == min(_later_than(step, now), default=None)


@given(steps(), looks)
def test_one_look_raises_one_rung_or_everything_that_stands_at_one_instant(step, pauses):
    now = T0 + sum(pauses, timedelta(0))
    first = first_rung_at(step, T0)
    decision = decide(step, started=T0, next_rung_at=first, now=now)
    raised = {call.rung: call for call in decision.raised}
    assert len(raised) == len(decision.raised)
    if decision.passed_over:
        (call,) = decision.raised
        assert call.rung == max(rung for rung, _ in _due_by(step, now))
        assert call.repeat == max(repeat for rung, repeat in _due_by(step, now) if rung == call.rung)
    else:
        assert len({call.at for call in decision.raised}) <= 1


@given(steps(), looks)
def test_nobody_on_a_raised_or_passed_over_rung_is_left_out_and_nobody_else_is_told(step, pauses):
    now = T0 + sum(pauses, timedelta(0))
    decision = decide(step, started=T0, next_rung_at=first_rung_at(step, T0), now=now)
    told = audience(step, decision)
    numbers = {rung for rung, _ in _calls_of(step, decision)}
    rungs = [rung for rung in step.ladder if rung.number in numbers]
    assert set(told) == {role for rung in rungs for role in rung.tell}
    for role, by in told.items():
        wanted = [rung.by for rung in rungs if role in rung.tell]
        if None in wanted:
            assert by is None
        else:
            assert set(by) == {channel for channels in wanted for channel in channels}


@given(steps(), st.integers(0, 100_000), st.integers(1, 5_000))
def test_looking_twice_tells_the_same_people_as_looking_once(step, until_ms, between_ms):
    first = first_rung_at(step, T0)
    now = T0 + timedelta(milliseconds=until_ms)
    once = decide(step, started=T0, next_rung_at=first, now=now + timedelta(milliseconds=between_ms))
    one = decide(step, started=T0, next_rung_at=first, now=now)
    roles = set(audience(step, one))
    if one.next_rung_at is not None:
        two = decide(step, started=T0, next_rung_at=one.next_rung_at, now=now + timedelta(milliseconds=between_ms))
        roles |= set(audience(step, two))
        assert two.next_rung_at == once.next_rung_at
    assert roles == set(audience(step, once))


@given(st.lists(steps(), min_size=1, max_size=3), st.text(min_size=1), st.sampled_from(("received", "occurred")))
def test_a_stamp_reads_back_as_the_same_rule_with_the_same_hash(ladders, text, clock_starts_at):
    rule = ResponseProtocol(key="k", version=text, title={"zh": text, "en": text}, source=text,
                            clock_starts_at=clock_starts_at, steps=tuple(ladders))
    read_back = ResponseProtocol.from_stamp(rule.stamp())
    assert read_back == rule
    assert read_back.content_hash() == rule.content_hash()


def _calls_of(step: Step, decision: Decision) -> dict[tuple[int, int], datetime]:
    """(rung, repeat) → instant of all a decision deals with, told by counting."""
    named = [(p.rung, repeat) for p in decision.passed_over for repeat in range(p.first, p.last + 1)]
    calls = {(call.rung, call.repeat): call.at for call in decision.raised}
    assert len(set(named)) == len(named)
    assert not calls.keys() & set(named)
    instants = {number: iter(_calls(step, number)) for number in {rung for rung, _ in named}}
    listed = {number: {} for number in instants}
    for number, repeat in sorted(named):
        while repeat not in listed[number]:
            call = next(instants[number])
            listed[number][call.repeat] = call.at
        calls[number, repeat] = listed[number][repeat]
    return calls


def _calls(step: Step, number: int):
    rung = step.ladder[number - 1]
    return occurrences(rung, T0 + rung.from_start(step.within))


def _due_by(step: Step, now: datetime) -> list[tuple[int, int]]:
    due = []
    for rung in step.ladder:
        for call in _calls(step, rung.number):
            if call.at > now:
                break
            due.append((call.rung, call.repeat))
    return due


def _later_than(step: Step, now: datetime) -> list[datetime]:
    later = [next((call for call in _calls(step, rung.number) if call.at > now), None) for rung in step.ladder]
    return [call.at for call in later if isinstance(call, Occurrence)]


def test_the_model_of_these_tests_counts_as_the_rule_is_written():
    rung = Rung(1, AFTER, timedelta(0), ("head",), None, (Repeat(5 * SECOND, 2), Repeat(10 * SECOND, 1)))
    calls = [(call.repeat, (call.at - T0) / SECOND) for call in occurrences(rung, T0)]
    assert calls == [(0, 0), (1, 5), (2, 10), (3, 20)]
