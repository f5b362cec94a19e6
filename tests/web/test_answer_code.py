"""The page for codes: six digits from a text answer its one message, without sign-in, and guessing is stopped."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from incident_clock.outbox.messages import GUESSING, STAND_IN
from incident_clock.outbox.tables import Message, WrongCode
from tests.support.telling import RecordingChannel
from tests.web.house import House, at


@pytest.fixture
def number(house: House) -> str:
    """An incident of which 周甲 and 吴乙 have been told; the texts carry the codes 100001, 100002 and so on."""
    found = house.register("招牌坠落", place="银杏巷")
    house.play(at("14:05:40"))
    with house.assembly.store.write() as session:
        for place, message in enumerate(session.scalars(select(Message).order_by(Message.id)), start=1):
            message.answer_code = f"{100_000 + place}"
    return found


def post(house: House, code: str, action: str = "1", *, client: str = "192.0.2.1"):
    return house.app.test_client().post("/a", data={"code": code, "action": action},
                                        environ_base={"REMOTE_ADDR": client})


def entries(house: House, kind: str) -> list[dict]:
    return [entry["body"] for entry in house.assembly.views.entries(1) if entry["kind"] == kind]


def receiver(house: House, code: str) -> str:
    with house.assembly.store.read() as session:
        return session.scalars(select(Message.person).filter_by(answer_code=code)).one()


def test_the_form_stands_there_for_everybody_and_tells_nothing(house: House, number: str) -> None:
    page = house.app.test_client().get("/a")
    assert page.status_code == 200
    assert ("1 收到" in page.text, "2 转B角" in page.text, number in page.text) == (True, True, False)
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("typed", ["100001", " 100 001 ", "１００００１"])
def test_a_code_acknowledges_its_one_message_and_shows_neither_name_nor_title(house: House, number: str, typed: str) -> None:
    page = post(house, typed)
    assert page.status_code == 200
    for said in (number, "电话上报", "2026-03-12 14:25 截止", "已记下您的确认。确认不等于办结"):
        assert said in page.text, said
    for hidden in ("招牌坠落", "银杏巷", "周甲", "吴乙"):
        assert hidden not in page.text, hidden
    [body] = entries(house, "Acknowledged")
    assert (body["how"], body["step"]) == ("code", "phone_report")
    assert "您已确认过" in post(house, typed).text
    assert len(entries(house, "Acknowledged")) == 1
    assert entries(house, "StepLogged") == []


def test_the_second_button_passes_on_to_the_stand_in(house: House, number: str) -> None:
    assert "已转给B角" in post(house, "100001", "2").text
    assert [body["reason"] for body in entries(house, "StandInCalled")] == ["passed_on"]
    assert entries(house, "Acknowledged") == []
    with house.assembly.store.read() as session:
        assert session.scalar(select(func.count()).select_from(Message).filter_by(kind=STAND_IN)) > 0


def test_a_logged_step_is_not_acknowledged_any_more(house: House, number: str) -> None:
    house.log(number, "phone_report", at("14:05"))
    page = post(house, "100001")
    assert "这一步已经记录" in page.text
    assert entries(house, "Acknowledged") == []


@pytest.mark.parametrize(("code", "status", "said"), [
    ("", 422, "六位确认码"), ("12345", 422, "六位确认码"), ("abcdef", 422, "六位确认码"), ("900000", 404, "确认码不对或已过期")])
def test_what_is_no_code_is_refused_with_a_sentence(house: House, number: str, code: str, status: int, said: str) -> None:
    page = post(house, code)
    assert (page.status_code, said in page.text) == (status, True)


def test_a_code_works_for_24_hours_and_never_for_two_messages(house: House, number: str) -> None:
    with house.assembly.store.write() as session:
        sent_at = session.scalars(select(Message.created_at)).first()
    house.clock.move_to(sent_at + timedelta(hours=24) - timedelta(seconds=1))
    assert post(house, "100001").status_code == 200
    house.clock.advance(timedelta(seconds=1))
    assert post(house, "100001").status_code == 404
    other = house.register("围墙倒塌")
    house.play(house.clock.now() + timedelta(seconds=1))
    with house.assembly.store.write() as session:
        session.execute(update(Message).where(Message.created_at > sent_at).values(answer_code="200000"))
    page = post(house, "200000")
    assert (page.status_code, "对应不止一条提醒" in page.text, other in page.text) == (404, True, False)


def test_five_wrong_tries_close_the_page_for_one_client_for_ten_minutes(house: House, number: str, caplog) -> None:
    start = house.clock.now()
    for seconds in range(5):
        house.clock.move_to(start + timedelta(seconds=seconds))
        assert post(house, "900000").status_code == 404
    assert "too many wrong codes" in caplog.text
    page = post(house, "100001")
    assert (page.status_code, "输错次数太多" in page.text) == (429, True)
    assert entries(house, "Acknowledged") == []
    assert post(house, "100002", client="192.0.2.2").status_code == 200
    house.clock.move_to(start + timedelta(minutes=10) - timedelta(seconds=1))
    assert post(house, "100001").status_code == 429
    house.clock.move_to(start + timedelta(minutes=10))
    assert post(house, "100001").status_code == 200


def test_sixty_wrong_tries_in_an_hour_close_the_page_for_all_and_alarm_once(house: House, number: str) -> None:
    start = house.clock.now()
    for one in range(60):
        assert post(house, "900000", client=f"192.0.2.{one}").status_code == 404
    assert post(house, "100001", client="198.51.100.1").status_code == 429
    with house.assembly.store.read() as session:
        assert session.scalar(select(func.count()).select_from(WrongCode)) == 120
        noticed = session.scalars(select(Message).filter_by(kind=GUESSING)).all()
    assert {message.person for message in noticed} == {"shen"}
    assert len({message.repeat for message in noticed}) == 1
    house.clock.move_to(start + timedelta(hours=1))
    assert post(house, "100001", client="198.51.100.1").status_code == 200


def test_a_code_never_stands_where_colleagues_read_the_texts(house: House, number: str) -> None:
    with house.assembly.store.write() as session:
        message = session.scalars(select(Message).order_by(Message.id)).first()
        message.attempts[0].text = f"确认码{message.answer_code}。"
    page = house.client("yang").get("/outbox").text
    assert ("确认码······" in page, "100001" in page) == (True, False)


@pytest.mark.parametrize(("channel", "is_two_way", "asks"), [
    ("sms", True, "回复1001确认"), ("sms", False, "确认码100001"), ("wecom", False, "确认码100001"), ("console", False, "回复1001确认")])
def test_a_text_on_a_way_without_answers_carries_the_code_instead(house: House, number: str, channel: str, is_two_way: bool,
                                                                  asks: str) -> None:
    vars(house.assembly)["channels"] = {channel: RecordingChannel(channel, house.clock, is_two_way=is_two_way)}
    with house.assembly.store.read() as session:
        message = session.scalars(select(Message).order_by(Message.id)).first()
        message.channel = channel
        text = house.assembly.text_of(message, house.clock.now())
    assert {word for word in ("回复1001确认", "确认码100001") if word in text} == {asks}
