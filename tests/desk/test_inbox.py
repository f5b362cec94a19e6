"""Texts that come in: each counts once, does what its digit says and no more, and is answered in one SMS."""

import string
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update

from incident_clock.inbox import NOT_YOURS, OTHER_KEY, PASSED, PASSED_BEFORE, RECEIVED
from incident_clock.outbox import answers, incoming, queue, tracking
from incident_clock.outbox.messages import ANSWER, GUESSING, NOT_ME, STAND_IN
from incident_clock.outbox.tables import IncomingText, Message, WrongCode
from incident_clock.people.tables import ContactMethod, Person
from incident_clock.phrases import Phrases
from incident_clock.registry import calls
from incident_clock.store.session import Store
from tests.support.bureau import SHEN, ZHOU, ZONE, small_rule
from tests.support.race import at_once
from tests.support.room import SECRET, Room

ZHOU_S, WU_S, ZHENG_S, STRANGER = "+8613800000001", "+8613800000002", "+8613800000003", "+8613900000099"
SPOKEN = timedelta(minutes=10)


@pytest.fixture
def room(store: Store, now: datetime) -> Room:
    return Room(store, now, small_rule())


@pytest.fixture
def number(room: Room) -> str:
    """周甲 was told at 14:05, 周甲 and 吴乙 at 14:15; it is 14:16."""
    found = room.register()
    room.work(minutes=11)
    return found


def kinds(room: Room, number: str) -> list[str]:
    ours = ("Acknowledged", "SelfReported", "ReceiverDenied", "TextCameIn", "StandInCalled", "StepLogged")
    return [entry["kind"] for entry in room.entries(number) if entry["kind"] in ours]


def notices(room: Room, kind: str) -> list[Message]:
    return [message for message in room.messages(kind=kind) if message.channel == "sms"]


# ── what a text does ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("sender", "text", "outcome", "facts", "answered"), [
    (ZHOU_S, "1001", incoming.ACKNOWLEDGED, ["Acknowledged"], "已收到您对事件001的确认（14:16）。确认不等于办结，请继续登记办理情况。"),
    (ZHOU_S, "1", incoming.ACKNOWLEDGED, ["Acknowledged"], "已收到您对事件001的确认（14:16）。确认不等于办结，请继续登记办理情况。"),
    (ZHOU_S, "２００１。", incoming.PASSED_ON, ["StandInCalled"], "事件001已转B角（14:16），请保持电话畅通。"),
    (ZHOU_S, "3001", incoming.SELF_REPORTED, ["SelfReported"], "事件001已记为自报已办，10分钟内不再催您。没有登记不算办结，请尽快补录。"),
    (ZHOU_S, "9", incoming.NOT_ME, ["ReceiverDenied"], "已记下事件001的提醒不是给您的，并已告知管理员。"),
    (ZHOU_S, "人在路上", incoming.NOTED, ["TextCameIn"], "已记入时间轴。确认请回复1001，转B角2001，已办3001，误收9001。"),
    (ZHOU_S, "1077", incoming.WRONG_CODE, [], "本号码没有事件077待办的提醒，请核对事件号后再回复。"),
    (ZHENG_S, "1", incoming.NO_ANSWER, [], "这个号码现在没有待确认的事件。紧急情况请电话联系值班室。"),
    (ZHENG_S, "谢谢", incoming.NO_ANSWER, [], "这个号码现在没有待确认的事件。紧急情况请电话联系值班室。"),
    (STRANGER, "1001", incoming.STRANGER, [], "本号码只收催办回复，您的号码没有登记。有急事请拨打值班电话。")])
def test_each_text_does_one_thing_and_logs_no_step(room: Room, number: str, sender: str, text: str, outcome: str,
                                                   facts: list[str], answered: str) -> None:
    before = len(room.told)
    assert room.text(sender, text) == outcome
    assert kinds(room, number) == facts
    assert room.answers(sender) == ["【云河综合执法】" + answered]
    assert room.deadline(number).settled_at is None
    room.send()
    assert sender in [told.to for told in room.told[before:]]


def test_whoever_passes_on_has_his_stand_in_told_at_once_on_the_rung_he_was_last_told_on(room: Room, number: str) -> None:
    room.text(ZHOU_S, "2001")
    [entry] = room.entries(number, "StandInCalled")
    body = entry["body"]
    assert (body["in_place_of"], body["person"], body["rung"], body["reason"], entry["actor"]) == (
        "周甲", "吴乙", 2, "passed_on", "周甲")
    assert {(message.person, message.rung) for message in room.messages(kind=STAND_IN)} == {("wu", 2)}, \
        "he was told on this rung as himself; that it is passed on to him he learns too"
    assert room.text(ZHOU_S, "2001") == incoming.SAID_ALREADY


