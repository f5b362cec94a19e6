"""The mechanism on the page: leads, consultations, wordings, releases and what comes of them as tasks."""

import hashlib

import pytest

from incident_clock.registry.drafts import StepLog
from incident_clock.views.shapes import IncidentView
from tests.support.bureau import ZHOU
from tests.web.house import House, Visitor, at


def seen(house: House) -> IncidentView:
    return house.assembly.views.incident(house.s02, house.clock.now())


def fill_in(house: House, key: str, visitor: Visitor | None = None, **fields: str):
    """Fill in the form of that kind as 周甲; `f.` stands before the names of its blanks."""
    path = f"/incidents/{house.s02}/records/{key}"
    return (visitor or house.client("zhou")).submit(path, {f"f.{name}": text for name, text in fields.items()}, page=path)


def logged(house: House, step: str) -> int | None:
    """The entry that ended a step."""
    found = seen(house).obligation(step)
    assert found is not None
    return found.sequence


def record(house: House, kind: str, **fields: object) -> None:
    house.assembly.desk.record(house.s02, kind, fields, actor=ZHOU, now=house.clock.now())


@pytest.mark.parametrize(("key", "fields", "shown"), [
    ("lead", {"source": "短视频平台", "url": "https://example.com/v/1", "spread": "12000", "captured_text": "广告牌砸人"},
     ("短视频平台", 'href="https://example.com/v/1"', "12000", "广告牌砸人")),
    ("assessment", {"trend": "rising", "assessed_by": "吴乙", "risks": "家属发声"}, ("上升", "家属发声")),
    ("wording", {"text": "正在核查，及时通报", "approver": "王丁"}, ("口径第1版", "正在核查，及时通报")),
    ("evaluation", {"handling": "处置及时", "faults": "none"}, ("处置及时",)),
    ("comment", {"title": "广告牌安全不能等风来"}, ("广告牌安全不能等风来",)),
])
def test_a_form_is_kept_and_shown_in_its_stage(busy: House, key: str, fields: dict[str, str],
                                               shown: tuple[str, ...]) -> None:
    answer = fill_in(busy, key, **fields)
    assert answer.status_code == 303
    page = busy.client("han").get(f"/incidents/{busy.s02}").text.split('id="mechanism"')[1]
    assert all(text in page for text in shown), shown


def test_a_consultation_leads_on_to_tasks_for_people_of_the_directory(busy: House) -> None:
    visitor = busy.client("zhou")
    asked = fill_in(busy, "consultation", visitor, people="王丁、吴乙", conclusion="统一口径，先发通报").location
    sequence = seen(busy).records[-1].sequence
    assert asked == f"/incidents/{busy.s02}/tasks?origin=decision&about={sequence}"
    path = f"/incidents/{busy.s02}/tasks"
    answer = visitor.submit(path, {"owner": "wu", "text": "起草情况通报", "due_at_time": "1730"}, page=asked)
    assert answer.status_code == 303
    task, = seen(busy).tasks
    assert task.owner is not None
    assert (task.task, task.owner.name, task.due_at) == ("起草情况通报", "吴乙", at("17:30"))


@pytest.mark.parametrize(("person", "origin", "status"), [
    ("wang", "instruction", 303), ("wang", "decision", 403), ("zhou", "promise", 303), ("yang", "instruction", 403)])
def test_a_leader_may_write_down_his_own_instruction_and_an_auditor_nothing(busy: House, person: str, origin: str,
                                                                           status: int) -> None:
    visitor, path = busy.client(person), f"/incidents/{busy.s02}/tasks"
    page = f"{path}?origin={origin}"
    assert visitor.get(page).status_code == (200 if status == 303 else 403)
    token = visitor.get("/").text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = visitor.post(path, data={"csrf_token": token, "origin": origin, "by": "王丁", "text": "今晚排查", "owner": "wu",
                                      "due_at_time": "2000", "due_at_day": "2026-03-12"})
    assert answer.status_code == status


def test_an_instruction_without_a_time_is_answered_within_a_day(busy: House) -> None:
    path = f"/incidents/{busy.s02}/tasks"
    busy.client("wang").submit(path, {"by": "冯戊 局长", "text": "明早报情况", "owner": "wu"}, page=f"{path}?origin=instruction")
    assert seen(busy).tasks[0].due_at == at("14:50:12", day=13)


@pytest.mark.parametrize(("fields", "sentence"), [
    ({"owner": "nobody", "text": "x", "due_at_time": "1800"}, "请从通讯录里选责任人"),
    ({"owner": "wu", "text": "", "due_at_time": "1800"}, "请写明要做什么"),
    ({"owner": "", "text": "留着我"}, "请写明何时完成"),
    ({"owner": "wu", "text": "留着我", "due_at_time": "2575"}, "不是24小时制的时刻"),
    ({"owner": "wu", "text": "留着我", "due_at_time": "1000"}, "应在现在以后")])
def test_a_refused_task_comes_back_filled_in(busy: House, fields: dict[str, str], sentence: str) -> None:
    path = f"/incidents/{busy.s02}/tasks"
    answer = busy.client("zhou").submit(path, fields, page=f"{path}?origin=decision")
    assert answer.status_code == 422
    assert sentence in answer.text
    assert fields["text"] in answer.text


