"""Who holds a role, where each can be reached, and that what is read of the roster is all that counts."""

from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import delete

from incident_clock.people import roster
from incident_clock.people.cards import EMAIL, MOBILE, Contact, PersonCard
from incident_clock.people.duty import Away, DutyBook, OnShift
from incident_clock.people.duty_tables import Absence, Cover, Shift
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.protocol.steps import ROLES
from incident_clock.store.session import Store


def card(**given: object) -> PersonCard:
    plain = {"key": "zhou", "name": "周甲", "unit": "duty", "roles": ("duty_officer",), "stand_in": None, "language": "zh"}
    contacts = tuple(Contact(kind, str(given.pop(field))) for field, kind in (("phone", MOBILE), ("email", EMAIL))
                     if field in given)
    return PersonCard(**(plain | {"contacts": contacts} | given))


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_the_example_is_held_by_one_person(role: str, bureau: Store, now: datetime) -> None:
    with bureau.read() as session:
        assert [role in holder.card.roles for holder in roster.who_is(session, role, now)] == [True]


def test_a_role_held_by_several_is_told_in_the_order_of_the_file(store: Store, load, now: datetime) -> None:
    load("units: [{key: bureau, name: 局}]\npeople:\n" + "".join(
        f"  - {{key: {key}, name: {key}, unit: bureau, roles: [{roles}], email: {key}@example.com}}\n"
        for key, roles in (("wang", "deputy, duty_officer"), ("an", "duty_officer"), ("feng", "head"))))
    with store.read() as session:
        assert [holder.card.key for holder in roster.who_is(session, "duty_officer", now)] == ["wang", "an"]
        assert roster.who_is(session, "auditor", now) == ()


def test_a_person_is_found_by_key_and_a_stranger_is_not(bureau: Store) -> None:
    with bureau.read() as session:
        assert roster.person(session, "zhou") == card(phone="+8613800000001", email="zhou@example.com", stand_in="wu")
        assert roster.person(session, "nobody") is None
        assert roster.name_of(session, "nobody") == "nobody"


BY_PHONE = dict.fromkeys(("sms", "voice", "wecom", "dingtalk"), "+8613800000001")


@pytest.mark.parametrize(("given", "expected"), [
    ({}, {"console": "zhou"}),
    ({"phone": "+8613800000001"}, {**BY_PHONE, "console": "zhou"}),
    ({"email": "zhou@example.com"}, {"email": "zhou@example.com", "console": "zhou"}),
    ({"phone": "+8613800000001", "email": "zhou@example.com"},
     {**BY_PHONE, "email": "zhou@example.com", "console": "zhou"}),
])
def test_a_person_is_reached_on_every_channel_he_has_an_address_for(given: dict, expected: dict) -> None:
    assert card(**given).addresses() == expected


def test_an_empty_directory_says_so(store: Store, now: datetime) -> None:
    with store.read() as session:
        assert roster.is_empty(session)
        assert roster.bureau(session) == roster.Bureau(name="", short_name="", is_example=False)
        assert roster.everybody(session) == []


def test_a_loaded_directory_is_not_empty(bureau: Store) -> None:
    with bureau.read() as session:
        assert not roster.is_empty(session)


# ── shifts, covers and leave as rows ──────────────────────────────────────────────────────────────────────

HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
OFFICER = "duty_officer"


def put(store: Store, *rows: object) -> None:
    with store.write() as session:
        session.add_all(rows)


def shift(person: str, from_at: datetime, until_at: datetime, **more: object) -> Shift:
    return Shift(**({"role": OFFICER, "person": person, "from_at": from_at, "until_at": until_at} | more))


def cover(person: str, instead_of: str, from_at: datetime, until_at: datetime, **more: object) -> Cover:
    return Cover(**({"role": OFFICER, "person": person, "instead_of": instead_of, "from_at": from_at,
                     "until_at": until_at, "reason": "", "swap": None} | more))


def leave(person: str, acting: str | None, from_at: datetime, until_at: datetime, **more: object) -> Absence:
    return Absence(**({"person": person, "acting": acting, "from_at": from_at, "until_at": until_at, "reason": ""} | more))


def told(store: Store, at: datetime, role: str = OFFICER) -> list[tuple[str, str, str | None]]:
    with store.read() as session:
        return [(one.card.key, one.why, one.of) for one in roster.who_is(session, role, at)]


def test_a_shift_counts_from_its_first_microsecond_to_its_last(bureau: Store, now: datetime) -> None:
    put(bureau, shift("wei", now, now + HOUR))
    assert told(bureau, now - MICROSECOND) == [("zhou", "directory", None)]
    assert told(bureau, now) == told(bureau, now + HOUR - MICROSECOND) == [("wei", "shift", None)]
    assert told(bureau, now + HOUR) == []


def test_a_shift_of_seven_days_counts_to_its_end(bureau: Store, now: datetime) -> None:
    put(bureau, shift("wei", now, now + roster.LONGEST_SHIFT))
    assert told(bureau, now + roster.LONGEST_SHIFT - MICROSECOND) == [("wei", "shift", None)]
    assert told(bureau, now + roster.LONGEST_SHIFT) == []


