"""`check`: settings, protocols, people, database and channels, every complaint at once."""

import sys
from datetime import timedelta
from urllib.parse import urlsplit

import click

from incident_clock.assembly import Assembly
from incident_clock.channels.base import is_loopback_host
from incident_clock.channels.mail_settings import read_imap_url
from incident_clock.cli.desk import as_json, print_json
from incident_clock.cli.main import FINDING
from incident_clock.cli.templates import complaints, readiness_of_filed
from incident_clock.engine.noticing import ADMINISTRATOR
from incident_clock.errors import CannotRun, ConfigError, Invalid
from incident_clock.people import gap_words, roster
from incident_clock.people.access import role_title
from incident_clock.people.calling import usable
from incident_clock.people.outside import outside_addresses
from incident_clock.people.readiness import Gap, holes
from incident_clock.people.readiness_days import WeakPlace
from incident_clock.phrases import Phrases
from incident_clock.protocol.loading import warnings_of
from incident_clock.settings import read_settings
from incident_clock.store.migrating import require_current
from incident_clock.store.session import WAL_SAFE_FROM, linked_sqlite_version
from incident_clock.views import readiness

SOON = timedelta(hours=24)  # a gap that begins within this is an error
REST_DAYS_AHEAD = timedelta(days=45)  # how early a year without its notice of rest days is mentioned


@click.command()
@as_json
def check(is_json: bool) -> None:
    """Look over settings, protocols, people, database and channels; exit 1 when anything is wrong."""
    assembly = Assembly.of(read_settings())
    errors: list[str] = []
    notes: list[str] = []
    for look in (_protocols, _database, _channels, _people, _sms_texts, _rest_days, _drills):
        try:
            look(assembly, errors, notes)
        except ConfigError as error:
            errors.extend(error.problems)
        except CannotRun as error:
            errors.append(str(error))
    errors = list(dict.fromkeys(errors))  # two looks may meet the same obstacle
    if is_json:
        print_json({"errors": errors, "notes": notes})
    else:
        for line in errors:
            click.echo(f"error: {line}")
        for line in notes:
            click.echo(f"note: {line}")
        click.echo(f"{len(errors)} errors, {len(notes)} notes.", err=True)
    if errors:
        sys.exit(FINDING)


