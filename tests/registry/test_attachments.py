"""Files as evidence: told by their content, kept with their hash, never replaced, destroyed with the texts."""

import hashlib
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from incident_clock.errors import Conflict, Invalid, NotFound, Refusal
from incident_clock.ledger.chain import verify_lines
from incident_clock.registry import attachments, file_kinds, incidents, ledger
from incident_clock.registry.attachment_tables import Attachment
from incident_clock.registry.attachments import LARGEST_FILE, MB, FileView, Upload
from incident_clock.registry.facts import IncidentClosed, TextsErased
from incident_clock.registry.tables import Incident
from incident_clock.store.session import Store
from tests.support.bureau import WU, ZHOU
from tests.support.files import PDF, PNG, REFUSED, TAKEN
from tests.support.room import Room


def attach(room: Room, number: str, name: str = "报告.pdf", content: bytes = PDF, **more: object) -> int:
    return room.desk.attach(number, Upload(name=name, content=content, **more), actor=ZHOU, now=room.now)


def files(room: Room, number: str) -> list[FileView]:
    with room.store.read() as session:
        return attachments.listed(session, room.incident(number).id)


def close(room: Room, number: str) -> None:
    """As closing leaves an incident."""
    with room.store.write() as session:
        incident = incidents.locked(session, number)
        ledger.append(session, incident, IncidentClosed(happened_at=room.now, reason=None), actor=ZHOU, now=room.now)
        session.execute(update(Incident).values(closed_at=room.now).where(Incident.id == incident.id))


def broken(room: Room, number: str) -> tuple[int, str] | None:
    with room.store.read() as session:
        found = attachments.broken(session, incidents.locked(session, number))
    return (found.sequence, found.sentence) if found else None


# ── told by the content ───────────────────────────────────────────────────────────────────────────────────

@pytest.mark.parametrize("name", TAKEN)
def test_the_content_says_what_a_file_is_and_how_it_is_called_when_handed_out(name: str):
    content, media_type, handed_out = TAKEN[name]
    assert file_kinds.kind_of(content, name).media_type == media_type
    assert file_kinds.download_name(name, media_type) == handed_out


@pytest.mark.parametrize("name", REFUSED)
def test_programs_pages_and_what_nobody_knows_are_refused(name: str):
    with pytest.raises(Invalid) as refused:
        file_kinds.kind_of(REFUSED[name], name)
    assert refused.value.field == "file"


def test_a_file_cut_short_anywhere_is_taken_or_refused_with_a_sentence():
    for content, *_ in TAKEN.values():
        for length in range(1, min(len(content), 40)):
            with suppress(Invalid):
                assert file_kinds.kind_of(content[:length], "x").media_type in file_kinds.KINDS


@pytest.mark.parametrize(("given", "kept"), [
    ("../../etc/passwd.txt", "passwd.txt"), ("C:\\Users\\周甲\\桌面\\报告.pdf", "报告.pdf"), ("/a/b/", "附件"), ("..", "附件"),
    ("", "附件"), ("  现场   照片 .jpg ", "现场 照片 .jpg"), (".htaccess", ".htaccess")])
def test_a_name_loses_the_folders_it_came_from(given: str, kept: str):
    assert attachments.tidy_name(given) == kept


@pytest.mark.parametrize("name", ["报告\u202efdp.exe", "a\0.pdf", "a\r\nSet-Cookie: x.pdf\x1b", "名" * 201])
def test_a_name_that_reads_otherwise_than_it_is_is_refused(name: str):
    with pytest.raises(Invalid):
        attachments.tidy_name(name)


# ── kept ──────────────────────────────────────────────────────────────────────────────────────────────────

def test_a_file_is_kept_with_its_entry(room: Room):
    number = room.register()
    kept = attach(room, number, about=1)
    entry = room.entries(number, "FileAttached")[0]
    sha256 = hashlib.sha256(PDF).hexdigest()
    assert entry["body"] == {"about": 1, "name": "报告.pdf", "media_type": "application/pdf", "size": len(PDF),
                             "sha256": sha256, "supersedes": None}
    assert (entry["actor"], "报告" in entry["canonical"], sha256 in entry["canonical"]) == ("周甲", False, True)
    with room.store.read() as session:
        found, content = attachments.content_of(session, room.incident(number).id, kept)
    assert (content, found.sequence, found.sha256, found.attached_at) == (PDF, entry["sequence"], sha256, room.now)
    assert room.views.chain_state(room.incident(number).id).is_intact
    assert broken(room, number) is None


def test_ten_megabytes_are_taken_and_one_byte_more_is_not(room: Room):
    number = room.register()
    largest = PDF + bytes(LARGEST_FILE - len(PDF))
    attach(room, number, content=largest)
    assert files(room, number)[0].size == 10 * 1024 * 1024
    with pytest.raises(Invalid) as refused:
        attach(room, number, content=largest + b"x")
    assert refused.value.params == {"name": "报告.pdf", "limit": 10}
    with pytest.raises(Invalid):
        attach(room, number, content=b"")
    assert len(room.entries(number, "FileAttached")) == 1