def test_a_leader_who_passes_on_is_not_called_silent_later(room: Room) -> None:
    number = room.register()
    room.work(minutes=15, seconds=30)  # 郑丙 was told 30 s ago; his B角 would be called at two minutes
    assert room.text(ZHENG_S, "2001") == incoming.PASSED_ON
    [message] = [one for one in room.messages(kind=STAND_IN) if one.channel == "sms"]
    assert (message.person, message.reason) == ("wang", "passed_on")
    assert "A角转交，现转B角" in room.text_of(message, room.now)
    assert room.text(ZHENG_S, "2001") == incoming.SAID_ALREADY
    room.work(minutes=3)
    assert [entry["body"]["reason"] for entry in room.entries(number, "StandInCalled")] == ["passed_on"]
    assert room.answers(ZHENG_S)[1:] == ["【云河综合执法】事件001的B角已经告知过，不再重复转告。"]


def test_with_nobody_to_pass_on_to_the_entry_and_the_answer_say_so(room: Room, number: str) -> None:
    with room.store.write() as session:
        session.execute(update(Person).where(Person.key == "zhou").values(stand_in=None))
    assert room.text(ZHOU_S, "2001") == incoming.PASSED_ON
    assert [entry["body"]["reason"] for entry in room.entries(number, "StandInCalled")] == ["passed_to_nobody"]
    assert "没有可转的B角" in room.answers(ZHOU_S)[0]


def test_who_reports_himself_done_is_left_alone_for_ten_minutes_once(room: Room) -> None:
    number = room.register()
    room.work(minutes=26)  # past the deadline 冯戊 is told again every 5 minutes
    feng = "+8613800000006"
    assert room.messages(person="feng", channel="sms")[0].address == feng
    assert room.text(feng, "3001") == incoming.SELF_REPORTED
    row = room.calls(number)[4, "feng"]
    assert (row.paused_until, row.answered_how) == (room.now + SPOKEN, calls.SELF_REPORTED)
    before = len(room.messages(person="feng", channel="sms", kind="reminder"))
    room.work(minutes=9.9)
    assert room.text(feng, "3001") == incoming.SAID_ALREADY
    assert len(room.messages(person="feng", channel="sms", kind="reminder")) == before
    room.work(minutes=60)
    assert len(room.messages(person="feng", channel="sms", kind="reminder")) > before
    assert len(room.entries(number, "SelfReported")) == 1
    assert "催办照常" in room.answers(feng)[1]


def test_who_is_not_meant_is_named_to_the_administrators_by_mail_only_and_once(room: Room, number: str) -> None:
    assert [room.text(WU_S, "9001") for _ in range(2)] == [incoming.NOT_ME, incoming.SAID_ALREADY]
    [sms] = notices(room, NOT_ME)
    [mail] = [message for message in room.messages(kind=NOT_ME) if message.channel == "email"]
    assert (sms.person, sms.facts["sms"]) == (SHEN.key, "【云河综合执法】有人回复说事件001的提醒不是给他的，请核对通讯录中的号码。")
    assert "号码：****0002（吴乙）" in mail.facts["mail"]
    assert len(room.entries(number, "ReceiverDenied")) == 1


def test_a_text_that_is_no_answer_stands_word_for_word_in_every_open_timeline_of_the_number(room: Room, number: str) -> None:
    other = room.register("围墙倒塌")
    room.work(seconds=5)
    text = "  现场已到，\n情况可控\x00 𠮷 " + "长" * 2_000
    assert room.text(ZHOU_S, text) == incoming.NOTED
    for one in (number, other):
        [entry] = room.entries(one, "TextCameIn")
        assert entry["body"]["text"] == text.replace("\x00", "")[:incoming.LONGEST_TEXT - 1]
    with room.store.read() as session:
        assert session.scalars(select(IncomingText.text)).all() == [""], "it stands in the ledgers"


def test_a_late_answer_is_told_once_who_logged_the_step(room: Room, number: str) -> None:
    room.log(number)
    assert [room.text(WU_S, text) for text in ("1001", "1001", "2001", "1")] == [incoming.LATE] * 4
    assert room.answers(WU_S) == ["【云河综合执法】事件001：该事项已由周甲于14:16记录，无需再回复。"]


