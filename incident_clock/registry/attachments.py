"""Files as evidence: attach, list, hand out, destroy, and compare with the ledger. None is ever replaced.

A file's row goes with its `FileAttached` entry; the entry holds the SHA-256 of the content for good.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from incident_clock.errors import Conflict, Invalid, NotFound
from incident_clock.ledger.chain import ERASURE, Broken
from incident_clock.ledger.fact import Actor, Erasable
from incident_clock.phrases import N_
from incident_clock.registry import ledger
from incident_clock.registry.attachment_tables import Attachment
from incident_clock.registry.case import refuse_closed
from incident_clock.registry.drafts import checked_line
from incident_clock.registry.facts import FileAttached
from incident_clock.registry.file_kinds import kind_of
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.registry.tables import Incident, LedgerEntry
from incident_clock.store.writing import changed

MB = 1024 * 1024  # bytes
LARGEST_FILE = 10 * MB
MOST_FILES = 50  # of one incident, superseded ones included
MOST_BYTES = 100 * MB  # of all files of one incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as handed in. `about` and `supersedes` are sequences of the incident's ledger."""

    name: str
    content: bytes = field(repr=False)
    about: int | None = None
    supersedes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """What is known of a file without its content. `superseded_by`: the entry of the file that took its place."""

    id: int
    sequence: int
    about: int | None
    supersedes: int | None
    superseded_by: int | None
    name: str
    media_type: str
    size: int
    sha256: str
    attached_at: datetime


# ── the verb ──────────────────────────────────────────────────────────────────────────────────────────────

def attach(session: Session, incident: Incident, upload: Upload, *, actor: Actor, now: datetime) -> int:
    """Keep a file as evidence of a locked, open incident; gives its id.

    Raises Conflict (closed, the same bytes are there already, superseded already), Invalid, NotFound.
    """
    refuse_closed(incident)
    upload = _checked(session, incident.id, upload)
    kind = kind_of(upload.content, upload.name)
    sha256 = hashlib.sha256(upload.content).hexdigest()
    sequence = ledger.append(session, incident, FileAttached(
        happened_at=now, about=upload.about, name=Erasable(upload.name), media_type=kind.media_type,
        size=len(upload.content), sha256=sha256, supersedes=upload.supersedes), actor=actor, now=now)
    row = Attachment(
        incident_id=incident.id, sequence=sequence, about=upload.about, supersedes=upload.supersedes, name=upload.name,
        media_type=kind.media_type, size=len(upload.content), sha256=sha256, content=upload.content, attached_at=now)
    session.add(row)
    session.flush()
    return row.id


