"""The forecast page: an incident's, and "if one came in now"; below it, why every message so far was sent."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from incident_clock.outbox.tables import Message
from incident_clock.people.duty_tables import Shift
from incident_clock.registry.tables import LedgerEntry
from tests.support.bureau import KEY_OF, ZHOU
from tests.web.house import House, at


def text_of(page: str) -> str:
    """What a reader sees, without tags and line breaks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.index("<main"):page.index("</main>")]))


def forecast(house: House, *, person: str = "zhou", **query: str) -> str:
    told = house.client(person).get(f"/incidents/{house.s02}/forecast", query_string=query)
    assert told.status_code == 200
    return told.text


def test_it_tells_who_comes_next_when_and_why(busy: House):
    said = text_of(forecast(busy))
    assert "接下来，如果一直没有记录、没人应答" in said
    assert "15:00 初步报告 第3级 剩5分 分管领导 王丁 通讯录 页面 主要领导 冯戊 通讯录 页面" in said
    assert "15:05 初步报告到时限" in said
    assert "仍无记录，每10分催一次，共6次（至 16:06）；再每30分催一次，直到有记录" in said
    assert "只是推算，不会发出任何消息" in said
    assert "电话上报 第" not in said[:said.index("已经发出的")]  # it is logged


def test_it_explains_every_message_so_far(busy: House):
    page = forecast(busy)
    said = text_of(page)
    past = said[said.index("已经发出的：每条消息为什么发"):]
    with busy.assembly.store.read() as session:
        ids = set(session.scalars(select(Message.id).where(
            Message.incident_id == busy.assembly.views.incident(busy.s02, at("14:50:12")).id)))
    assert {int(found) for found in re.findall(r'id="message-(\d+)"', page)} == ids
    assert "规则：突发事件舆情五步时限，district-emergency 2019-2 版，指纹 " + busy.assembly.default_protocol.content_hash()[:8] in past
    assert re.search(r"14:20:00 记录第\d+条 电话上报 第3级 到时仍无记录 郑丙 编号\w{4} 带班领导：通讯录 页面 已显示 14:20:00 已交出", past)
    assert "电话上报 告知已记录，不再催办" in past
    assert "值班员：通讯录" in past


def test_the_roster_and_its_end_are_named(house: House):
    with house.assembly.store.write() as session:
        session.add(Shift(role="duty_officer", person="zhou", from_at=at("08:30"), until_at=at("08:30") + timedelta(days=1)))
    said = text_of(house.client("zhou").get("/forecast").text)
    assert "14:05 电话上报 第1级 剩20分 值班员 周甲 值班表（至 3月13日 08:30） 页面 值班长 吴乙 通讯录 页面" in said


def test_a_rung_with_nobody_stands_out_with_its_reason(house: House):
    with house.assembly.store.write() as session:
        session.add(Shift(role="duty_leader", person="zheng", from_at=at("08:30"), until_at=at("14:10")))
    page = house.client("zhou").get("/forecast").text
    assert "第2级无人，转第3级" in text_of(page)  # of the detailed report, whose second rung tells the duty leader alone
    assert "这一级缺人：带班领导：未排班" in text_of(page)


def test_if_one_came_in_now_follows_the_rule_that_is_asked_for(house: House):
    client = house.client("zhou")
    assert "电话上报" in text_of(client.get("/forecast").text)
    other = text_of(client.get("/forecast?protocol=general-48h").text)
    assert "舆情回应 第1级" in other
    assert "电话上报" not in other
    assert client.get("/forecast?protocol=nothing").status_code == 404


def test_it_reads_in_english(busy: House):
    page = forecast(busy, lang="en")
    assert "Preliminary report" in page
    assert 'lang="en"' in page


@pytest.mark.parametrize("role", ["duty_officer", "head", "auditor", "admin"])
def test_everybody_who_is_signed_in_may_read_it(busy: House, role: str):
    assert busy.s02 in forecast(busy, person=KEY_OF[role])
    assert busy.client(KEY_OF[role]).get("/forecast").status_code == 200


def test_a_stranger_may_not(busy: House):
    for path in ("/forecast", f"/incidents/{busy.s02}/forecast"):
        assert busy.client().get(path).status_code == 302


def test_an_incident_nobody_knows_is_not_found(house: House):
    for number in ("2026-0099", "nonsense", "%00"):
        assert house.client("zhou").get(f"/incidents/{number}/forecast").status_code == 404


def test_looking_sends_and_writes_nothing(busy: House):
    def written() -> list[int]:
        with busy.assembly.store.read() as session:
            return [session.scalar(select(func.count()).select_from(table)) for table in (Message, LedgerEntry)]

    before = written()
    forecast(busy)
    busy.client("zhou").get("/forecast")
    assert written() == before


def test_no_number_and_no_address_is_shown_in_full(busy: House):
    page = forecast(busy)
    assert not re.search(r"1380000\d{4}|[a-z]{3,}@example", page)


def test_nothing_is_to_come_of_a_closed_incident(house: House):
    number = house.register("文昌桥头井盖破损", protocol="general-48h")  # a rule without a final report
    for step in house.assembly.protocols["general-48h"].steps:
        house.log(number, step.key, house.clock.now())
    house.assembly.desk.close(number, None, actor=ZHOU, now=house.clock.now())
    page = house.client("zhou").get(f"/incidents/{number}/forecast").text
    assert "各步都已记录，不再催办" in page
    assert "还没有发出消息" in page


def test_incident_page_and_board_lead_there(busy: House):
    client = busy.client("zhou")
    assert f'href="/incidents/{busy.s02}/forecast"' in client.get(f"/incidents/{busy.s02}").text
    assert 'href="/forecast"' in client.get("/").text
