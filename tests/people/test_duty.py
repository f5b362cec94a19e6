"""Who stands in for whom, on the pure book: shifts, covers, leave, acting deputies and B角, each at its boundary."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident_clock.people.cards import MOBILE, Contact, PersonCard
from incident_clock.people.duty import Away, DutyBook, Holder, OnShift

OFFICER, CHIEF = "duty_officer", "duty_chief"
HOUR, SECOND, MICROSECOND = timedelta(hours=1), timedelta(seconds=1), timedelta(microseconds=1)
DAWN = datetime(2026, 3, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    """So many hours after the dawn of the twelfth."""
    return DAWN + HOUR * hours


def card(key: str, *roles: str, stand_in: str | None = None) -> PersonCard:
    contacts = (Contact(MOBILE, f"+86138000000{ord(key[0]) % 90 + 10}"),)
    return PersonCard(key, key.upper(), "duty", roles or (OFFICER,), contacts, stand_in, "zh")


def shift(person: str, from_at: float, until_at: float, role: str = OFFICER, id: int = 0) -> OnShift:
    return OnShift(role, person, at(from_at), at(until_at), id=id)


def cover(person: str, instead_of: str, from_at: float = 0, until_at: float = 24, *, role: str = OFFICER,
          id: int = 1) -> OnShift:
    return OnShift(role, person, at(from_at), at(until_at), instead_of, id)


def away(person: str, acting: str | None = None, from_at: float = 0, until_at: float = 24, *, id: int = 1) -> Away:
    return Away(person, acting, at(from_at), at(until_at), id)


def book(*people: PersonCard, shifts: Iterable[OnShift] = (), covers: Iterable[OnShift] = (),
         absences: Iterable[Away] = ()) -> DutyBook:
    first: dict[str, datetime] = {}
    for one in sorted(shifts, key=lambda one: one.from_at):
        first.setdefault(one.role, one.from_at)
    return DutyBook({one.key: one for one in people}, list(shifts), list(covers), list(absences), first)


def told(found: Iterable[Holder]) -> list[tuple[str, str, str | None]]:
    """(who, why, in whose place) of each."""
    return [(holder.card.key, holder.why, holder.of) for holder in found]


A, B, C, D = card("a"), card("b"), card("c", CHIEF), card("d", CHIEF)


# ── shifts ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("instant", "expected"), [
    (at(8) - MICROSECOND, [("a", "directory", None), ("b", "directory", None)]),  # before the first shift of all
    (at(8), [("a", "shift", None)]),
    (at(12), [("a", "shift", None)]),
    (at(20) - SECOND, [("a", "shift", None)]),
    (at(20), [("b", "shift", None)]),  # it ends exactly now: the next one has it
    (at(26), []),  # the roster has a hole, and is not filled from the directory
    (at(32), [("a", "shift", None)]),
    (at(44) - MICROSECOND, [("a", "shift", None)]),
    (at(44), []),  # after the last shift
    (at(9_000), []),
])
def test_a_rostered_role_is_held_by_whoever_is_on_shift(instant: datetime, expected: list) -> None:
    roster = book(A, B, C, shifts=[shift("a", 8, 20), shift("b", 20, 26), shift("a", 32, 44)])
    assert told(roster.holders(OFFICER, instant)) == expected
    assert roster.is_rostered(OFFICER, instant) == (instant >= at(8))


def test_a_role_that_never_had_a_shift_is_held_by_everybody_who_has_it() -> None:
    roster = book(A, C, D, shifts=[shift("a", 8, 20)])
    assert told(roster.holders(CHIEF, at(10))) == [("c", "directory", None), ("d", "directory", None)]
    assert roster.holders("head", at(10)) == ()


def test_a_shift_of_one_role_says_nothing_about_another() -> None:
    roster = book(A, B, C, shifts=[shift("a", 8, 20, CHIEF)])
    assert told(roster.holders(CHIEF, at(9))) == [("a", "shift", None)]
    assert told(roster.holders(OFFICER, at(9))) == [("a", "directory", None), ("b", "directory", None)]


def test_whoever_is_on_shift_holds_the_role_also_when_the_directory_does_not_say_so() -> None:
    assert told(book(A, C, shifts=[shift("c", 8, 20)]).holders(OFFICER, at(9))) == [("c", "shift", None)]


def test_two_on_shift_together_hold_the_role_together_and_one_twice_on_it_once() -> None:
    roster = book(A, B, shifts=[shift("b", 7, 12), shift("a", 8, 20), shift("b", 9, 20)])
    assert told(roster.holders(OFFICER, at(10))) == [("b", "shift", None), ("a", "shift", None)]


def test_somebody_who_has_left_the_bureau_leaves_a_hole_in_the_roster() -> None:
    assert book(A, shifts=[shift("gone", 8, 20)]).holders(OFFICER, at(9)) == ()


def test_a_holder_says_from_when_till_when() -> None:
    roster = book(A, B, C, D, shifts=[shift("a", 8, 20), shift("b", 20, 32)], covers=[cover("d", "b", 22, 30)],
                  absences=[away("d", "c", 23, 28)])
    spans = [(one.why, one.from_at, one.until_at) for hour in (9, 22, 23) for one in roster.holders(OFFICER, at(hour))]
    assert spans == [("shift", at(8), at(20)), ("cover", at(22), at(30)), ("acting", at(23), at(28))]
    assert [(one.from_at, one.until_at) for one in roster.holders(CHIEF, at(9))] == [(None, None), (None, None)]


# ── covers and swaps ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("covers", "expected"), [
    ([], ("a", "shift", None)),
    ([cover("b", "a")], ("b", "cover", "a")),
    ([cover("b", "a", 0, 10)], ("a", "shift", None)),  # it ended exactly now
    ([cover("b", "a", 10, 12)], ("b", "cover", "a")),
    ([cover("b", "a", 10.1, 12)], ("a", "shift", None)),
    ([cover("b", "a"), cover("c", "b", id=2)], ("c", "cover", "a")),  # a cover of a cover
    ([cover("c", "b", id=1), cover("b", "a", id=2)], ("c", "cover", "a")),  # in whatever order they were entered
    ([cover("b", "a"), cover("c", "b", 0, 10, id=2)], ("b", "cover", "a")),
    ([cover("b", "a"), cover("c", "a", id=2)], ("c", "cover", "a")),  # the one entered last decides
    ([cover("c", "a", id=2), cover("b", "a", id=1)], ("c", "cover", "a")),
    ([cover("b", "a"), cover("a", "b", id=2)], ("b", "cover", "a")),  # a circle of two
    ([cover("b", "a"), cover("c", "b", id=2), cover("a", "c", id=3)], ("c", "cover", "a")),  # of three
    ([cover("a", "a")], ("a", "shift", None)),
    ([cover("b", "a", role=CHIEF)], ("a", "shift", None)),
    ([cover("b", "c")], ("a", "shift", None)),
    ([cover("gone", "a")], ("a", "shift", None)),  # the one who was to come has left the bureau
    ([cover("b", "a"), cover("gone", "a", id=2)], ("b", "cover", "a")),
    ([cover("b", "a"), cover("gone", "b", id=2)], ("b", "cover", "a")),
])
def test_a_cover_puts_one_person_into_anothers_shift(covers: list[OnShift], expected: tuple) -> None:
    assert told(book(A, B, C, shifts=[shift("a", 8, 20)], covers=covers).holders(OFFICER, at(10))) == [expected]


def test_a_cover_of_somebody_who_has_left_is_done_all_the_same() -> None:
    roster = book(A, shifts=[shift("gone", 8, 20)], covers=[cover("a", "gone")])
    assert told(roster.holders(OFFICER, at(9))) == [("a", "cover", "gone")]


def test_a_cover_without_a_shift_puts_nobody_on_duty() -> None:
    roster = book(A, B, shifts=[shift("a", 8, 20)], covers=[cover("b", "a")])
    assert roster.holders(OFFICER, at(21)) == ()


def test_two_who_swap_are_each_on_the_others_shift() -> None:
    roster = book(A, B, shifts=[shift("a", 8, 20), shift("b", 20, 32)],
                  covers=[cover("b", "a", 8, 20), cover("a", "b", 20, 32, id=2)])
    assert [told(roster.holders(OFFICER, at(hour))) for hour in (8, 19, 20, 31)] == \
        [[("b", "cover", "a")], [("b", "cover", "a")], [("a", "cover", "b")], [("a", "cover", "b")]]


def test_two_who_swap_while_both_are_on_duty_both_stay_on_duty() -> None:
    roster = book(A, B, shifts=[shift("a", 8, 20), shift("b", 8, 20)], covers=[cover("b", "a"), cover("a", "b", id=2)])
    assert {one.card.key for one in roster.holders(OFFICER, at(9))} == {"a", "b"}


def test_who_covers_for_somebody_he_shares_the_shift_with_is_told_once() -> None:
    roster = book(A, B, shifts=[shift("a", 8, 20), shift("b", 8, 20)], covers=[cover("b", "a")])
    assert told(roster.holders(OFFICER, at(9))) == [("b", "cover", "a")]


# ── leave, acting deputies, B角 ────────────────────────────────────────────────────────────────────────────

FAMILY = (card("a", stand_in="b"), card("b", CHIEF, stand_in="c"), card("c", CHIEF, stand_in="a"),
          card("d", CHIEF, stand_in="d"))


@pytest.mark.parametrize(("absences", "expected"), [
    ([], [("a", "directory", None)]),
    ([away("a")], [("b", "stand_in", "a")]),
    ([away("a", until_at=10)], [("a", "directory", None)]),  # back exactly now
    ([away("a", until_at=10.1)], [("b", "stand_in", "a")]),
    ([away("a", from_at=10)], [("b", "stand_in", "a")]),
    ([away("a", from_at=10.1)], [("a", "directory", None)]),
    ([away("a", "c")], [("c", "acting", "a")]),
    ([away("a", "a")], [("b", "stand_in", "a")]),  # nobody acts for himself
    ([away("a", "gone")], [("b", "stand_in", "a")]),  # the deputy has left the bureau
    ([away("a", "c"), away("a", "d", id=2)], [("d", "acting", "a")]),  # the leave entered last counts
    ([away("a", "d", id=2), away("a", "c", id=1)], [("d", "acting", "a")]),
    ([away("a", "c"), away("a", id=2)], [("b", "stand_in", "a")]),
    ([away("a", "c"), away("c", "d", id=2)], [("d", "acting", "a")]),  # the deputy is away: his deputy
    ([away("a", "d"), away("d", id=2)], [("b", "stand_in", "a")]),  # his B角 is himself: the B角 of the first
    ([away("a", "b"), away("b", id=2)], [("c", "stand_in", "a")]),  # the deputy is away: his B角
    ([away("a"), away("b", id=2)], [("c", "stand_in", "a")]),  # B角 of the B角
    ([away("a"), away("b", "d", id=2)], [("d", "acting", "a")]),
    ([away("a", "b"), away("b", "a", id=2)], [("c", "stand_in", "a")]),  # they act for each other
    ([away("a"), away("b", id=2), away("c", id=3)], []),  # a whole circle of stand-ins is away
    ([away("a", "c"), away("b", id=2), away("c", id=3)], []),
    ([away("b", "d")], [("a", "directory", None)]),
])
def test_who_is_away_is_replaced_by_his_deputy_else_by_his_stand_in(absences: list[Away], expected: list) -> None:
    assert told(book(*FAMILY, absences=absences).holders(OFFICER, at(10))) == expected


def test_a_deputy_stands_in_on_shift_and_on_cover_too() -> None:
    roster = book(*FAMILY, shifts=[shift("a", 8, 20)], absences=[away("a", "d")])
    assert told(roster.holders(OFFICER, at(9))) == [("d", "acting", "a")]
    roster = book(*FAMILY, shifts=[shift("a", 8, 20)], covers=[cover("c", "a")], absences=[away("c", "d")])
    assert told(roster.holders(OFFICER, at(9))) == [("d", "acting", "c")]


def test_leave_of_the_one_who_is_covered_changes_nothing() -> None:
    roster = book(*FAMILY, shifts=[shift("a", 8, 20)], covers=[cover("c", "a")], absences=[away("a", "d")])
    assert told(roster.holders(OFFICER, at(9))) == [("c", "cover", "a")]


def test_a_deputy_who_holds_the_role_himself_is_told_once_and_in_his_own_right() -> None:
    roster = book(A, card("e", stand_in="a"), absences=[away("e", "a")])
    assert told(roster.holders(OFFICER, at(10))) == [("a", "directory", None)]


def test_two_away_with_the_same_deputy_are_one_call() -> None:
    roster = book(A, B, D, absences=[away("a", "d"), away("b", "d", id=2)])
    assert told(roster.holders(OFFICER, at(10))) == [("d", "acting", "a")]


def test_who_has_no_stand_in_and_no_deputy_is_replaced_by_nobody() -> None:
    assert book(A, absences=[away("a")]).holders(OFFICER, at(10)) == ()


@pytest.mark.parametrize(("silent", "absences", "expected"), [
    ("a", [], "b"),
    ("c", [], "a"),
    ("d", [], None),  # nobody is his own B角
    ("nobody", [], None),
    ("a", [away("b", "d")], "d"),
    ("a", [away("b")], "c"),
    ("a", [away("b"), away("c", id=2)], None),  # the circle leads back to the one who is silent
    ("a", [away("b", "a")], "c"),
    ("a", [away("a", "d")], "b"),  # that he is away himself changes nothing: he was called
])
def test_the_stand_in_of_somebody_silent_is_never_himself(silent: str, absences: list[Away],
                                                          expected: str | None) -> None:
    found = book(*FAMILY, absences=absences).stand_in_of(silent, at(10))
    assert (found.key if found else None) == expected


def test_a_stand_in_who_has_left_the_bureau_is_nobody() -> None:
    assert book(card("a", stand_in="gone")).stand_in_of("a", at(10)) is None


# ── when an answer may change ─────────────────────────────────────────────────────────────────────────────


def test_the_instants_of_change_lie_strictly_within_the_span_each_once_and_in_order() -> None:
    roster = book(A, B, shifts=[shift("a", 8, 20), shift("b", 20, 32)], covers=[cover("b", "a", 10, 12)],
                  absences=[away("b", None, 12, 40)])
    assert roster.changes(at(8), at(32)) == [at(10), at(12), at(20)]
    assert roster.changes(at(7), at(41)) == [at(hour) for hour in (8, 10, 12, 20, 32, 40)]


def test_a_role_becoming_rostered_is_a_change_also_when_its_first_shift_was_not_read() -> None:
    roster = DutyBook({"a": A}, rostered_from={OFFICER: at(9)})
    assert roster.changes(at(8), at(10)) == [at(9)]
    assert [told(roster.holders(OFFICER, at(hour))) for hour in (8, 9)] == [[("a", "directory", None)], []]


KEYS = ("a", "b", "c", "d", "gone", "left")  # the last two are nobody's card
hours = st.integers(0, 30)
keys = st.sampled_from(KEYS)


@st.composite
def spans(draw: st.DrawFn) -> tuple[datetime, datetime]:
    begin = draw(hours)
    return at(begin), at(begin + draw(st.integers(1, 12)))


@st.composite
def books(draw: st.DrawFn) -> DutyBook:
    people = [card(key, *draw(st.sets(st.sampled_from((OFFICER, CHIEF)), min_size=1)), stand_in=draw(st.none() | keys))
              for key in KEYS[:4]]
    roles = st.sampled_from((OFFICER, OFFICER, CHIEF))
    shifts = [OnShift(draw(roles), draw(keys), *draw(spans())) for _ in range(draw(st.integers(0, 4)))]
    covers = [OnShift(draw(roles), draw(keys), *draw(spans()), draw(keys), number)
              for number in range(draw(st.integers(0, 4)))]
    absences = [Away(draw(keys), draw(st.none() | keys), *draw(spans()), number)
                for number in range(draw(st.integers(0, 5)))]
    return book(*people, shifts=shifts, covers=covers, absences=absences)


@given(books(), hours, st.sampled_from((OFFICER, CHIEF)))
def test_nobody_holds_a_role_twice_and_never_somebody_away_or_gone(roster: DutyBook, hour: int, role: str) -> None:
    found = [holder.card.key for holder in roster.holders(role, at(hour))]
    assert len(found) == len(set(found))
    assert set(found) <= set(roster.people)
    assert not [key for key in found if roster.absence_of(key, at(hour))]


@given(books(), hours, st.sampled_from((OFFICER, CHIEF)))
def test_whoever_the_roster_names_and_is_here_holds_the_role(roster: DutyBook, hour: int, role: str) -> None:
    """A cover apart: who is covered is named no longer."""
    named = ({one.person for one in roster.shifts if one.role == role and one.holds_at(at(hour))}
             if roster.is_rostered(role, at(hour)) else {key for key, one in roster.people.items() if role in one.roles})
    covered = {one.instead_of for one in roster.covers if one.role == role and one.holds_at(at(hour))}
    here = {key for key in named - covered if key in roster.people and not roster.absence_of(key, at(hour))}
    found = roster.holders(role, at(hour))
    assert here <= {holder.card.key for holder in found}
    assert named or not found  # a hole is a hole


@given(books())
def test_between_two_changes_nobody_comes_and_nobody_goes(roster: DutyBook) -> None:
    edges = [at(-1), *roster.changes(at(-1), at(50)), at(50)]
    for begin, end in pairwise(edges):
        for role in (OFFICER, CHIEF):
            seen = {roster.holders(role, instant) for instant in (begin, begin + (end - begin) / 2, end - MICROSECOND)}
            assert len(seen) == 1, (begin, end)
        for key in KEYS:
            assert len({getattr(roster.stand_in_of(key, instant), "key", None)
                        for instant in (begin, end - MICROSECOND)}) == 1


@given(books(), hours, hours)
def test_a_part_of_the_book_says_of_its_span_what_the_whole_says(roster: DutyBook, one: int, other: int) -> None:
    since, until = at(min(one, other)), at(max(one, other) + 1)
    part = roster.during(since, until)
    for instant in (since, since + (until - since) / 2, until - MICROSECOND):
        for role in (OFFICER, CHIEF):
            assert part.holders(role, instant) == roster.holders(role, instant)
