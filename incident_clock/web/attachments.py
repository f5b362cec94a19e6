"""The files of an incident: list, attach, hand out. A file is only ever downloaded, never shown by a browser."""

import secrets
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from incident_clock.errors import Invalid, Refusal
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry import attachments
from incident_clock.registry.attachments import LARGEST_FILE, MB, FileView, Upload
from incident_clock.registry.file_kinds import KINDS, download_name
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.views.shapes import IncidentView
from incident_clock.views.timeline import WORK
from incident_clock.web import forms, telling_files
from incident_clock.web.context import assembly, now, phrases, sentences
from incident_clock.web.guard import actor, allows, must_be_signed_in, require
from incident_clock.web.telling import Telling
from incident_clock.web.telling_timeline import Timeline

LARGEST_BODY = LARGEST_FILE + 2 * MB  # bytes: a file a little too large is told so by name
READ_ON_BYTES = 64 * MB  # of a body that is refused: a browser shows an answer only when it has sent everything
CHUNK_BYTES = 64 * 1024
UPLOAD = "attachments.attach"
LABEL_LIMIT = 40  # characters of an entry among the choices
PLACES = {"about": "file-about", "supersedes": "file-supersedes"}  # field → its id among the other forms of a page
NOT_RENDERED = "sandbox; default-src 'none'"
ACCEPTED = ",".join(f".{ending}" for kind in KINDS.values() for ending in kind.endings)

pages = Blueprint("attachments", __name__)


@dataclass(frozen=True, slots=True)
class Section:
    """What `_files.html` prints. `entries`: what a file can be evidence for, as (sequence, words), newest first."""

    files: list[FileView]
    entries: list[tuple[int, str]]
    may_attach: bool
    is_open: bool
    largest: int = LARGEST_FILE // MB
    accepted: str = ACCEPTED

    def size(self, file: FileView) -> str:
        return telling_files.size(file.size)

    def kind(self, file: FileView) -> str:
        return telling_files.kind(file.media_type, phrases())


@pages.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: dict[str, object] | None) -> None:
    """Runs before the form is read: this one address takes more than a form of words."""
    if endpoint == UPLOAD:
        request.max_content_length = LARGEST_BODY


pages.before_request(must_be_signed_in)


@pages.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    read_on()
    said = phrases().say(N_("每个附件最多%(limit)s MB。请压缩、截取要紧的部分或分成几个文件再传"),
                         limit=LARGEST_FILE // MB)
    return make_response(render_template("error.html", code=413, heading=N_("文件太大，没有保存"), advice="",
                                         sentence=said), 413)


@pages.get("/incidents/<number>/files")
def show(number: str) -> ResponseReturnValue:
    """The files alone, with the form: where an upload that was refused comes back to."""
    return _page(number)


@pages.post("/incidents/<number>/files")
def attach(number: str) -> ResponseReturnValue:
    require(access.LOG)
    try:
        upload = _read()
        assembly().desk.attach(number, upload, actor=actor(), now=now(), key=forms.request_key(request.form))
    except Refusal as refusal:
        return _page(number, refusal)
    flash(phrases().say(N_("附件已保存，并记入时间轴：%(name)s"), name=attachments.tidy_name(upload.name)), "ok")
    return redirect(url_for("incidents.show", number=number, _anchor="files"), 303)


@pages.get(f"/incidents/<number>/files/<int(max={LARGEST_ID}):file>")
def download(number: str, file: int) -> ResponseReturnValue:
    incident = assembly().views.incident(number, now())
    return handed_out(incident.id, file)


def refilled(_form: MultiDict[str, str], number: str) -> ResponseReturnValue:
    """After a sign-in in the middle: what was chosen stayed with the browser."""
    flash(phrases().say(N_("已重新登录。文件没有保存，请重新选一次")), "note")
    return _page(number)


def section(incident: IncidentView, *, is_open: bool = False) -> Section:
    """The files of an incident for its page; `is_open`: with the form unfolded."""
    with assembly().store.read() as session:
        files = attachments.listed(session, incident.id)
    may_attach = allows(access.LOG) and incident.closed_at is None
    return Section(files, _entries(incident) if may_attach else [], may_attach, is_open)


def handed_out(incident_id: int, file: int) -> Response:
    """A file as a download, under a name whose ending says what it is. Raises NotFound."""
    with assembly().store.read() as session:
        found, content = attachments.content_of(session, incident_id, file)
    response = make_response(content)
    response.headers["Content-Type"] = found.media_type
    name = quote(download_name(found.name, found.media_type), safe="")
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    response.headers["Content-Security-Policy"] = NOT_RENDERED
    return response


def read_on() -> None:
    """Take in the rest of a refused body, within reason: a connection cut short shows no answer."""
    stream, left = request.environ["wsgi.input"], READ_ON_BYTES
    while left > 0 and (chunk := stream.read(min(CHUNK_BYTES, left))):
        left -= len(chunk)


def _read() -> Upload:
    """The file that was sent. Raises Invalid."""
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid(N_("请先选一个文件"), field="file")
    return Upload(name=sent.filename, content=sent.read(), about=_number("about"), supersedes=_number("supersedes"))


def _number(field: str) -> int | None:
    """The sequence chosen in a list. Raises Invalid for what is none."""
    text = request.form.get(field, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > LARGEST_ID:
        raise Invalid(N_("请选一项"), field=field)
    return int(text)


def _entries(incident: IncidentView) -> list[tuple[int, str]]:
    shown = assembly().views.timeline(incident.id, only=WORK).entries
    line = Timeline(Telling(phrases(), now()), incident)
    told = [(entry.sequence, line.entry(entry)) for entry in shown if entry.kind != "FileAttached"]
    return [(sequence, f"{words.kind} {words.text or words.struck}".strip()[:LABEL_LIMIT]) for sequence, words in told]


def _page(number: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """The files with the form. A refusal that is about no field of it goes on to its own page."""
    if refusal is not None and refusal.http_status == 404 and refusal.field is None:
        raise refusal
    incident = assembly().views.incident(number, now())
    told = [(PLACES.get(field or "", field), said) for field, said in sentences(refusal)] if refusal else []
    shown = render_template("files.html", incident=incident, files=section(incident, is_open=True), complaints=told,
                            key=secrets.token_urlsafe(16))
    return make_response(shown, refusal.http_status if refusal else 200)
