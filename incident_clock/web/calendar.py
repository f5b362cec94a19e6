"""One's own shifts as a calendar other programs subscribe to. The address is the key; nothing in it but shifts.

It answers the same bytes while nothing changed, so that a subscriber asks "anything new?" and mostly hears no.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, timedelta
from urllib.parse import urlsplit

from flask import Blueprint, abort, make_response, request
from flask.typing import ResponseReturnValue
from icalendar import Calendar, Event, vDuration

from incident_clock.people import calendar_feed, roster
from incident_clock.people.calendar_feed import Subscriber
from incident_clock.phrases import N_, Phrases
from incident_clock.views.roster import Part, ShiftView, duties_of
from incident_clock.web.context import assembly, now
from incident_clock.web.telling import Telling
from incident_clock.web.telling_roster import RosterWords

LOOK_BACK, LOOK_AHEAD = timedelta(days=31), timedelta(days=366)
ASK_AGAIN = timedelta(hours=1)  # how often a subscriber may look
FRESH_FOR_S = 300

pages = Blueprint("calendar", __name__)


@pages.get("/calendar/<token>.ics")
def feed(token: str) -> ResponseReturnValue:
    with assembly().store.read() as session:
        found = calendar_feed.subscriber(session, token)
        if found is None:
            abort(404)
        duties = list(duties_of(session, found.card.key, now() - LOOK_BACK, now() + LOOK_AHEAD, now()))
        bureau = roster.bureau(session).short_name
    content = _calendar(found, duties, bureau).to_ical()
    response = make_response(content)
    response.headers["Content-Type"] = "text/calendar; charset=utf-8"
    response.headers["Content-Disposition"] = 'inline; filename="duty.ics"'
    response.headers["Cache-Control"] = f"private, max-age={FRESH_FOR_S}"
    response.set_etag(hashlib.sha256(content).hexdigest())
    return response.make_conditional(request)


def _calendar(subscriber: Subscriber, duties: Iterable[tuple[ShiftView, Part]], bureau: str) -> Calendar:
    phrases = assembly().phrases(subscriber.card.language)
    calendar = Calendar()
    calendar.add("prodid", "-//incident-clock//duty roster//ZH")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", phrases.say(N_("值班 %(name)s"), name=f"{subscriber.card.name} {bureau}".strip()))
    calendar.add("refresh-interval", vDuration(ASK_AGAIN))
    calendar.add("x-published-ttl", vDuration(ASK_AGAIN))
    for uid, shift, part in _named(duties):
        calendar.add_component(_event(uid, shift, part, subscriber, phrases))
    return calendar


def _named(duties: Iterable[tuple[ShiftView, Part]]) -> Iterator[tuple[str, ShiftView, Part]]:
    """Each stretch with a name that stays: its shift's, and a number from the second stretch of that shift on."""
    host = urlsplit(assembly().settings.public_url).hostname
    counted: dict[int, int] = {}
    for shift, part in duties:
        counted[shift.id] = counted.get(shift.id, 0) + 1
        more = f"-{counted[shift.id]}" if counted[shift.id] > 1 else ""
        yield f"shift-{shift.id}{more}@{host}", shift, part


def _event(uid: str, shift: ShiftView, part: Part, subscriber: Subscriber, phrases: Phrases) -> Event:
    words = RosterWords(Telling(phrases, subscriber.since))
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", subscriber.since.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", part.from_at.astimezone(UTC))
    event.add("dtend", part.until_at.astimezone(UTC))
    event.add("summary", phrases.say(N_("值班：%(role)s"), role=words.telling.role(shift.role)))
    if part.of is not None:
        event.add("description", words.who(part))
    return event
