"""The board, the search, the alarm and the outbox, as they are read."""


import re

import pytest

from tests.web.house import House, at


def rows(page: str) -> list[str]:
    return [piece.split("</li>\n</ol>")[0] for piece in page.split('<li class="row')[1:]]


def test_the_board_stands_in_the_order_of_what_is_due(busy: House) -> None:
    overdue, nearing, drill = rows(busy.client("zhou").get("/").text)
    for said in ("is-overdue", "已超", "8<small>分</small>", "文昌桥头井盖破损致行人摔伤", "14:42 截止", "14:43 已催",
                 "14:53 催 冯戊、王丁"):
        assert said in overdue, said
    for said in ("is-nearing", "14<small>分</small>48<small>秒</small>", "14:50 已催 郑丙、王丁", "15:00 催 王丁、冯戊"):
        assert said in nearing, said
    for said in ("is-waiting", "is-drill", "【演练】", "1<small>小时</small>29<small>分</small>", "14:22" not in drill):
        assert said is True or said in drill, said


def test_an_empty_board_says_who_is_on_duty(house: House) -> None:
    page = house.client("zhou").get("/").text
    assert "目前没有在办事件" in page
    assert "值班员 周甲" in page.split("今日值班")[1]
    assert "带班领导 郑丙" in page.split("今日值班")[1]


def test_an_incident_with_every_step_logged_waits_for_closing(house: House) -> None:
    number = house.register("招牌坠落", received_at=at("14:05"))
    for step in ("phone_report", "preliminary_report", "detailed_report", "release", "press_conference"):
        house.log(number, step, house.clock.now(), report_to="区总值班室")
    assert "各步都已记录" in rows(house.client("zhou").get("/").text)[0]


@pytest.mark.parametrize("path", ["/", "/register", "/incidents", "/outbox", "/incidents/2026-0036"])
def test_when_the_engine_is_silent_every_page_says_so_and_whom_to_ring(busy: House, path: str) -> None:
    visitor = busy.client("zhou")
    assert "催办已停" not in visitor.get(path).text
    busy.clock.move_to(at("14:50:26"))
    alarm = visitor.get(path).text.split('id="alarm"')[1].split("</section>")[0]
    for said in ("催办引擎已停，现在不会自动发提醒", "最后一次运转 14:50:10，已停16秒", "035 初步报告 已超时",
                 "036 初步报告 15:05 截止", 'href="tel:+8613800000005"', "分管领导 王丁", "138 0000 0005", "恢复催办", "沈癸"):
        assert said in alarm, said


def test_fifteen_seconds_of_silence_are_not_an_alarm_yet(busy: House) -> None:
    busy.clock.move_to(at("14:50:25"))
    assert "催办已停" not in busy.client("zhou").get("/").text


def test_a_house_without_an_engine_is_told_from_the_start(house: House) -> None:
    with house.assembly.store.write() as session:
        from sqlalchemy import text
        session.execute(text("DELETE FROM engine_beat"))
    assert "引擎还没有运转过" in house.client("zhou").get("/").text


def test_a_failed_self_audit_is_an_alarm(house: House) -> None:
    with house.assembly.store.write() as session:
        from incident_clock.engine import beating
        beating.record_audit(session, engine="test-engine", problem="a due rung was not raised", now=house.clock.now())
    page = house.client("zhou").get("/").text
    assert "自查没有通过" in page
    assert "提醒有问题" in page
    assert "a due rung was not raised" not in page, "the engine's English is for the log"


@pytest.mark.parametrize(("text", "found"), [
    ("", 3), ("青禾路", 1), ("2026-0035", 1), ("井盖 文昌", 1), ("没有的事", 0), ("%", 0), ("_", 0), ("'; DROP TABLE", 0),
    ("长" * 5000, 0), ("\0", 3)])
def test_all_incidents_are_found_by_number_title_or_place(busy: House, text: str, found: int) -> None:
    page = busy.client("zhou").get("/incidents", query_string={"q": text})
    assert page.status_code == 200
    assert len(rows(page.text)) == found
    assert ("没有找到" in page.text) == (found == 0)


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 30, "1e3", "１"])
def test_a_crafted_cursor_does_no_harm(busy: House, before: str) -> None:
    assert busy.client("zhou").get("/incidents", query_string={"before": before}).status_code == 200


def test_older_incidents_are_a_click_away(house: House) -> None:
    for count in range(31):
        house.register(f"第{count}件")
    visitor = house.client("zhou")
    first = visitor.get("/incidents").text
    assert len(rows(first)) == 30
    older = first.split("更早的事件")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    assert len(rows(visitor.get(older).text)) == 1


def test_the_outbox_tells_what_each_message_said_to_whom(busy: House) -> None:
    page = busy.client("zhou").get("/outbox").text
    first = page.split('id="message-list"')[1].split("</li>\n<li")[0]
    for said in ("王丁", "分管领导", "2026-0036", "初步报告 第2级催办", "15:05", "只显示在本页，没有发到手机或邮箱", "14:50:00"):
        assert said in first, said


@pytest.mark.parametrize(("state", "sentence"), [("failed", "没有这种状态的消息"), ("accepted", "已显示"), ("nonsense", "全部")])
def test_the_outbox_can_be_filtered_by_state(busy: House, state: str, sentence: str) -> None:
    assert sentence in busy.client("zhou").get(f"/outbox?state={state}").text


def test_every_message_of_an_incident_leads_to_the_reason_it_exists(busy: House) -> None:
    visitor = busy.client("zhou")
    links = set(re.findall(r'href="(/incidents/[\w-]+/forecast[^"#]*)#(message-\d+)"', visitor.get("/outbox").text))
    assert len(links) > 5
    pages = {page: visitor.get(page).text for page, _ in links}
    assert [anchor for page, anchor in links if f'id="{anchor}"' not in pages[page]] == []


def test_an_outbox_without_messages_says_so(house: House) -> None:
    assert "还没有发出消息" in house.client("zhou").get("/outbox").text


def test_english_is_chosen_by_the_switch_and_remembered(busy: House) -> None:
    visitor = busy.client("zhou")
    assert 'lang="zh-Hans-CN"' in visitor.get("/", headers={"Accept-Language": "en"}).text.split("<body")[0]
    page = visitor.get("/").text
    switch = page.split('hreflang="en"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert 'lang="en"' in visitor.get(switch).text.split("<body")[0]
    assert 'lang="en"' in visitor.get("/outbox").text.split("<body")[0]
    visitor.get("/?lang=zh")
    assert 'lang="zh-Hans-CN"' in visitor.get("/outbox").text.split("<body")[0]


@pytest.mark.parametrize("asked", ["fr", "", "zh'><script>", "en_GB"])
def test_an_unknown_language_is_the_house_s_own(house: House, asked: str) -> None:
    page = house.client("zhou").get("/", query_string={"lang": asked})
    assert 'lang="zh-Hans-CN"' in page.text.split("<body")[0]
    assert "language=" not in page.headers.get("Set-Cookie", "")
