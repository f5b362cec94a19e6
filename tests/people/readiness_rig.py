"""People, shifts and rules for the readiness tests, counted in hours from midnight of 12 March 2026 in Shanghai."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from incident_clock.people.cards import EMAIL, MOBILE, Contact, PersonCard
from incident_clock.people.duty import Away, DutyBook, OnShift
from incident_clock.people.readiness import Gap, gaps
from incident_clock.protocol.steps import AFTER, BEFORE_DUE, OVERDUE_BY, ResponseProtocol, Rung
from tests.support.bureau import rung, small_rule

MIDNIGHT = datetime(2026, 3, 11, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)
BOTH = ("sms", "email")

DUTY = small_rule(rung(1, AFTER, 0, "duty_officer"), rung(2, BEFORE_DUE, 5, "duty_officer", "duty_leader"),
                  rung(3, BEFORE_DUE, 2, "deputy"), rung(4, OVERDUE_BY, 1, "deputy", "head"))


def at(hours: float) -> datetime:
    return MIDNIGHT + HOUR * hours


def card(key: str, *roles: str, phone: bool = True, email: bool = True, stand_in: str | None = None,
         delivered_at: datetime | None = None) -> PersonCard:
    contacts = [Contact(kind, address, None, delivered_at) for kind, address, has in (
        (MOBILE, f"+86 {key}", phone), (EMAIL, f"{key}@example.com", email)) if has]
    return PersonCard(key, key.upper(), "duty", roles, tuple(contacts), stand_in, "zh")


def shift(person: str, from_at: float, until_at: float, role: str = "duty_officer", id: int = 0) -> OnShift:
    return OnShift(role, person, at(from_at), at(until_at), id=id)


def away(person: str, from_at: float, until_at: float, acting: str | None = None, id: int = 1) -> Away:
    return Away(person, acting, at(from_at), at(until_at), id)


def book(*people: PersonCard, shifts: Iterable[OnShift] = (), covers: Iterable[OnShift] = (),
         absences: Iterable[Away] = ()) -> DutyBook:
    first: dict[str, datetime] = {}
    for one in sorted(shifts, key=lambda one: one.from_at):
        first.setdefault(one.role, one.from_at)
    return DutyBook({one.key: one for one in people}, list(shifts), list(covers), list(absences), first)


# Everybody there, both ways to reach each, every B角 named.
STAFF = (card("zhou", "duty_officer", stand_in="wu"), card("wu", "duty_officer", stand_in="zhou"),
         card("zheng", "duty_leader", stand_in="wang"), card("wang", "deputy", stand_in="feng"),
         card("feng", "head", stand_in="wang"))


def staff(*without: str, **instead: PersonCard) -> list[PersonCard]:
    """The staff, some of them left out or put in another way."""
    return [instead.get(one.key, one) for one in STAFF if one.key not in without]


def found(duty_book: DutyBook, *rungs: Rung, channels: Collection[str] = BOTH, since: float = 0, until: float = 24,
          rules: Iterable[ResponseProtocol] = ()) -> tuple[Gap, ...]:
    """The gaps of a rule with these rungs; without any, of DUTY."""
    rules = rules or (small_rule(*rungs) if rungs else DUTY,)
    return gaps(duty_book, rules, channels=channels, since=at(since), until=at(until))


def told(gaps: Iterable[Gap]) -> list[tuple[int, float, float, list[tuple[str, str]]]]:
    """(rung, from, until in hours, [(role, why)]) of each."""
    return [(gap.rung, (gap.from_at - MIDNIGHT) / HOUR, (gap.until_at - MIDNIGHT) / HOUR,
             [(lack.role, lack.why) for lack in gap.lacks]) for gap in gaps]
