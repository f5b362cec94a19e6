"""Webhooks of providers over HTTP: only what is signed for our public address counts, once, and only upwards."""

import json
import random
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlencode

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from incident_clock.channels.twilio_signing import SignatureCheck, sign
from incident_clock.ledger.chain import plain
from incident_clock.outbox import tracking
from incident_clock.outbox.tables import IncomingText, Message, Reported
from incident_clock.registry import ledger
from incident_clock.store.session import Store
from tests.web.house import House, at

PUBLIC, TOKEN, PREVIOUS = "https://clock.example.com", "t0ken", "0ld-t0ken"
STATUSES = ("queued", "sent", "delivered", "undelivered")
FINAL = {"delivered": "delivered", "undelivered": "failed"}


@pytest.fixture
def house(sqlite_store: Store, tmp_path: Path) -> House:
    return House.open(str(sqlite_store.url), tmp_path, now=at("14:05"), public_url=PUBLIC,
                      twilio_auth_token=SecretStr(TOKEN), twilio_auth_token_previous=SecretStr(PREVIOUS))


@pytest.fixture
def sent(house: House) -> list[Message]:
    """An incident was registered at 14:05, and its first reminders have left."""
    house.register("广告牌坠落")
    house.play(at("14:05:02"))
    return messages(house)


def messages(house: House) -> list[Message]:
    with house.assembly.store.read() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def word(house: House, message: Message, attempt: int = 1) -> str:
    return tracking.sign(house.assembly.settings.secret_key.get_secret_value(), message.id, attempt)


def post(house: House, path: str, form: dict[str, str], *, m: str = "", token: str | None = TOKEN,
         base: str = PUBLIC, signature: str | None = None) -> TestResponse:
    """As Twilio posts it, signed over `base`."""
    address = path + (f"?{urlencode({'m': m})}" if m else "")
    signed = (base + address + "".join(name + form[name] for name in sorted(form))).encode()
    signature = signature if signature is not None else sign(token.encode(), signed) if token else None
    return house.app.test_client().post(address, data=form,
                                        headers={"X-Twilio-Signature": signature} if signature is not None else {})


def sid(number: int, kind: str = "SM") -> str:
    return f"{kind}{number:032x}"


def status(house: House, message: Message, said: str, **other: object) -> TestResponse:
    return post(house, "/callbacks/twilio/status", {"MessageSid": sid(message.id), "MessageStatus": said},
                m=word(house, message), **other)


def settled(house: House) -> list[tuple[str, str]]:
    with house.assembly.store.read() as session:
        incident_id = session.scalar(select(func.max(Message.incident_id)))
        return [(entry["kind"], entry["body"].get("outcome", "")) for entry in map(plain, ledger.links(session, incident_id))]


def test_a_signed_status_moves_the_message_on_and_is_written_down(house: House, sent: list[Message]) -> None:
    assert status(house, sent[0], "delivered").status_code == 204
    assert messages(house)[0].state == "delivered"
    assert ("MessageSettled", "delivered") in settled(house)


def test_the_token_before_counts_while_it_is_being_changed(house: House, sent: list[Message]) -> None:
    assert status(house, sent[0], "delivered", token=PREVIOUS).status_code == 204
    assert messages(house)[0].state == "delivered"


@pytest.mark.parametrize("wrong", [
    {"token": None}, {"token": "another"}, {"signature": ""}, {"signature": "x" * 28}, {"signature": "日"},
    {"base": "http://clock.example.com"}, {"base": "https://evil.example.com"}, {"base": "http://localhost"}])
def test_whatever_is_not_signed_for_our_address_is_refused(house: House, sent: list[Message], wrong: dict, caplog) -> None:
    for _ in range(3):
        assert status(house, sent[0], "delivered", **wrong).status_code == 403
    assert messages(house)[0].state == sent[0].state
    assert len([record for record in caplog.records if "not signed" in record.message]) == 1


def test_without_a_token_nothing_is_believed(house: House, sent: list[Message]) -> None:
    vars(house.assembly)["settings"] = house.assembly.settings.model_copy(
        update={"twilio_auth_token": None, "twilio_auth_token_previous": None})
    assert status(house, sent[0], "delivered", token="").status_code == 403


@pytest.mark.parametrize("path", ["status", "inbound", "voice"])
def test_a_get_and_a_huge_body_are_refused(house: House, path: str) -> None:
    client = house.app.test_client()
    assert client.get(f"/callbacks/twilio/{path}").status_code in (403, 405)
    assert client.post(f"/callbacks/twilio/{path}", data={"Body": "x" * 300_000}).status_code in (403, 413)


