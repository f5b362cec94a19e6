"""The files of an incident on the page and through the API: attached by a form, handed out as downloads only."""

import io
from urllib.parse import unquote

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from incident_clock.people.tokens import issue_token
from incident_clock.registry.attachments import LARGEST_FILE
from incident_clock.web import attachments, telling_files
from incident_clock.web.telling import Telling
from incident_clock.web.telling_timeline import Timeline
from tests.support.files import PDF, PNG
from tests.web.forms_of import forms_of
from tests.web.house import House, Visitor


@pytest.fixture
def number(house: House) -> str:
    return house.register("青禾路户外广告牌坠落", place="青禾路")


def form(**fields: object) -> dict[str, object]:
    """A form with a file as a browser sends it, all in memory."""
    boundary, body = encode_multipart(fields)
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def send(visitor: Visitor, number: str, name: str = "现场 照片“1”.png", content: bytes = PNG, **fields: str) -> TestResponse:
    path = f"/incidents/{number}/files"
    held = next(form.fields for form in forms_of(visitor.get(path).text) if form.action == path)
    return visitor.post(path, **form(**{**held, "file": FileStorage(io.BytesIO(content), name), **fields}))


def test_a_file_is_attached_and_handed_out_as_a_download_only(house: House, number: str) -> None:
    visitor = house.client("zhou")
    told = send(visitor, number, about="1")
    assert (told.status_code, told.location) == (303, f"/incidents/{number}#files")
    page = visitor.get(f"/incidents/{number}/files").text
    assert "现场 照片“1”.png" in page
    file = visitor.get(f"/incidents/{number}/files/1")
    assert (file.status_code, file.data, file.mimetype) == (200, PNG, "image/png")
    kind, _, name = file.headers["Content-Disposition"].partition("; filename*=UTF-8''")
    assert (kind, unquote(name), name.isascii()) == ("attachment", "现场 照片“1”.png", True)
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert file.headers["Cache-Control"] == "no-store"
    assert len(file.headers.getlist("Content-Security-Policy")) == 1


def test_a_forged_name_and_type_change_nothing(house: House, number: str) -> None:
    visitor, path = house.client("zhou"), f"/incidents/{number}/files"
    assert send(visitor, number, "../../x'; a.html", PDF).status_code == 303
    file = visitor.get(f"{path}/1")
    assert (file.mimetype, file.headers["Content-Disposition"]) == (
        "application/pdf", "attachment; filename*=UTF-8''x%27%3B%20a.html.pdf")


@pytest.mark.parametrize(("name", "content", "fields", "status", "said"), [
    ("a.html", b"<html>", {}, 422, "网页、程序、脚本"), ("a.pdf", b"", {}, 422, "空文件"), ("", b"", {}, 422, "请先选一个文件"),
    ("a.pdf", PDF + bytes(LARGEST_FILE), {}, 422, "超过10 MB"), ("a.pdf", PDF, {"about": "77"}, 404, "没有第77条记录"),
    ("a.pdf", PDF, {"about": "x"}, 422, "请选一项"), ("a.pdf", PDF, {"supersedes": "1"}, 404, "不是附件"),
    ("a.png", PNG, {}, 409, "已经在附件里了")])
def test_a_refused_file_comes_back_with_a_sentence(house: House, number: str, name: str, content: bytes, fields: dict,
                                                   status: int, said: str) -> None:
    visitor = house.client("zhou")
    assert send(visitor, number, "a.png", PNG).status_code == 303
    refused = send(visitor, number, name, content, **fields)
    assert refused.status_code == status
    assert said in refused.text
    assert "附件没有保存" in refused.text


def test_a_body_beyond_all_measure_gets_a_page_and_other_forms_stay_small(house: House, number: str) -> None:
    visitor = house.client("zhou")
    huge = send(visitor, number, "a.pdf", PDF + bytes(attachments.LARGEST_BODY))
    assert huge.status_code == 413
    assert "每个附件最多10 MB" in huge.text
    other = visitor.submit("/register", {"title": "x", "summary": "y" * 300_000}, page="/register")
    assert other.status_code == 413
    assert "删短" in other.text