def test_a_wording_that_was_used_is_frozen_and_replaced_releases_stay(busy: House) -> None:
    record(busy, "wording", text="第一版口径", approver="王丁")
    record(busy, "wording", text="第二版口径", approver="王丁")
    text = "情况通报：二人受伤，均无生命危险。"
    busy.assembly.desk.log_step(busy.s02, "release", StepLog(report_to="微信公众号", record={
        "body_text": text, "wording": "1", "channel": "wechat"}), actor=ZHOU, now=busy.clock.now())
    first = logged(busy, "release")
    fill_in(busy, "release", url="https://example.com/2", body_text="更正通报", supersedes=str(first), wording="1")
    page = busy.client("zhou").get(f"/incidents/{busy.s02}").text.split('id="mechanism"')[1].split('id="timeline')[0]
    used, unused = (each.sequence for each in seen(busy).records if each.record == "wording")
    assert "已用于发布" in page
    assert f"/entries/{used}/correct" not in page
    assert f"/entries/{unused}/correct" in page
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert f'<code title="{digest}">{digest[:8]}</code>' in page
    assert "<del>" in page.split(f'id="record-{first}"')[1].split("</li>")[0]
    assert text in page
    assert page.index("首次发布") < page.index("滚动1")


@pytest.mark.parametrize(("key", "fields", "field", "sentence"), [
    ("lead", {"url": "example.com"}, "source", "请填写“来源”"),
    ("lead", {"source": "x", "found_at_time": "9999"}, "found_at", "不是24小时制的时刻"),
    ("release", {"wording": "7"}, "wording", "没有第7版口径"),
    ("release", {"supersedes": "1"}, "supersedes", "不是发布记录"),
    ("countersign", {"entry": "1", "signed_by": "王丁"}, "entry", "不是电话签发的报告")])
def test_a_refused_form_comes_back_filled_in_with_the_sentence_at_its_field(
        busy: House, key: str, fields: dict[str, str], field: str, sentence: str) -> None:
    answer = fill_in(busy, key, **fields)
    assert answer.status_code in (409, 422)
    assert sentence in answer.text
    assert f'id="wrong-r-{field}"' in answer.text
    assert not [one for one in seen(busy).records if one.record == key]


def test_a_report_signed_by_telephone_is_countersigned(busy: House) -> None:
    busy.log(busy.s02, "preliminary_report", at("14:49"), report_to="区总值班室", record={"is_signed_by_phone": "yes"})
    sequence = logged(busy, "preliminary_report")
    visitor = busy.client("zhou")
    assert 'id="record-countersign"' in visitor.get(f"/incidents/{busy.s02}").text
    assert fill_in(busy, "countersign", visitor, signed_by="王丁").status_code == 303  # which report stands there already
    assert seen(busy).records[-1].fields["entry"] == sequence


def test_a_form_sent_twice_is_kept_once_and_one_sent_signed_out_comes_back(busy: House) -> None:
    visitor, path = busy.client("zhou"), f"/incidents/{busy.s02}/records/lead"
    held = {"key": "twice", "f.source": "热线", "csrf_token": visitor.get(path).text.split('csrf_token" value="')[1].split('"')[0]}
    assert [visitor.post(path, data=held).status_code for _ in range(2)] == [303, 303]
    assert len([one for one in seen(busy).records if one.record == "lead"]) == 1
    stranger = busy.client()
    token = stranger.get("/sign-in").text.split('csrf_token" value="')[1].split('"')[0]
    kept = stranger.post(path, data={**held, "csrf_token": token, "f.source": "没有白写"})
    assert kept.status_code == 401
    assert "没有白写" in kept.text


@pytest.mark.parametrize("key", ["call", "document", "nothing"])
def test_what_is_logged_with_a_step_has_no_form_of_its_own(busy: House, key: str) -> None:
    assert busy.client("zhou").get(f"/incidents/{busy.s02}/records/{key}").status_code == 404


@pytest.mark.parametrize(("path", "fields", "shown"), [
    ("records/wording", {"f.text": "正在核查"}, "正在核查"), ("tasks", {"origin": "decision", "text": "起草通报"}, "起草通报"),
    ("grade", {"opinion_grade": "重大", "basis": "热搜第一"}, "热搜第一"), ("void", {"reason": "演练误登"}, "演练误登"),
    ("merge", {"number": "2026-0035", "reason": "同一件"}, 'value="2026-0035"')])
def test_what_was_typed_stands_there_again_after_signing_in(busy: House, path: str, fields: dict[str, str],
                                                           shown: str) -> None:
    visitor = busy.client("zhou")
    token = visitor.get("/").text.split('name="csrf_token" value="')[1].split('"')[0]
    kept = {f"kept.{name}": text for name, text in fields.items()}
    answer = visitor.post("/sign-in", data={"csrf_token": token, "kept_path": f"/incidents/{busy.s02}/{path}", **kept})
    assert (answer.status_code, shown in answer.text, "已重新登录" in answer.text) == (200, True, True)
    assert not seen(busy).records


def test_a_wording_past_its_time_says_so(busy: House) -> None:
    record(busy, "wording", text="第一版口径", approver="王丁", valid_until=at("15:00"))
    assert "已过有效期" not in busy.client("zhou").get(f"/incidents/{busy.s02}").text
    busy.clock.move_to(at("15:01"))
    assert "已过有效期" in busy.client("zhou").get(f"/incidents/{busy.s02}").text
