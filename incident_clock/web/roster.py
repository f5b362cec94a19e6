"""The duty roster: two weeks at a glance, who is on duty now, and the address of one's own calendar.

Every page of the blueprint is listed here; the forms stand in `roster_editing.py`, `roster_removing.py`,
`roster_planning.py` and `roster_upload.py`.
"""

from collections.abc import Callable
from datetime import date, timedelta

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from incident_clock.people import calendar_feed
from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.rest_days import read_rest_days
from incident_clock.views import roster as views
from incident_clock.web import roster_editing, roster_planning, roster_removing, roster_upload
from incident_clock.web.context import assembly, me, now, phrases, zone
from incident_clock.web.forms import YEARS
from incident_clock.web.guard import actor, must_be_signed_in
from incident_clock.web.telling import Telling
from incident_clock.web.telling_roster import RosterWords

PAGE = timedelta(days=views.DAYS)

pages = Blueprint("roster", __name__)
pages.url_value_preprocessor(roster_upload.allow_a_file)
pages.before_request(must_be_signed_in)


@pages.get("/roster")
def show() -> ResponseReturnValue:
    """Two weeks from the duty day that is running, or from the day asked for."""
    today = (now().astimezone(zone()) - timedelta(hours=assembly().settings.handover_time.hour,
                                                  minutes=assembly().settings.handover_time.minute)).date()
    first = _asked_day() or today
    rest_days = read_rest_days(assembly().settings.holidays)
    with assembly().store.read() as session:
        seen = views.roster_view(session, first=first, now=now(), zone=zone(), day_kind=rest_days.kind,
                                 handover_time=assembly().settings.handover_time)
    near = {"earlier": first - PAGE, "later": first + PAGE}
    return render_template(
        "roster.html", seen=seen, today=today, first=first, roles=ROSTERED_ROLES, words=_words(),
        near={name: day if day.year in YEARS else None for name, day in near.items()},
        handover=f"{assembly().settings.handover_time:%H:%M}",
        unknown_years=sorted({day.day.year for day in seen.days if not rest_days.knows_year(day.day.year)}))


@pages.post("/roster/calendar")
def calendar() -> ResponseReturnValue:
    """A new address of the reader's own calendar. Shown here and never again: it stands in no link and no cookie."""
    card = me()
    assert card is not None
    with assembly().store.write() as session:
        token = calendar_feed.give_feed(session, card.key, actor=actor(), now=now())
    address = f"{assembly().settings.public_url.rstrip('/')}{url_for('calendar.feed', token=token)}"
    return render_template("roster_calendar.html", address=address)


@pages.get("/roster/calendar")
def about_calendar() -> ResponseReturnValue:
    """What a subscription is, and the button for a new address."""
    card = me()
    assert card is not None
    with assembly().store.read() as session:
        has_one = calendar_feed.has_feed(session, card.key)
    return render_template("roster_calendar.html", address="", has_one=has_one)


ROUTES: tuple[tuple[str, str, str, Callable[..., ResponseReturnValue]], ...] = (  # method, path, name, view
    ("GET", "/roster/shifts/new", "shift", roster_editing.shift),
    ("POST", "/roster/shifts/new", "add_shift", roster_editing.add_shift),
    ("GET", "/roster/shifts/<int(max=2147483647):shift>/remove", "shift_removal", roster_removing.shift_removal),
    ("POST", "/roster/shifts/<int(max=2147483647):shift>/remove", "remove_shift", roster_removing.remove_shift),
    ("GET", "/roster/covers/new", "cover", roster_editing.cover),
    ("POST", "/roster/covers/new", "enter_cover", roster_editing.enter_cover),
    ("GET", "/roster/covers/<int(max=2147483647):cover>/remove", "cover_removal", roster_removing.cover_removal),
    ("POST", "/roster/covers/<int(max=2147483647):cover>/remove", "remove_cover", roster_removing.remove_cover),
    ("GET", "/roster/swap", "swap", roster_editing.swap),
    ("POST", "/roster/swap", "enter_swap", roster_editing.enter_swap),
    ("GET", "/roster/plan", "plan", roster_planning.blank),
    ("POST", "/roster/plan", "save_plan", roster_planning.save),
    ("GET", "/roster/import", "upload", roster_upload.blank),
    ("POST", "/roster/import", "take_upload", roster_upload.take),
    ("GET", "/roster/export.<kind>", "export", roster_upload.export),
)
for method, path, name, view in ROUTES:
    pages.add_url_rule(path, name, view, methods=[method])


def _asked_day() -> date | None:
    try:
        day = date.fromisoformat(request.args.get("since", ""))
    except ValueError:
        return None
    return day if day.year in YEARS else None


def _words() -> RosterWords:
    return RosterWords(Telling(phrases(), now()))
