"""The first version's database becomes today's: every row is kept, the ledgers verify, and the engine goes on."""

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, inspect, select, text
from sqlalchemy.exc import IntegrityError

from incident_clock.clock import VirtualClock
from incident_clock.engine.settling import Settler
from incident_clock.engine.tick import Ticker
from incident_clock.errors import CannotRun
from incident_clock.ledger.chain import verify_lines
from incident_clock.outbox import messages as m
from incident_clock.outbox import queue
from incident_clock.outbox.sender import Sender
from incident_clock.outbox.tables import Attempt, Message
from incident_clock.people import roster
from incident_clock.phrases import Phrases
from incident_clock.registry import ledger
from incident_clock.registry.tables import Called, Incident
from incident_clock.store.migrating import current_revision, require_current, upgrade
from incident_clock.store.session import Store
from incident_clock.views.reading import Views
from tests.migrations.revision_0001 import Rows, fill, migrate, rows_of
from tests.support.bureau import ZONE
from tests.support.telling import RecordingChannel
from tests.web.house import House

NOW = datetime(2026, 3, 12, 6, 31, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest) -> Iterator[Store]:
    """A filled database of revision 0001."""
    store = Store(request.getfixturevalue(f"{request.param}_url"))
    migrate(store, "0001")
    fill(store)
    yield store
    store.dispose()


@pytest.fixture
def before(old: Store) -> Rows:
    return rows_of(old)


@pytest.fixture
def upgraded(old: Store, before: Rows) -> Store:
    upgrade(old)
    return old


def test_the_recorded_database_is_one_of_the_first_version(old: Store, before: Rows) -> None:
    assert current_revision(old) == "0001"
    with pytest.raises(CannotRun, match="stands at 0001"):
        require_current(old)
    assert {name for name, rows in before.items() if not rows} == set()
    assert {row["state"] for row in before["message"]} >= {m.ACCEPTED, m.FAILED, m.SENDING, m.UNKNOWN}


def test_every_row_of_every_table_is_kept(before: Rows, upgraded: Store) -> None:
    require_current(upgraded)
    after = rows_of(upgraded)
    for name, rows in before.items():
        kept = [{column: row[column] for column in rows[0] if column in row} for row in after[name]]
        for row in rows if name == "person" else ():
            del row["phone"], row["email"]
        assert kept == rows, name
    assert {(row["skipped_rung"], json.dumps(row["because"])) for row in after["message"]} == {(0, "{}")}
    assert {row["reporter"] for row in after["unit"]} == {row["second_reporter"] for row in after["unit"]} == {None}


def test_numbers_and_mail_addresses_become_contacts(before: Rows, upgraded: Store) -> None:
    wanted = {(person["key"], kind): (person[column], position) for person in before["person"]
              for position, (kind, column) in enumerate((("mobile", "phone"), ("email", "email"))) if person[column]}
    found = {(row["person"], row["kind"]): (row["address"], row["position"]) for row in rows_of(upgraded)["contact_method"]}
    assert found == wanted
    assert len(found) == 2 * 12 - 4
    with upgraded.read() as session:
        reached = {card.key: {channel: address for channel, address in card.addresses().items()
                              if channel in ("sms", "email", "console")} for card in roster.everybody(session)}
        assert reached["zhou"] == {"sms": "+8613800000001", "email": "zhou@example.com", "console": "zhou"}
        assert reached["wu"] == {"sms": "+8613800000002", "console": "wu"}
        assert reached["wei"] == {"email": "wei@example.com", "console": "wei"}
        assert "yang" not in reached
        assert roster.person(session, "yang").contacts == ()


def test_who_was_reminded_counts_as_called(before: Rows, upgraded: Store) -> None:
    told = defaultdict(list)
    for message in before["message"]:
        if message["kind"] == m.REMINDER:
            told[message["incident_id"], message["step"], message["rung"], message["person"]].append(message["created_at"])
    with upgraded.read() as session:
        rows = session.scalars(select(Called)).all()
    assert {(row.incident_id, row.step, row.rung, row.person): (row.told_at, row.last_told_at) for row in rows} == \
        {call: (min(at), max(at)) for call, at in told.items()}
    assert {(row.answered_at, row.paused_until, row.stand_in_at, row.in_place_of) for row in rows} == {(None,) * 4}
    assert any(row.last_told_at > row.told_at for row in rows)