def test_only_those_who_are_signed_in_and_only_under_its_own_incident(house: House, number: str) -> None:
    visitor = house.client("zhou")
    send(visitor, number)
    other = house.register("另一起")
    for path in (f"/incidents/{other}/files/1", f"/incidents/{number}/files/2", f"/incidents/{number}/files/99999999999",
                 "/incidents/2026-9999/files/1"):
        assert visitor.get(path).status_code == 404, path
    assert house.client().get(f"/incidents/{number}/files/1").status_code == 302
    auditor = house.client("yang")
    assert auditor.get(f"/incidents/{number}/files/1").data == PNG
    page = auditor.get(f"/incidents/{number}/files").text
    assert "multipart" not in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert auditor.post(f"/incidents/{number}/files", data={"csrf_token": token}).status_code == 403
    assert house.client("zhou").post(f"/incidents/{number}/files", data={}).status_code == 400


def test_a_later_file_supersedes_an_earlier_one_which_stays(house: House, number: str) -> None:
    visitor = house.client("zhou")
    send(visitor, number)
    send(visitor, number, "终稿.pdf", PDF, supersedes="2")
    page = visitor.get(f"/incidents/{number}/files").text
    assert "<del>现场 照片“1”.png</del>" in page
    assert "已由第3条的附件代替" in page
    assert visitor.get(f"/incidents/{number}/files/1").data == PNG


def test_the_timeline_tells_what_was_attached_for_which_entry(house: House, number: str) -> None:
    send(house.client("zhou"), number, "工单.pdf", PDF, about="1")
    send(house.client("zhou"), number, supersedes="2")
    views, now = house.assembly.views, house.clock.now()
    incident = views.incident(number, now)
    line = Timeline(Telling(house.assembly.phrases("zh"), now), incident)
    shown = views.timeline(incident.id, order="asc").entries
    told = [telling_files.KINDS["FileAttached"](line, entry) for entry in shown if entry.kind == "FileAttached"]
    assert [said[:2] for said in told] == [("上传附件", "工单.pdf"), ("上传附件", "现场 照片“1”.png")]
    assert [part for part in ("第1条的凭证", "PDF 文件", f"{len(PDF)} B", "SHA-256") if part not in told[0][2][0]] == []
    assert "代替第2条的附件" in told[1][2][0]
    assert [telling_files.size(count) for count in (1023, 1024, LARGEST_FILE)] == ["1023 B", "1 KB", "10.0 MB"]


def test_the_api_attaches_lists_and_hands_out(house: House, number: str) -> None:
    with house.assembly.store.write() as session:
        tokens = {role: issue_token(session, role, "热线平台", house.clock.now()) for role in ("duty_officer", "auditor")}
    client, path = house.app.test_client(), f"/api/v1/incidents/{number}/files"
    writer, reader = ({"Authorization": f"Bearer {tokens[role]}"} for role in ("duty_officer", "auditor"))

    def post(content: bytes = PDF, headers: dict = writer, **fields: str) -> TestResponse:
        return client.post(path, headers=headers, **form(file=FileStorage(io.BytesIO(content), "工单.pdf"), **fields))

    made = post(about="1", headers={**writer, "Idempotency-Key": "k"})
    again = post(about="1", headers={**writer, "Idempotency-Key": "k"})
    assert (made.status_code, again.status_code, again.json) == (201, 201, made.json)
    assert made.json.items() >= {"name": "工单.pdf", "media_type": "application/pdf", "about": 1, "size": len(PDF)}.items()
    assert client.get(path, headers=reader).json == {"files": [made.json]}
    file = client.get(made.headers["Location"], headers=reader)
    assert (file.data, file.headers["Content-Security-Policy"]) == (PDF, attachments.NOT_RENDERED)
    assert client.get(made.headers["Location"]).status_code == 401
    assert post(headers=reader).status_code == 403
    for refused, status, field in (
            (client.post(path, headers=writer, json={}), 422, "file"), (client.post(path, headers=writer, data={
                "about": "1"}, content_type="multipart/form-data"), 422, "file"),
            (post(about="x"), 422, "about"), (post(about="1"), 409, "file"), (post(more="x"), 422, "more"),
            (post(PDF + bytes(attachments.LARGEST_BODY)), 413, "file"),
            (client.get(f"{path}/x", headers=reader), 404, None), (client.get(f"{path}/0", headers=reader), 404, None)):
        assert (refused.status_code, [one["field"] for one in refused.json["errors"]]) == (status, [field])
    told = client.get("/api/openapi.json").json["paths"]
    body = told["/api/v1/incidents/{id}/files"]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert body
    assert "*/*" in told["/api/v1/incidents/{id}/files/{file}"]["get"]["responses"]["200"]["content"]