def test_ten_thousand_forgeries_change_nothing(house: House, sent: list[Message]) -> None:
    """Through the check itself, which every request passes: wrong tokens, wrong fields, wrong addresses."""
    dice, check = random.Random(7), SignatureCheck(PUBLIC, [TOKEN, PREVIOUS])
    path, query = "/callbacks/twilio/status", f"m={word(house, sent[0])}"
    form = {"MessageSid": [sid(1)], "MessageStatus": ["delivered"]}
    good = sign(TOKEN.encode(), f"{PUBLIC}{path}?{query}MessageSid{sid(1)}MessageStatusdelivered".encode())
    assert check.accepts(path, query, form, good)
    accepted = 0
    for _ in range(10_000):
        changed = {name: [dice.choice([*values, values[0][:-1], values[0] + "0", "sent"])] for name, values in form.items()}
        where = dice.choice([path, path + "/", "/callbacks/twilio/voice"])
        asked = dice.choice([query, query + "0", "m=1-1-000000000000", ""])
        signature = dice.choice([good, good[:-1] + "A", good.lower(), sign(b"guess", good.encode())])
        if (changed, where, asked, signature) != (form, path, query, good):
            accepted += check.accepts(where, asked, changed, signature)
    assert accepted == 0


def orders() -> Iterable[tuple[str, ...]]:
    """Callbacks as they really come: repeated, late, in every order, some never."""
    dice = random.Random(11)
    for _ in range(60):
        yield tuple(dice.choice(STATUSES) for _ in range(dice.randint(1, 7)))


def test_whatever_the_order_the_same_callbacks_end_alike(house: House, sent: list[Message]) -> None:
    with house.assembly.store.write() as session:  # one message an order: all in one house
        [incident_id] = set(session.scalars(select(Message.incident_id)))
        rows = [{column.name: getattr(sent[0], column.name) for column in Message.__table__.columns if column.name != "id"}
                | {"repeat": 100 + number, "incident_id": incident_id, "state": "accepted"} for number in range(60)]
        session.execute(Message.__table__.insert(), rows)
        copies = session.scalars(select(Message).where(Message.repeat >= 100).order_by(Message.id)).all()
        attempts = [{"message_id": one.id, "number": 1, "engine": "e", "started_at": house.clock.now(), "outcome": "accepted",
                     "detail": "", "text": ""} for one in copies]
        session.execute(Message.attempts.property.mapper.local_table.insert(), attempts)
    for message, order in zip(copies, orders(), strict=True):
        for said in order:
            assert status(house, message, said).status_code == 204
    for message, order in zip(copies, orders(), strict=True):
        with house.assembly.store.read() as session:
            [attempt] = session.get_one(Message, message.id).attempts
            assert attempt.status == max(({"undelivered": "failed"}.get(said, said) for said in order),
                                         key=("queued", "sent", "delivered", "failed").index), order
            kept = session.scalar(select(func.count()).select_from(Reported).where(Reported.provider_id == sid(message.id)))
            assert kept == len(set(order))


def test_a_text_that_comes_in_is_an_answer_once(house: House, sent: list[Message]) -> None:
    with house.assembly.store.write() as session:  # as if it had left by SMS
        session.execute(update(Message).where(Message.person == "zhou").values(channel="sms", address="+8613800000001"))
    form = {"MessageSid": sid(77), "From": "+8613800000001", "Body": "1001"}
    for _ in range(3):
        answer = post(house, "/callbacks/twilio/inbound", form)
        assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    with house.assembly.store.read() as session:
        assert session.scalar(select(func.count()).select_from(IncomingText)) == 1
    assert [kind for kind, _ in settled(house)].count("Acknowledged") == 1


def test_a_key_pressed_in_a_call_acknowledges(house: House, sent: list[Message]) -> None:
    form = {"CallSid": sid(88, "CA"), "Digits": "1"}
    answer = post(house, "/callbacks/twilio/voice", form, m=word(house, sent[0]))
    assert "确认不等于办结" in answer.text
    assert "Acknowledged" in [kind for kind, _ in settled(house)]


def test_an_unsigned_report_changes_nothing_and_has_the_engine_ask(house: House, sent: list[Message]) -> None:
    with house.assembly.store.write() as session:
        session.execute(update(Message).values(check_at=at("14:06")))
    vars(house.assembly)["settings"] = house.assembly.settings.model_copy(update={"sms_gateways": ("aliyun",)})
    push = json.dumps([{"biz_id": "9^0", "out_id": word(house, sent[0]), "success": True}, {"biz_id": "x", "out_id": "1-1-0"}])
    answer = house.app.test_client().post("/callbacks/aliyun/report", data=push, content_type="application/json")
    assert (answer.status_code, answer.json) == (200, {"code": 0, "msg": "接收成功"})
    assert [message.check_at == house.clock.now() for message in messages(house)][:2] == [True, False]
    assert {message.state for message in messages(house)} == {"accepted"}