def test_attempts_still_belong_to_their_messages_and_that_is_enforced_again(before: Rows, upgraded: Store) -> None:
    with upgraded.read() as session:
        found = {message.id: [(attempt.number, attempt.text) for attempt in message.attempts]
                 for message in session.scalars(select(Message))}
        if upgraded.is_sqlite:
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    assert found == {message["id"]: [(one["number"], one["text"]) for one in before["attempt"]
                                     if one["message_id"] == message["id"]] for message in before["message"]}
    with pytest.raises(IntegrityError), upgraded.write() as session:
        session.execute(delete(Message).where(Message.id == next(id for id, tries in found.items() if tries)))
    with pytest.raises(IntegrityError), upgraded.write() as session:
        session.add(Attempt(message_id=9_999, number=1, engine="e", started_at=NOW, text=""))


def test_the_ledgers_verify_as_before_and_agree_with_what_is_shown(upgraded: Store) -> None:
    with upgraded.read() as session:
        for incident in session.scalars(select(Incident)).unique().all():
            assert ledger.verify(session, incident).broken is None, incident.number
            exported = verify_lines(io.BytesIO(b"".join(ledger.export(session, incident.id))))
            assert (exported.broken, exported.incident) == (None, incident.number)
            assert bool(exported.erased_texts) == (incident.texts_erased_at is not None)


def test_the_guards_of_the_old_ledger_hold_and_those_of_the_new_one_are_there(upgraded: Store) -> None:
    for statement in ("UPDATE ledger_entry SET hash = 'x'", "DELETE FROM ledger_entry", "UPDATE ledger_text SET text = 'x'",
                      "INSERT INTO administration_entry VALUES (2, 'x', '', 'x')"):
        with pytest.raises(Exception, match=r"the ledger only grows|a text of the ledger"), upgraded.write() as session:
            session.execute(text(statement))


def test_old_incidents_can_be_read(upgraded: Store) -> None:
    """Their entries know nothing of what later versions write into theirs."""
    views = Views(upgraded, ZONE, lambda message, now: "", lambda: ())
    for number, steps in (("2026-0001", 2), ("2026-0002", 0), ("Y2026-0001", 1)):
        incident = views.incident(number, NOW)
        entries = views.timeline(incident.id).entries
        assert {entry.sequence for entry in entries} <= {entry["sequence"] for entry in views.entries(incident.id)}
        assert "RungRaised" in {entry.kind for entry in entries}
        assert views.messages(NOW, incident_id=incident.id)
        assert len(views.step_calls(number, NOW)) == steps
    open_calls = {(call.person.key, call.is_outstanding) for step in views.step_calls("2026-0001", NOW) for call in step.calls}
    assert open_calls == {(key, True) for key in ("zhou", "wu", "zheng", "feng")}