def _checked(session: Session, incident_id: int, upload: Upload) -> Upload:
    """The upload with its name tidied and `about` filled from what it supersedes."""
    name = tidy_name(upload.name)
    if not upload.content:
        raise Invalid(N_("“%(name)s”是空文件，请核对后再传"), field="file", name=name)
    if len(upload.content) > LARGEST_FILE:
        raise Invalid(N_("“%(name)s”超过%(limit)s MB。请压缩、截取要紧的部分或分成几个文件再传"), field="file",
                      name=name, limit=LARGEST_FILE // MB)
    files = listed(session, incident_id)
    about = upload.about
    if upload.supersedes is not None:
        about = _superseded(files, upload).about
    elif about is not None and not _has_entry(session, incident_id, about):
        raise NotFound(N_("本事件没有第%(sequence)s条记录"), field="about", sequence=about)
    _refuse_repeated(files, upload.content, about)
    _refuse_too_many(files, upload)
    return replace(upload, name=name, about=about)


def tidy_name(name: str) -> str:
    """The name of a file without the folders it came from. Raises Invalid for one with invisible characters."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return checked_line("file", last.strip(". ") and last) or "附件"


def _superseded(files: list[FileView], upload: Upload) -> FileView:
    found = next((one for one in files if one.sequence == upload.supersedes), None)
    if found is None:
        raise NotFound(N_("本事件第%(sequence)s条记录不是附件，不能由这个文件代替"), field="supersedes",
                       sequence=upload.supersedes)
    if upload.about not in (None, found.about):
        raise Invalid(N_("代替的附件不在这条记录上，请核对"), field="supersedes")
    if found.superseded_by is not None:
        raise Conflict(N_("“%(name)s”已由第%(sequence)s条记录的附件代替"), field="supersedes", name=found.name,
                       sequence=found.superseded_by)
    return found


def _has_entry(session: Session, incident_id: int, sequence: int) -> bool:
    if not 0 < sequence <= LARGEST_ID:
        return False
    found = select(LedgerEntry.sequence).filter_by(incident_id=incident_id, sequence=sequence)
    return session.scalar(found) is not None


def _refuse_repeated(files: list[FileView], content: bytes, about: int | None) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    earlier = next((one for one in files if one.sha256 == sha256 and one.about == about), None)
    if earlier is not None:
        raise Conflict(N_("这个文件已经在附件里了：“%(name)s”，见第%(sequence)s条记录，未重复保存"), field="file",
                       name=earlier.name, sequence=earlier.sequence)


def _refuse_too_many(files: list[FileView], upload: Upload) -> None:
    if len(files) >= MOST_FILES:
        raise Conflict(N_("一个事件最多%(limit)s个附件，已经满了"), field="file", limit=MOST_FILES)
    left = MOST_BYTES - sum(one.size for one in files)
    if len(upload.content) > left:
        raise Conflict(N_("一个事件的附件合计最多%(limit)s MB，还剩%(left)s MB"), field="file", limit=MOST_BYTES // MB,
                       left=f"{left / MB:.1f}")


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────

def listed(session: Session, incident_id: int) -> list[FileView]:
    """The files of an incident in the order they came, without their contents."""
    rows = session.scalars(select(Attachment).filter_by(incident_id=incident_id).order_by(Attachment.sequence)).all()
    after = {row.supersedes: row.sequence for row in rows if row.supersedes is not None}
    return [_view(row, after.get(row.sequence)) for row in rows]


def content_of(session: Session, incident_id: int, file_id: int) -> tuple[FileView, bytes]:
    """A file with its content. Raises NotFound, also for a file of another incident."""
    row = session.scalar(select(Attachment).filter_by(incident_id=incident_id, id=file_id)) \
        if 0 < file_id <= LARGEST_ID else None
    if row is None:
        raise NotFound(N_("没有这个附件，或已按规定销毁"))
    return _view(row, None), row.content


def id_of(session: Session, incident_id: int, upload: Upload) -> int:
    """The id under which these bytes were kept. Raises NotFound when they have been destroyed since."""
    sha256, about = hashlib.sha256(upload.content).hexdigest(), upload.about
    found = next((one.id for one in listed(session, incident_id) if one.sha256 == sha256
                  and one.supersedes == upload.supersedes and about in (None, one.about)), None)
    if found is None:
        raise NotFound(N_("没有这个附件，或已按规定销毁"))
    return found


def _view(row: Attachment, superseded_by: int | None) -> FileView:
    return FileView(id=row.id, sequence=row.sequence, about=row.about, supersedes=row.supersedes,
                    superseded_by=superseded_by, name=row.name, media_type=row.media_type, size=row.size,
                    sha256=row.sha256, attached_at=row.attached_at)


# ── destroying and comparing ──────────────────────────────────────────────────────────────────────────────

def destroy(session: Session, incident_id: int) -> int:
    """Destroy the files of an incident with their names; gives how many. Hashes and sizes stay in its ledger."""
    return changed(session, delete(Attachment).where(Attachment.incident_id == incident_id))


def broken(session: Session, incident: Incident) -> Broken | None:
    """The first file that is not what its ledger entry says, byte for byte, or None. Needs a whole chain.

    Reads every content, one at a time: for verifying, not for a page.
    """
    entries = ledger.read(session, incident.id).entries
    erased = max((entry["sequence"] for entry in entries if entry["kind"] == ERASURE), default=0)
    attached = {entry["sequence"]: entry for entry in entries if entry["kind"] == FileAttached.__name__}
    files = {one.sequence: one for one in listed(session, incident.id)}
    found = [*_strays(files, attached), *_differing(session, incident.id, files, attached, erased)]
    return min(found, key=lambda one: one.sequence, default=None)


def _strays(files: dict[int, FileView], attached: dict[int, Any]) -> Iterator[Broken]:
    for sequence in files.keys() - attached.keys():
        yield Broken(sequence, "a file is kept that the ledger does not know")


def _differing(session: Session, incident_id: int, files: dict[int, FileView], attached: dict[int, Any],
               erased: int) -> Iterator[Broken]:
    for sequence, entry in attached.items():
        one, body = files.get(sequence), entry["body"]
        if one is None:
            if sequence > erased:
                yield Broken(sequence, "its file is gone although no later entry says that texts were erased")
            continue
        if any(getattr(one, name) != body[name] for name in ("about", "supersedes", "name", "media_type", "size")):
            yield Broken(sequence, "its file is shown otherwise than the ledger holds it")
        content = session.scalar(select(Attachment.content).filter_by(incident_id=incident_id, sequence=sequence))
        if {hashlib.sha256(content or b"").hexdigest(), one.sha256} != {body["sha256"]}:
            yield Broken(sequence, "its file is not the one that was hashed")