def test_a_leave_of_half_a_year_counts_to_its_end(bureau: Store, now: datetime) -> None:
    put(bureau, leave("zheng", "wang", now, now + 180 * 24 * HOUR))
    assert told(bureau, now + 180 * 24 * HOUR - MICROSECOND, "duty_leader") == [("wang", "acting", "zheng")]
    assert told(bureau, now + 180 * 24 * HOUR, "duty_leader") == [("zheng", "directory", None)]


def test_what_was_removed_counts_no_longer(bureau: Store, now: datetime) -> None:
    put(bureau, shift("wei", now - 3 * HOUR, now + HOUR, removed_at=now), shift("jiang", now - HOUR, now + HOUR),
        cover("chu", "jiang", now - HOUR, now + HOUR, removed_at=now), leave("jiang", "han", now, now + HOUR, removed_at=now))
    assert told(bureau, now) == [("jiang", "shift", None)]
    assert told(bureau, now - 2 * HOUR) == [("zhou", "directory", None)]  # the removed shift was the first


def test_a_role_all_of_whose_shifts_were_removed_is_rostered_no_more(bureau: Store, now: datetime) -> None:
    put(bureau, shift("wei", now - HOUR, now + HOUR, removed_at=now))
    assert told(bureau, now) == [("zhou", "directory", None)]


def test_a_roster_that_ended_long_ago_still_leaves_a_hole(bureau: Store, now: datetime) -> None:
    put(bureau, shift("wei", now - 400 * 24 * HOUR, now - 399 * 24 * HOUR))
    assert told(bureau, now) == []


def test_who_has_left_leaves_his_shift_to_his_stand_in_and_his_cover_undone(bureau: Store, now: datetime) -> None:
    put(bureau, shift("wei", now, now + HOUR), shift("jiang", now, now + HOUR), cover("chu", "jiang", now, now + HOUR))
    with bureau.write() as session:
        session.get_one(Person, "wei").is_active = session.get_one(Person, "chu").is_active = False
    assert told(bureau, now) == [("chen", "stand_in", "wei"), ("jiang", "shift", None)]
    with bureau.write() as session:
        session.get_one(Person, "wei").stand_in = None
    assert told(bureau, now) == [("jiang", "shift", None)]


def test_a_delivery_is_noted_at_the_one_address_it_went_to(bureau: Store, now: datetime) -> None:
    with bureau.write() as session:
        roster.note_delivery(session, "zhou", "zhou@example.com", now)
        roster.note_delivery(session, "zhou", "somebody@example.com", now)
        roster.note_delivery(session, "zhou", "zhou", now)  # the console
    with bureau.read() as session:
        noted = {contact.address: contact.last_delivered_at for contact in session.query(ContactMethod)}
    assert {address for address, at in noted.items() if at} == {"zhou@example.com"}
    assert noted["zhou@example.com"] == now


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_for_a_span_says_what_all_the_rows_say(bureau: Store, now: datetime, seed: int) -> None:
    """Random rosters: the book of a span, the look-up of an instant, and everything there is agree."""
    random = Random(seed)
    keys = ("zhou", "wu", "wei", "jiang", "chu", "han")
    with bureau.read() as session:
        people = {one.key: one for one in roster.everybody(session)}

    def span(longest: int) -> tuple[datetime, datetime]:
        begin = now + HOUR * random.randint(-12 * 24, 12 * 24)
        return begin, begin + HOUR * random.randint(1, longest)

    for _ in range(8):
        rows: list[Shift | Cover | Absence] = []
        for _ in range(random.randint(0, 14)):
            rows.append(shift(random.choice(keys), *span(7 * 24), role=random.choice((OFFICER, "duty_chief"))))
        for _ in range(random.randint(0, 8)):
            rows.append(cover(random.choice(keys), random.choice(keys), *span(7 * 24)))
        for _ in range(random.randint(0, 6)):
            rows.append(leave(random.choice(keys), random.choice((None, *keys)), *span(20 * 24)))
        for row in rows:
            row.removed_at = now if random.random() < 0.2 else None
        with bureau.write() as session:
            for table in (Shift, Cover, Absence):
                session.execute(delete(table))
        put(bureau, *rows)
        kept = [row for row in rows if row.removed_at is None]
        shifts = sorted((row for row in kept if isinstance(row, Shift)), key=lambda row: (row.from_at, row.id))
        whole = DutyBook(
            people, [OnShift(row.role, row.person, row.from_at, row.until_at, id=row.id) for row in shifts],
            [OnShift(c.role, c.person, c.from_at, c.until_at, c.instead_of, c.id) for c in kept if isinstance(c, Cover)],
            [Away(a.person, a.acting, a.from_at, a.until_at, a.id) for a in kept if isinstance(a, Absence)],
            {role: min(one.from_at for one in shifts if one.role == role) for role in {one.role for one in shifts}})
        since = now + HOUR * random.randint(-20 * 24, 18 * 24)
        until = since + HOUR * random.randint(0, 10 * 24)
        with bureau.read() as session:
            read = roster.duty_book(session, since, until)
            for role in (OFFICER, "duty_chief", "head"):
                assert roster.who_is(session, role, since) == whole.holders(role, since)
                for instant in {since, until, *whole.changes(since, until), since + (until - since) / 3}:
                    assert read.holders(role, instant) == whole.holders(role, instant), (role, instant)
        assert read.changes(since, until) == whole.changes(since, until)
