"""The link in a mail: shows without sign-in whose call it is, acts on the button alone, and works once."""

import logging
import re
from pathlib import Path

import pytest
from sqlalchemy import select, update

from incident_clock.outbox import answer_links
from incident_clock.outbox.tables import Message
from incident_clock.people.tables import Person
from tests.support.bureau import ZHOU
from tests.web.forms_of import forms_of
from tests.web.house import House, Visitor, at

SECRET = "only-for-tests-" * 3


@pytest.fixture
def number(house: House) -> str:
    """An incident of which 周甲 and 吴乙 have been told."""
    found = house.register("招牌坠落", place="银杏巷")
    house.play(at("14:05:40"))
    return found


def message(house: House, person: str, **where: object) -> Message:
    with house.assembly.store.read() as session:
        return session.scalars(select(Message).filter_by(person=person, **where).order_by(Message.id.desc())).first()


def link(house: House, person: str = "zhou", **where: object) -> str:
    return f"/answer/{answer_links.sign(SECRET, message(house, person, **where).id)}"


def answers(house: House) -> list[dict]:
    return [entry for entry in house.assembly.views.entries(1) if entry["kind"] == "Acknowledged"]


def stranger(house: House) -> Visitor:
    return Visitor(house.app, house.app.response_class, use_cookies=True)


def test_opening_the_link_shows_what_it_is_about_and_changes_nothing(house: House, number: str) -> None:
    visitor, address = stranger(house), link(house)
    for _ in range(3):  # a mail scanner opens it first
        page = visitor.get(address)
        assert page.status_code == 200
    for said in (number, "电话上报", "2026-03-12 14:25 截止", "周甲", "值班员", "我是周甲，收到", "确认收到不等于办结"):
        assert said in page.text, said
    assert ("招牌坠落" in page.text, "银杏巷" in page.text) == (False, False), "no sign-in, no title"
    assert visitor.head(address).status_code == 200
    assert answers(house) == []


def test_the_button_acknowledges_in_the_name_of_the_receiver_without_any_session(house: House, number: str) -> None:
    address = link(house)
    answer = house.app.test_client(use_cookies=False).post(address)
    assert (answer.status_code, answer.location) == (303, address)
    assert "Set-Cookie" not in answer.headers
    (entry,) = answers(house)
    assert (entry["actor"], entry["actor_role"], entry["body"]["person"], entry["body"]["how"], entry["body"]["step"]) == (
        "周甲", "duty_officer", "周甲", "link", "phone_report")
    page = stranger(house).get(address).text
    assert "周甲 已于 14:05 确认" in page
    assert "电话上报 14:10 前不再重复催您" in page
    assert [form for form in forms_of(page) if form.action == address] == []


def test_the_form_of_the_page_needs_no_more_than_its_address(house: House, number: str) -> None:
    address = link(house)
    (form,) = [form for form in forms_of(stranger(house).get(address).text) if form.method == "post"]
    assert (form.action, form.fields) == (address, {})


def test_it_works_once(house: House, number: str) -> None:
    address, visitor = link(house), stranger(house)
    for _ in range(2):
        assert visitor.post(address).status_code == 303
    house.play(at("14:13"))  # the pause has run out: whoever has the old mail cannot start a new one
    assert visitor.post(address).status_code == 303
    assert "已于 14:05 确认" in visitor.get(address).text
    assert len(answers(house)) == 1


def test_a_later_mail_has_a_link_of_its_own_that_works(house: House, number: str) -> None:
    visitor = stranger(house)
    visitor.post(link(house))
    house.play(at("14:16"))  # the second rung
    assert visitor.post(link(house, rung=2)).status_code == 303
    assert [entry["body"]["rungs"] for entry in answers(house)] == [[1], [1, 2]]


def test_who_answered_otherwise_finds_the_link_used(house: House, number: str) -> None:
    house.assembly.desk.acknowledge(number, "zhou", how="reply", actor=ZHOU, now=house.clock.now())
    assert "已于 14:05 确认" in stranger(house).get(link(house)).text


