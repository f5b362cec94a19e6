"""Signing in and out: links, passwords, where it leads, and a form that survives a sign-in that ran out."""

from datetime import timedelta

import pytest

from incident_clock.people import sign_in
from tests.web.forms_of import forms_of
from tests.web.house import House

PASSWORD = "correct horse battery"


@pytest.fixture
def with_password(house: House) -> House:
    with house.assembly.store.write() as session:
        sign_in.set_password(session, "zhou", PASSWORD, house.clock.now())
    return house


def name_on(page: str) -> str:
    return page.split('<footer class="foot">')[1].split("</span>")[0].split(">")[1]


@pytest.mark.parametrize("path", ["/", "/register", "/incidents", "/incidents/2026-0001", "/outbox"])
def test_a_stranger_is_asked_to_sign_in_and_brought_back(house: House, path: str) -> None:
    stranger = house.client()
    asked = stranger.get(path)
    assert asked.status_code == 302
    assert asked.location.startswith("/sign-in")
    link = house.link("zhou")
    target = asked.location.partition("next=")[2]
    answer = stranger.submit(link, {}, page=f"{link}?next={target}")
    assert answer.location == path


def test_a_link_shows_whose_it_is_and_is_used_up_by_the_button_alone(house: House) -> None:
    link, visitor = house.link("zhou"), house.client()
    for _ in range(2):  # a mail scanner opens it first
        page = visitor.get(link)
        assert page.status_code == 200
        assert ("周甲" in page.text, "值班员" in page.text) == (True, True)
    assert visitor.submit(link, {}, page=link).location == "/"
    assert name_on(visitor.get("/").text) == "值班员 周甲"
    assert house.client().get(link).status_code == 410


def test_of_two_who_press_the_button_one_gets_in(house: House) -> None:
    link, first, second = house.link("zhou"), house.client(), house.client()
    tokens = [forms_of(visitor.get(link).text)[0].fields for visitor in (first, second)]
    answers = [visitor.post(link, data=data).status_code for visitor, data in zip((first, second), tokens, strict=True)]
    assert answers == [303, 410]


def test_a_link_older_than_a_quarter_of_an_hour_is_dead_and_says_what_to_do(house: House) -> None:
    link = house.link("zhou")
    house.clock.advance(timedelta(minutes=15))
    page = house.client().get(link)
    assert page.status_code == 410
    assert "请系统管理员再给一条" in page.text


@pytest.mark.parametrize("account", ["zhou", "周甲", " zhou "])
def test_a_password_signs_in_by_key_or_name(with_password: House, account: str) -> None:
    visitor = with_password.client()
    answer = visitor.submit("/sign-in", {"account": account, "password": PASSWORD}, page="/sign-in?next=/outbox")
    assert answer.location == "/outbox"
    assert visitor.get("/outbox").status_code == 200


@pytest.mark.parametrize(("account", "password", "sentence", "status"), [
    ("zhou", "wrong", "不对", 401), ("nobody", PASSWORD, "不对", 401), ("", PASSWORD, "请填写姓名或账号", 422),
    ("zhou", "", "请填写密码", 422), ("zhou", "\0", "不对", 401), ("z" * 5000, "p" * 5000, "不对", 401)])
def test_a_wrong_password_is_told_without_saying_which_half_was_wrong(
        with_password: House, account: str, password: str, sentence: str, status: int) -> None:
    answer = with_password.client().submit("/sign-in", {"account": account, "password": password}, page="/sign-in")
    assert answer.status_code == status
    assert sentence in answer.text
    assert forms_of(answer.text)[0].fields["account"] == account.strip()
    assert "value=\"wrong\"" not in answer.text


def test_the_sixth_try_is_told_when_to_come_back(with_password: House) -> None:
    visitor = with_password.client()
    for _ in range(5):
        visitor.submit("/sign-in", {"account": "zhou", "password": "wrong"}, page="/sign-in")
    answer = visitor.submit("/sign-in", {"account": "zhou", "password": PASSWORD}, page="/sign-in")
    assert answer.status_code == 429
    assert "请 14:21 以后再试" in answer.text


@pytest.mark.parametrize("crafted", ["//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example",
                                     "javascript:alert(1)", "/%0d%0aSet-Cookie:x", "/\r\nX: y", " //evil.example", ""])
def test_a_crafted_next_never_leads_off_the_site(with_password: House, crafted: str) -> None:
    answer = with_password.client().submit(
        "/sign-in", {"account": "zhou", "password": PASSWORD, "next": crafted}, page="/sign-in")
    assert answer.status_code == 303
    assert answer.location.startswith("/")
    assert not answer.location.startswith(("//", "/\\"))
    assert "X" not in answer.headers