def test_every_page_of_an_old_database_opens(upgraded: Store, tmp_path: Path) -> None:
    house = House.over(upgraded.url.render_as_string(hide_password=False), tmp_path, now=NOW)
    try:
        for person, pages in (("zhou", ("/", "/incidents", "/outbox", "/readiness", "/roster", "/forecast")),
                              ("shen", ("/directory", "/administration"))):
            visitor = house.client(person)
            paths = [*pages, *(f"/incidents/{number}{page}" for number in ("2026-0001", "2026-0002", "Y2026-0001")
                               for page in ("", "/forecast"))]
            assert {path: visitor.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    finally:
        house.close()


def test_the_engine_goes_on_where_the_old_one_was_stopped(upgraded: Store) -> None:
    clock = VirtualClock(NOW)
    channels = {name: RecordingChannel(name, clock) for name in ("sms", "email")}

    def text_of(message: Message, now: datetime) -> str:
        return f"{message.kind} {message.reference}"

    sender = Sender(upgraded, channels, clock, "engine-2", text_of, lambda language: Phrases(language, ZONE),
                    lambda: None, Settler(upgraded).settle)
    with upgraded.write() as session:
        assert queue.rescue(session, is_lost=lambda message: True, now=NOW) == 3
    ticker = Ticker(upgraded, lambda session: channels, ZONE)
    assert ticker.tick(NOW).raised == 0  # the call of 14:31 was raised by the old engine
    clock.advance(MINUTE / 2)
    sender.turn()
    told = [one for channel in channels.values() for one in channel.told]
    assert len(told) == 3  # what waited of the drill that was running stays in the house
    assert all(one.is_copy for one in told)
    for minutes, step, rung, repeat, people in (
            (4, "preliminary_report", 2, 0, {"+8613800000001", "zhou@example.com", "+8613800000002"}),
            (5, "phone_report", 4, 2, {"+8613800000006", "feng@example.com"})):
        clock.move_to(NOW + minutes * MINUTE)
        assert ticker.tick(clock.now()).raised == 1
        sender.turn()
        fresh = [one for channel in channels.values() for one in channel.told if one.at == clock.now()]
        assert {(one.incident, one.step, one.rung, one.repeat) for one in fresh} == {("2026-0001", step, rung, repeat)}
        assert {one.to for one in fresh} == people
    with upgraded.read() as session:
        again = session.scalars(select(Called).where(Called.incident_id == 1, Called.rung == 4)).one()
        assert (again.person, again.last_told_at) == ("feng", clock.now())
        for incident in session.scalars(select(Incident)).unique().all():
            assert ledger.verify(session, incident).broken is None


def test_sqlite_enforces_references_in_every_later_transaction(sqlite_url: str) -> None:
    store = Store(sqlite_url)
    upgrade(store)
    for transaction in (store.read, store.write):
        with transaction() as session:
            assert session.scalar(text("PRAGMA foreign_keys")) == 1
    store.dispose()


# ── a migration that fails ────────────────────────────────────────────────────────────────────────────────


def shape(store: Store) -> object:
    inspector = inspect(store.engine)
    return {name: ([column["name"] for column in inspector.get_columns(name)], len(inspector.get_indexes(name)))
            for name in inspector.get_table_names()}


@pytest.mark.parametrize("obstacle", [
    "CREATE TABLE shift (id INTEGER)",  # at its beginning
    "CREATE INDEX uq_message_notice ON unit (name)",  # near its end: the messages have been made anew by then
])
def test_a_migration_that_fails_leaves_everything_as_it_was(old: Store, obstacle: str) -> None:
    with old.write() as session:
        session.execute(text(obstacle))
    rows, before = rows_of(old), shape(old)
    with pytest.raises(CannotRun, match=r"could not be migrated and is unchanged: .*already exists"):
        upgrade(old)
    assert (current_revision(old), rows_of(old), shape(old)) == ("0001", rows, before)
    with old.write() as session:
        session.execute(text(f"DROP {' '.join(obstacle.split()[1:3])}"))
    upgrade(old)
    require_current(old)


def test_a_row_that_refers_to_nothing_stops_the_migration_of_sqlite(sqlite_url: str) -> None:
    """Nothing but a hand on the file can make one; the old tables are left for whoever mends it."""
    store = Store(sqlite_url)
    migrate(store, "0001")
    fill(store)
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # no transaction has begun: nothing was executed through SQLAlchemy
        raw.execute("UPDATE attempt SET message_id = 9999 WHERE id = 1")
        raw.execute("PRAGMA foreign_keys=ON")
    rows, before = rows_of(store), shape(store)
    with pytest.raises(CannotRun, match="could not be migrated and is unchanged: rows would refer to nothing"):
        upgrade(store)
    assert (current_revision(store), rows_of(store), shape(store)) == ("0001", rows, before)
    with pytest.raises(IntegrityError), store.write() as session:  # and references are enforced again
        session.execute(text("INSERT INTO attempt (message_id, number, engine, started_at, detail, text) "
                             "VALUES (8888, 1, 'e', '2026-03-12', '', '')"))
    store.dispose()