def test_an_incident_keeps_so_many_files_and_bytes_and_no_more(room: Room, monkeypatch: pytest.MonkeyPatch):
    assert (attachments.MOST_FILES, attachments.MOST_BYTES) == (50, 100 * MB)
    monkeypatch.setattr(attachments, "MOST_FILES", 2)
    monkeypatch.setattr(attachments, "MOST_BYTES", 2 * len(PDF))
    number, other = room.register(), room.register(title="另一起")
    attach(room, number)
    with pytest.raises(Conflict):
        attach(room, number, content=PDF + b"xx")
    attach(room, number, content=PDF[:-1])
    with pytest.raises(Conflict):
        attach(room, number, content=PDF[:10])
    attach(room, other)


def test_the_same_bytes_on_the_same_entry_are_refused_and_named(room: Room):
    number = room.register()
    attach(room, number)
    with pytest.raises(Conflict) as refused:
        attach(room, number, "换了名字.pdf")
    assert refused.value.params == {"name": "报告.pdf", "sequence": files(room, number)[0].sequence}
    attach(room, number, about=1)
    assert len(files(room, number)) == 2


def test_a_file_is_superseded_once_and_stays(room: Room):
    number = room.register()
    attach(room, number, about=1)
    first = files(room, number)[0].sequence
    attach(room, number, "更清楚.png", PNG, supersedes=first)
    old, new = files(room, number)
    assert (old.superseded_by, new.about, new.supersedes) == (new.sequence, 1, first)
    for wrong, refusal in (({"supersedes": first}, Conflict), ({"supersedes": 1}, NotFound), ({"about": 99}, NotFound),
                           ({"about": 2**40}, NotFound), ({"about": 2, "supersedes": new.sequence}, Invalid)):
        with pytest.raises(refusal):
            attach(room, number, content=PDF + b" ", **wrong)
    assert broken(room, number) is None


def test_a_closed_incident_takes_no_file(room: Room):
    number = room.register()
    close(room, number)
    with pytest.raises(Conflict):
        attach(room, number)


def test_a_repeated_request_is_answered_with_the_same_file(room: Room):
    number = room.register()
    upload = Upload(name="报告.pdf", content=PDF, about=1)
    ids = {room.desk.attach(number, upload, actor=ZHOU, now=room.now, key="k") for _ in range(2)}
    assert [one.id for one in files(room, number)] == list(ids)
    with pytest.raises(Conflict):
        room.desk.attach(number, Upload(name="报告.pdf", content=PNG, about=1), actor=ZHOU, now=room.now, key="k")


def test_a_file_of_another_incident_is_not_found(room: Room):
    number, other = room.register(), room.register(title="另一起")
    kept = attach(room, number)
    with room.store.read() as session:
        for incident, file in ((room.incident(other).id, kept), (room.incident(number).id, 2**40)):
            with pytest.raises(NotFound):
                attachments.content_of(session, incident, file)


# ── destroyed, and compared with the ledger ───────────────────────────────────────────────────────────────

def test_destroying_takes_content_and_name_and_leaves_the_hash(room: Room):
    number, other = room.register(), room.register(title="另一起")
    attach(room, number)
    attach(room, other)
    with room.store.write() as session:
        incident = incidents.locked(session, number)
        assert attachments.destroy(session, incident.id) == 1
        ledger.erase_texts(session, incident.id)
    assert broken(room, number) == (2, "its file is gone although no later entry says that texts were erased")
    with room.store.write() as session:
        incident = incidents.locked(session, number)
        ledger.append(session, incident, TextsErased(happened_at=room.now, reason="x"), actor=WU, now=room.now)
    entry = room.entries(number, "FileAttached")[0]
    assert (files(room, number), entry["body"]["name"], entry["body"]["size"]) == ([], None, len(PDF))
    assert entry["body"]["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (broken(room, number), len(files(room, other))) == (None, 1)
    with room.store.read() as session:
        assert verify_lines(list(ledger.export(session, room.incident(number).id))).broken is None


@pytest.mark.parametrize(("changed", "said"), [
    ({"content": PDF[:-1] + b"x"}, "its file is not the one that was hashed"),
    ({"sha256": "0" * 64}, "its file is not the one that was hashed"),
    ({"name": "别的.pdf"}, "its file is shown otherwise than the ledger holds it"),
    ({"about": None}, "its file is shown otherwise than the ledger holds it"),
    ({"sequence": 1}, "a file is kept that the ledger does not know"),
])
def test_a_file_changed_behind_our_back_is_found(room: Room, changed: dict, said: str):
    """One byte is enough. The guard lets no row be changed; a thief would put another in its place."""
    number = room.register()
    attach(room, number, about=1)
    with room.store.write() as session:
        columns = {column.name: value for column, value in zip(
            Attachment.__table__.columns, session.execute(Attachment.__table__.select()).one(), strict=True)}
        session.execute(delete(Attachment))
        session.execute(insert(Attachment), [{**columns, **changed}])
    assert broken(room, number) == (changed.get("sequence", 2), said)


def test_the_database_lets_no_file_be_changed(store: Store, now):
    room = Room(store, now)
    attach(room, room.register())
    with pytest.raises(DBAPIError), store.write() as session:
        session.execute(text("UPDATE attachment SET name = 'x'"))


def test_nothing_is_kept_of_an_upload_that_was_refused(room: Room):
    number = room.register()
    room.wait(minutes=1)
    for name, content in [("a.js", b"alert(1)"), ("\u202e.pdf", PDF)]:
        with pytest.raises(Refusal):
            attach(room, number, name, content)
    assert (files(room, number), len(room.entries(number))) == ([], 1)
    assert room.now - room.incident(number).registered_at == timedelta(minutes=1)