def test_signing_out_ends_the_session_on_the_server(house: House) -> None:
    visitor = house.client("zhou")
    cookie = visitor.get_cookie("incident-clock").value
    visitor.submit("/sign-out", {}, page="/")
    assert visitor.get("/").status_code == 302
    visitor.set_cookie("incident-clock", cookie)  # a copy of the cookie is worth nothing any more
    assert visitor.get("/").status_code == 302


def test_a_session_ends_after_a_day_and_after_half_a_day_unused(house: House) -> None:
    used, unused = house.client("zhou"), house.client("wu")
    for _ in range(2):
        house.clock.advance(timedelta(hours=11))
        assert used.get("/").status_code == 200
    assert unused.get("/").status_code == 302
    house.clock.advance(timedelta(hours=2))
    assert used.get("/").status_code == 302


def test_a_page_left_open_does_not_count_as_being_used(house: House) -> None:
    visitor = house.client("zhou")
    for _ in range(12):
        house.clock.advance(timedelta(hours=1))
        visitor.get("/fragments/board", headers={"HX-Request": "true"})
    assert visitor.get("/fragments/board", headers={"HX-Request": "true"}).status_code == 401


def test_a_registration_survives_a_sign_in_that_ran_out(with_password: House) -> None:
    visitor = with_password.client("zhou")
    form = next(f for f in forms_of(visitor.get("/register").text) if f.action == "/register").fields
    with_password.clock.advance(timedelta(hours=25))
    asked = visitor.post("/register", data={**form, "title": "招牌坠落", "place": "青禾路", "source": "网上巡查"})
    assert asked.status_code == 401
    assert "登录已过期，还没有保存" in asked.text
    kept = forms_of(asked.text)[0].fields
    assert kept["kept.title"] == "招牌坠落"
    wrong = visitor.post("/sign-in", data={**kept, "account": "zhou", "password": "wrong"})
    kept = forms_of(wrong.text)[0].fields
    back = visitor.post("/sign-in", data={**kept, "account": "zhou", "password": PASSWORD})
    assert back.status_code == 200
    again = next(f for f in forms_of(back.text) if f.action == "/register").fields
    assert (again["title"], again["place"], again["source"]) == ("招牌坠落", "青禾路", "网上巡查")
    assert visitor.post("/register", data={**again, "received_at_time": "1500", "received_at_day": "2026-03-13"}
                        ).status_code == 303


def test_a_log_survives_a_sign_in_by_link_in_another_window(busy: House) -> None:
    visitor = busy.client("zhou")
    path = f"/incidents/{busy.s02}/steps/preliminary_report/log"
    form = next(f for f in forms_of(visitor.get(f"/incidents/{busy.s02}").text) if f.action == path).fields
    visitor.delete_cookie("incident-clock")
    asked = visitor.post(path, data={**form, "evidence": "传真回执 112"})
    assert asked.status_code == 401
    link = busy.link("zhou")
    visitor.submit(link, {}, page=link)
    stale = forms_of(asked.text)[0].fields
    fresh = forms_of(visitor.get("/").text)[-1].fields["csrf_token"]
    back = visitor.post("/sign-in", data={**stale, "csrf_token": fresh, "account": "", "password": ""})
    assert "尚未保存，请核对后提交" in back.text
    assert next(f for f in forms_of(back.text) if f.action == path).fields["evidence"] == "传真回执 112"


@pytest.mark.parametrize("path", ["/nowhere", "//evil.example/register", "/sign-out", "/healthz", "/incidents/9/close"])
def test_a_crafted_path_to_come_back_to_does_no_harm(with_password: House, path: str) -> None:
    answer = with_password.client().submit(
        "/sign-in", {"account": "zhou", "password": PASSWORD, "kept_path": path, "kept.title": "x"}, page="/sign-in")
    assert answer.status_code in (303, 404)
    assert answer.headers.get("Location", "/").startswith("/")


def test_the_page_says_that_it_is_no_place_for_secrets(house: House) -> None:
    for path in ("/sign-in", house.link("zhou")):
        assert "本系统非涉密，严禁录入国家秘密、工作秘密" in house.client().get(path).text


def test_no_secret_is_kept_in_the_page_or_the_cookie(with_password: House) -> None:
    visitor = with_password.client()
    answer = visitor.submit("/sign-in", {"account": "zhou", "password": "not this one 1"}, page="/sign-in")
    assert "not this one 1" not in answer.text
    visitor.submit("/sign-in", {"account": "zhou", "password": PASSWORD}, page="/sign-in")
    assert "zhou" not in visitor.get_cookie("incident-clock").value
