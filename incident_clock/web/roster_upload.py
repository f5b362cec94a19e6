"""A roster from a sheet and to a sheet. A file is taken whole or not at all; complaints name row and column."""

from collections.abc import Callable
from datetime import date, timedelta

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from incident_clock.errors import Invalid, Refusal
from incident_clock.office import LOOK_AHEAD
from incident_clock.people import roster
from incident_clock.people.sheets.reading import LARGEST_FILE, sheet_of
from incident_clock.people.sheets.roster_exporting import Rows, csv_of, roster_rows, xlsx_of
from incident_clock.people.sheets.roster_file import RosterFile, read_roster
from incident_clock.phrases import N_
from incident_clock.web.context import assembly, language, now, phrases, sentences, zone
from incident_clock.web.forms import YEARS
from incident_clock.web.guard import actor
from incident_clock.web.roster_editing import require_keeper
from incident_clock.web.telling import Telling
from incident_clock.web.telling_roster import RosterWords

LARGEST_BODY = LARGEST_FILE + 2 * 1024 * 1024  # bytes: a file a little too large is told so by name
UPLOAD = "roster.take_upload"
EXPORTED = timedelta(days=366)
WRITERS: dict[str, tuple[Callable[[Rows], bytes], str]] = {
    "csv": (csv_of, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_of, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def allow_a_file(endpoint: str | None, values: dict[str, object] | None) -> None:
    """Runs before the form is read: this one page takes more than a form of words."""
    if endpoint == UPLOAD:
        request.max_content_length = LARGEST_BODY


def blank() -> ResponseReturnValue:
    require_keeper()
    return _page()


def take() -> ResponseReturnValue:
    require_keeper()
    try:
        file = _read()
        done = assembly().office.take_roster(file, actor=actor(), now=now())
    except Refusal as refusal:
        return _page(refusal)
    words = RosterWords(Telling(phrases(), now()))
    said = N_("已导入%(shifts)s班：%(since)s 到 %(until)s。新增%(added)s班，替换%(replaced)s班")
    if not done.added and not done.replaced:
        said = N_("这张表里的%(shifts)s班值班表上都有了，没有改动")
    flash(phrases().say(said, shifts=done.shifts, since=words.at(done.from_at), until=words.at(done.until_at),
                        added=done.added, replaced=done.replaced), "ok")
    if done.past:
        flash(phrases().say(N_("表里另有%(past)s班已经值完，没有导入"), past=done.past), "note")
    if done.until_at < now() + LOOK_AHEAD:
        flash(phrases().say(N_("表到 %(until)s 为止，之后还没有人值班，请及时导入下一张"),
                            until=words.at(done.until_at)), "note")
    day = done.from_at.astimezone(zone()).date()
    return redirect(url_for("roster.show", since=day.isoformat()), 303)


def export(kind: str) -> ResponseReturnValue:
    """What is planned from today, or the day asked for, for a year on: as a file that can be imported again."""
    if kind not in WRITERS:
        abort(404)
    write, content_type = WRITERS[kind]
    try:
        first = date.fromisoformat(request.args.get("since", ""))
    except ValueError:
        first = now().astimezone(zone()).date()
    if first.year not in YEARS:
        abort(404)
    with assembly().store.read() as session:
        rows = roster_rows(session, first=first, last=first + EXPORTED, zone=zone(), language=language())
    response = make_response(write(rows))
    response.headers["Content-Type"] = content_type
    response.headers["Content-Disposition"] = f'attachment; filename="duty-roster-{first.isoformat()}.{kind}"'
    return response


def _read() -> RosterFile:
    """The roster in the file that was sent. Raises Refusal."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("请先选一个文件"), field="file")
    sheet = sheet_of(sent.filename, sent.read())
    with assembly().store.read() as session:
        people = roster.everybody(session)
    return read_roster(sheet, people=people, zone=zone(), handover_time=assembly().settings.handover_time)


def _page(refusal: Refusal | None = None) -> ResponseReturnValue:
    told = sentences(refusal) if refusal else []
    shown = render_template("roster_import.html", complaints=told, largest=LARGEST_FILE // (1024 * 1024),
                            handover=f"{assembly().settings.handover_time:%H:%M}")
    return make_response(shown, refusal.http_status if refusal else 200)