def test_past_incident_999_all_of_the_grammar_holds(room: Room) -> None:
    from tests.desk.test_answering_replies import count_from

    count_from(room, 1035)
    number = room.register()
    room.work(seconds=5)
    assert [room.text(ZHOU_S, text) for text in ("31036", "91036", "11036")] == [
        incoming.SELF_REPORTED, incoming.NOT_ME, incoming.SAID_ALREADY]
    assert kinds(room, number) == ["SelfReported", "ReceiverDenied"]


# ── once ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["1001", "2001", "3001", "9001", "来文", "1077"])
def test_a_text_that_is_delivered_again_changes_nothing_ever(room: Room, number: str, text: str) -> None:
    room.text(ZHOU_S, text, provider_id="SM1")
    before = (kinds(room, number), len(room.messages()))
    room.text(ZHOU_S, text, provider_id="SM1")
    assert (kinds(room, number), len(room.messages())) == before
    room.wait(hours=3)
    room.text(ZHOU_S, text, provider_id="SM1")
    assert (kinds(room, number), len(room.messages())) == before
    with room.store.read() as session:
        assert session.scalar(select(func.count()).select_from(IncomingText)) == 1


def test_of_one_text_delivered_four_times_at_once_one_counts(room: Room, number: str) -> None:
    take = partial(room.inbox.take, gateway="twilio", provider_id="SM1", address=ZHOU_S, text="来文", now=room.now)
    assert at_once([take] * 4) == [None] * 4
    assert kinds(room, number) == ["TextCameIn"]
    assert len(room.answers(ZHOU_S)) == 1


# ── wrong codes, and machines that talk ───────────────────────────────────────────────────────────────────


def test_five_wrong_codes_within_an_hour_close_the_way_for_that_sender_only(room: Room, number: str, caplog) -> None:
    for minute in range(5):
        assert room.text(ZHOU_S, f"107{minute}") == incoming.WRONG_CODE
        room.wait(minutes=1)
    assert "****0001" in caplog.text
    assert room.answers(ZHOU_S)[-1] == "【云河综合执法】多次输错事件号，本号码1小时内不再受理短信回复，请电话联系值班室。"
    assert [message.person for message in notices(room, GUESSING)] == [SHEN.key]
    answered = len(room.answers(ZHOU_S))
    assert (room.text(ZHOU_S, "1001"), room.text(ZHOU_S, "来文")) == (incoming.CLOSED, incoming.CLOSED)
    assert len(room.answers(ZHOU_S)) == answered
    assert room.text(WU_S, "1001") == incoming.ACKNOWLEDGED
    room.wait(minutes=55, seconds=-1)  # one second before the first of the five is an hour old
    assert room.text(ZHOU_S, "1001") == incoming.CLOSED
    room.wait(seconds=1)
    assert room.text(ZHOU_S, "1001") == incoming.ACKNOWLEDGED


def test_wrong_codes_that_come_at_once_are_all_counted(room: Room, number: str) -> None:
    at_once([partial(room.inbox.take, gateway="twilio", provider_id=f"X{count}", address=ZHOU_S, text=f"108{count}",
                     now=room.now) for count in range(8)])
    with room.store.read() as session:
        assert session.scalar(select(func.count()).select_from(WrongCode)) == 5
    assert len(notices(room, GUESSING)) == 1


def test_wrong_codes_typed_on_the_page_at_once_are_all_counted(room: Room, number: str) -> None:
    with room.store.write() as session:
        session.execute(update(Message).values(answer_code="100000"))
    said = at_once([partial(room.inbox.by_code, f"20000{count}", 1, client="192.0.2.1", now=room.now) for count in range(8)])
    assert sum(one.is_throttled for one in said) == 3
    assert len(notices(room, GUESSING)) == 1


@pytest.mark.parametrize(("sender", "text"), [(ZHOU_S, "自动回复：会议中"), (STRANGER, "你是谁"), (ZHENG_S, "你是谁")])
def test_help_is_given_once_an_hour(room: Room, number: str, sender: str, text: str) -> None:
    for minutes in (0, 1, 58.9, 0.1):
        room.wait(minutes=minutes)
        room.text(sender, text)
    assert len(room.answers(sender)) == 2


def test_answers_never_use_up_the_day_of_a_number(room: Room, number: str) -> None:
    before = room.messages(address=ZHOU_S)
    room.text(ZHOU_S, "3001")
    with room.store.read() as session:
        counted = queue.counted(session, channel="sms", addresses=[ZHOU_S], since=room.now - timedelta(days=1))
    assert (len(room.answers(ZHOU_S)), counted[ZHOU_S]) == (1, len([one for one in before if one.channel == "sms"]))