def _protocols(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    for protocol in assembly.protocols.values():
        notes.append(f"protocol {protocol.key} {protocol.version}, {len(protocol.steps)} steps, "
                     f"hash {protocol.content_hash()[:12]}")
        notes.extend(warnings_of(protocol))


def _database(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    require_current(assembly.store)
    assembly.store.require_writable()
    notes.append(f"database {assembly.store.described()}, journal {assembly.store.journal()}")
    if assembly.store.is_sqlite and linked_sqlite_version() < WAL_SAFE_FROM:
        notes.append(f"SQLite {'.'.join(map(str, linked_sqlite_version()))} is linked: WAL is not safe for two writing "
                     "processes before 3.51.3, so journal_mode=TRUNCATE is used")


def _channels(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    for name, channel in assembly.channels.items():
        errors.extend(f"channel {name}: {problem}" for problem in channel.problems())
    notes.append(f"channels {', '.join(assembly.channels)}")
    host = urlsplit(assembly.settings.public_url).hostname or ""
    if is_loopback_host(host) and any(not channel.is_loopback for channel in assembly.channels.values()):
        notes.append(f"links in e-mails lead to {assembly.settings.public_url}, which opens on this machine only; set "
                     "INCIDENT_CLOCK_PUBLIC_URL to the address people use")


    if assembly.settings.imap_url:
        read_imap_url(assembly.settings.imap_url.get_secret_value())
    elif assembly.settings.mail_expects_receipt:
        notes.append("INCIDENT_CLOCK_MAIL_RECEIPTS is on and IMAP_URL is not set: no receipt can come in, so that "
                     "every mail is followed by another way after 120 s")


def _sms_texts(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    """What providers would say of the texts, and which of them a gateway of filed texts still lacks."""
    require_current(assembly.store)
    with assembly.store.read() as session:
        signature = roster.bureau(session).short_name
    wrong, dear = complaints(assembly.phrases("zh"), signature)
    errors.extend(wrong)
    notes.extend(dear)
    channel = assembly.channels.get("sms")
    if channel is not None:
        errors.extend(readiness_of_filed(assembly.settings, is_two_way=channel.is_two_way))


def _rest_days(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    soon = (assembly.clock.now().astimezone(assembly.zone) + REST_DAYS_AHEAD).year
    if not assembly.rest_days.knows_year(soon):
        notes.append(f"the rest days and make-up workdays of {soon} are not known yet; once their notice is out, "
                     "update the incident clock or write them into a file named by INCIDENT_CLOCK_HOLIDAYS")


def _drills(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    """Who may be told of a drill; nobody outside the bureau ever is."""
    book = assembly.drill_book
    if book.is_empty:
        notes.append("drills are told on the page Outbox only; to tell people, write a drill address book and name it "
                     "in INCIDENT_CLOCK_DRILL_PEOPLE")
        return
    require_current(assembly.store)
    with assembly.store.read() as session:
        outside, known = outside_addresses(session), {card.key for card in roster.everybody(session)}
    book.require_no_outside(outside)
    robots = f", robots {', '.join(sorted(book.robots))}" if book.robots else ""
    notes.append(f"drill address book: {len(book.contacts)} people{robots}")
    notes.extend(f"drill address book: {key} is nobody in the directory" for key in book.contacts if key not in known)


def _people(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    require_current(assembly.store)
    with assembly.store.read() as session:
        is_empty, bureau = roster.is_empty(session), roster.bureau(session)
        count = len(roster.everybody(session))
    if is_empty:
        errors.append("The directory is empty: nobody can be told. Run `incident-clock people import FILE`.")
        return
    example = " (the fictional example: nothing leaves this machine)" if bureau.is_example else ""
    notes.append(f"directory of {bureau.name}, {count} people{example}")
    _readiness(assembly, errors, notes)


def _readiness(assembly: Assembly, errors: list[str], notes: list[str]) -> None:
    """What the readiness board shows: gaps soon are errors, later ones and weak places are notes."""
    words, now = Phrases("en", assembly.zone), assembly.clock.now()
    with assembly.store.read() as session:
        channels = assembly.enabled_channels(session)
        seen = readiness.readiness(session, assembly.protocols.values(), channels=channels, now=now,
                                   zone=assembly.zone)
        is_told = any(usable(holder.card, None, channels) for holder in roster.who_is(session, ADMINISTRATOR, now))
    if not channels:
        errors.append(words.refusal(Invalid(readiness.NO_CHANNEL), seen=now))
        return
    if not is_told:
        errors.append("No administrator can be reached: nobody would hear of a gap. Give somebody with the role admin "
                      "a phone or an e-mail address, or switch on a channel he has.")
    if not seen.is_rostered:
        notes.append("no roster: whoever has a role in the directory counts as on duty in it")
    soon = [gap for gap in seen.board.gaps if gap.from_at < now + SOON]
    errors.extend(_gap(gap, words) for gap in soon)
    later = holes(gap for gap in seen.board.gaps if gap not in soon)
    notes.extend(f"gap {gap_words.hole_line(hole, words)}" for hole in later)
    notes.extend(f"weak from {place.day}: {_weak(place, words)}" for place in seen.board.weak)


def _gap(gap: Gap, words: Phrases) -> str:
    reaches = "reaches nobody" if gap.is_empty else "reaches others, but nobody is on duty"
    return (f"{words.moment(gap.from_at)} to {words.moment(gap.until_at)}: protocol {gap.protocol}, {gap.step}, "
            f"rung {gap.rung} {reaches} ({gap_words.reasons(gap.lacks, words)})")


def _weak(place: WeakPlace, words: Phrases) -> str:
    if place.person is None:
        return gap_words.reasons((place.lack,), words) if place.lack else ""
    return f"{words.say(role_title(place.role))} {place.person.card.name}: {gap_words.weakness(place.person, words)}"