def test_past_the_deadline_it_says_that_nothing_is_paused(house: House, number: str) -> None:
    house.play(at("14:27"))
    visitor, address = stranger(house), link(house, "feng")
    assert "已过" in visitor.get(address).text
    visitor.post(address)
    page = visitor.get(address).text
    assert "冯戊 已于 14:27 确认" in page
    assert "电话上报已过时限，仍会照常催您" in page
    visitor.post(address)
    assert len(answers(house)) == 1


def test_a_logged_step_says_so(house: House, number: str) -> None:
    address, visitor = link(house), stranger(house)
    house.log(number, "phone_report", at("14:05"), report_to="区总值班室")
    assert "这一步已经记录，不用再确认" in visitor.get(address).text
    assert visitor.post(address).status_code == 303
    assert answers(house) == []


def test_a_closed_incident_says_so_and_an_erased_one_names_nobody(house: House, number: str) -> None:
    address, visitor = link(house), stranger(house)
    for step in house.assembly.views.incident(number, house.clock.now()).steps:
        house.log(number, step.key, at("14:05"), report_to="区总值班室")
    house.assembly.desk.close(number, None, actor=ZHOU, now=house.clock.now())
    assert "事件已结案，不用再确认" in visitor.get(address).text
    house.assembly.desk.erase_texts(number, "到期", actor=ZHOU, now=house.clock.now())
    page = visitor.get(address).text
    assert "个人信息已按规定销毁" in page
    assert "周甲" not in page
    assert visitor.post(address).status_code == 303
    assert answers(house) == []


@pytest.mark.parametrize("change", [{"is_active": False}, {"roles": ["auditor"]}])
def test_who_may_not_answer_any_more_is_told_whom_to_ask(house: House, number: str, change: dict[str, object]) -> None:
    with house.assembly.store.write() as session:
        session.execute(update(Person).where(Person.key == "zhou").values(**change))
    visitor, address = stranger(house), link(house)
    assert "这条链接已失效" in visitor.get(address).text
    visitor.post(address)
    assert answers(house) == []


def test_a_drill_says_so(house: House) -> None:
    house.register("演练", is_drill=True)
    house.play(at("14:05:40"))
    page = stranger(house).get(link(house)).text
    assert "【演练】" in page
    assert "Y2026-0001" in page


@pytest.mark.parametrize("token", [
    "x", "x" * 5000, "NDg.forged", answer_links.sign("another secret", 1), answer_links.sign(SECRET, 4711), "%00", "..", "é",
    answer_links.sign(SECRET, 1)[:-1], answer_links.sign(SECRET, 1) + "x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_was_never_given_is_not_found(house: House, number: str, token: str, method: str) -> None:
    answer = stranger(house).open(f"/answer/{token}", method=method)
    assert answer.status_code == 404
    assert number not in answer.text
    assert answers(house) == []


def test_neither_address_nor_page_is_passed_on_or_kept(house: House, number: str) -> None:
    address = link(house)
    for answer in (stranger(house).get(address), stranger(house).post(address), stranger(house).get("/answer/x")):
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_token_stands_in_no_log_and_not_in_the_database(house: House, number: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = link(house)
    token = address.rpartition("/")[2]
    stranger(house).get(address)
    stranger(house).post(address)
    stranger(house).get(address + "x")
    assert token not in caplog.text
    files = list(Path(house.assembly.store.url.database).parent.glob("incident_clock.db*"))
    assert files
    assert not [path for path in files if token.encode() in path.read_bytes()]


def test_the_mail_carries_the_link_and_the_link_works(sqlite_store, tmp_path) -> None:
    house = House.open(str(sqlite_store.url), tmp_path, now=at("14:05"), public_url="https://clock.example.com/")
    house.register("招牌坠落")
    house.play(at("14:05:02"))
    mail = message(house, "wu")
    mail.channel = "email"  # the console alone is on in this house
    address = house.assembly.answer_link(mail)
    assert re.fullmatch(r"https://clock\.example\.com/answer/[\w.-]+", address)
    page = stranger(house).get(address.removeprefix("https://clock.example.com"))
    assert "我是吴乙，收到" in page.text
    house.close()


def test_in_english_it_is_english(house: House, number: str) -> None:
    page = stranger(house).get(f"{link(house)}?lang=en")
    assert page.status_code == 200
    assert 'lang="en"' in page.text