def test_without_sms_switched_on_nothing_is_answered(store: Store, now: datetime) -> None:
    room = Room(store, now, small_rule(), channels=("email",))
    assert room.text(STRANGER, "你是谁") == incoming.STRANGER
    assert room.messages(kind=ANSWER) == []


def test_an_answer_that_fails_is_followed_by_nothing(store: Store, now: datetime) -> None:
    room = Room(store, now, small_rule(), falls_back=True)
    number = room.register()
    room.work(seconds=5)
    room.text(ZHOU_S, "1001")
    room.channels["sms"].fate = lambda letter: "permanent"
    room.work(minutes=2)
    assert room.message(kind=ANSWER).state == "failed"
    assert room.entries(number, "FellBack") == []


# ── what is kept ──────────────────────────────────────────────────────────────────────────────────────────


def test_erasing_an_incident_blanks_texts_and_answers_about_it(room: Room, number: str) -> None:
    room.text(WU_S, "人在路上")
    room.send()
    room.log(number)
    room.text(WU_S, "1001")
    room.desk.close(number, None, actor=ZHOU, now=room.now)
    room.desk.erase_texts(number, "期满", actor=SHEN, now=room.now)
    assert [(one.address, one.facts, [a.text for a in attempts(room, one)]) for one in room.messages(kind=ANSWER)] == [
        ("", {}, [""]), ("", {}, [])]
    with room.store.read() as session:
        assert set(session.execute(select(IncomingText.address, IncomingText.text)).all()) == {("", "")}
    assert room.entries(number, "TextCameIn")[0]["body"]["text"] is None
    assert room.send() == 0


def attempts(room: Room, message: Message) -> list:
    with room.store.read() as session:
        return list(session.get_one(Message, message.id).attempts)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", [name for name, phrase in vars(answers).items()
                                  if isinstance(phrase, str) and name.isupper() and name not in ("CHANNEL", "FROM")])
def test_every_answer_is_one_sms(language: str, name: str) -> None:
    phrase = getattr(answers, name)
    places = {field for _, field, *_ in string.Formatter().parse(phrase.replace("%(", "{").replace(")s", "}")) if field}
    params = {"spoken": "1037", "at": "14:22", "who": "周甲", "action": 1, "example": "11037"}
    said = answers.Words(Phrases(language, ZONE), "云河综合执法").sms(phrase, **{key: params[key] for key in places})
    assert answers.units(said) <= answers.LONGEST, said


def test_a_long_name_is_left_out_of_a_late_answer() -> None:
    words = answers.Words(Phrases("zh", ZONE), "云河综合执法")
    assert "欧阳" in words.late("037", "欧阳某某", "14:07")
    assert words.late("037", "阿" * 40, "14:07") == words.late("037", None, "14:07") == \
        "【云河综合执法】事件037：该事项已于14:07记录，无需再回复。"


# ── keys of a call ────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_in_a_call_answers_its_one_message_once(room: Room, number: str) -> None:
    message = room.messages(person="zhou", channel="sms")[0]
    press = partial(room.inbox.press, tracking=tracking.sign(SECRET, message.id, 1), now=room.now)
    assert press(digits="7", provider_id="CA1").said == OTHER_KEY
    assert [press(digits="1", provider_id="CA1").said for _ in range(2)] == [RECEIVED, RECEIVED]
    assert [entry["body"]["how"] for entry in room.entries(number, "Acknowledged")] == ["voice"]
    assert [press(digits="2", provider_id=call).said for call in ("CA1", "CA1", "CA2")] == [
        PASSED, PASSED_BEFORE, PASSED_BEFORE]
    room.wait(hours=1)
    before = kinds(room, number)
    for digits in "12":  # signed for ever, played again
        room.inbox.press(tracking=tracking.sign(SECRET, message.id, 1), digits=digits, provider_id="CA1", now=room.now)
    assert kinds(room, number) == before
    assert room.inbox.press(tracking="1-1-0123456789ab", digits="1", provider_id="CA9", now=room.now).said == NOT_YOURS


def test_somebody_with_a_second_number_is_answered_as_one_of_us(room: Room, number: str) -> None:
    with room.store.write() as session:
        session.add(ContactMethod(person="zhou", kind="mobile", address="+8613800000088", position=9))
    assert room.text("+8613800000088", "1001") == incoming.WRONG_CODE
    assert kinds(room, number) == []
