"""Calls about the files of an incident: attach one as evidence, list them, download one."""

from typing import Any

from apiflask.schemas import FileSchema
from flask import Response, request, url_for
from pydantic import Field

from incident_clock.people import access
from incident_clock.registry import attachments
from incident_clock.registry.attachments import FileView, Upload
from incident_clock.views import incidents, plain
from incident_clock.web.api.answers import Instant, Told, answer
from incident_clock.web.api.asked import Evidence
from incident_clock.web.api.bearer import actor, bearer
from incident_clock.web.api.calls import FORM_WITH_FILE, api, call, reference, request_key
from incident_clock.web.api.document import problems
from incident_clock.web.attachments import LARGEST_BODY, handed_out
from incident_clock.web.context import assembly, now

UPLOAD = "api.attach_file"


class File(Told):
    id: int
    sequence: int = Field(description="Its entry in the timeline.")
    about: int | None = Field(description="Sequence of the entry it is evidence for; null: the incident as a whole.")
    supersedes: int | None = Field(description="Sequence of the file's entry whose place it took.")
    superseded_by: int | None
    name: str
    media_type: str = Field(description="By its content, whatever its name says.")
    size: int = Field(description="Bytes.")
    sha256: str
    attached_at: Instant


class Files(Told):
    files: list[File]


@api.url_value_preprocessor
def allow_a_file(endpoint: str | None, values: dict[str, object] | None) -> None:
    """Runs before the body is read: this one call takes more than words."""
    if endpoint == UPLOAD:
        request.max_content_length = LARGEST_BODY


@call("POST", "/incidents/<id>/files", needs=access.LOG, takes=Evidence, location=FORM_WITH_FILE, gives=File,
      status=201)
def attach_file(id: str, asked: Evidence) -> Response:
    """Keep a file as evidence. It is never replaced; a later one may supersede it."""
    upload = Upload(name=asked.file.filename or "", content=asked.file.read(), about=asked.about,
                    supersedes=asked.supersedes)
    made = assembly().desk.attach(reference(id), upload, actor=actor(), now=now(), key=request_key())
    found = next(one for one in _files(id) if one.id == made)
    return answer(_told(found), 201, headers={"Location": url_for("api.download_file", id=id, file=made)})


@call("GET", "/incidents/<id>/files", needs=access.READ, gives=Files)
def list_files(id: str) -> Response:
    """List the files of an incident in the order they came, superseded ones included."""
    return answer({"files": [_told(one) for one in _files(id)]})


@api.get("/incidents/<id>/files/<file>")
@api.auth_required(bearer, roles=[access.READ])
@api.doc(operation_id="download_file", responses=problems([401, 403, 404, 503]))
@api.output(FileSchema, content_type="*/*")
def download_file(id: str, file: str) -> Response:
    """Download a file."""
    with assembly().store.read() as session:
        incident = incidents.find(session, reference(id))
    number = reference(file)
    return handed_out(incident.id, number if isinstance(number, int) else 0)


def _files(id: str) -> list[FileView]:
    with assembly().store.read() as session:
        return attachments.listed(session, incidents.find(session, reference(id)).id)


def _told(file: FileView) -> dict[str, Any]:
    return {"id": file.id, "sequence": file.sequence, "about": file.about, "supersedes": file.supersedes,
            "superseded_by": file.superseded_by, "name": file.name, "media_type": file.media_type, "size": file.size,
            "sha256": file.sha256, "attached_at": plain.instant(file.attached_at, assembly().zone)}
