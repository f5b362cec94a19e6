"""One channel over two gateways: who is asked, who is passed by, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from incident_clock.channels.base import Channel, ChannelError, Letter, Receipt, Report
from incident_clock.channels.switchboard import Switchboard

NOW = datetime(2026, 3, 12, 6, 5, tzinfo=UTC)


class Gateway(Channel):
    """Fails with `error` while there is one."""

    is_loopback = True
    receipt_within = timedelta(seconds=60)
    is_two_way = True

    def __init__(self, name: str) -> None:
        self._name, self.error, self.sent = name, None, 0

    @property
    def name(self) -> str:
        return self._name

    def problems(self) -> list[str]:
        return [f"{self._name} has no key"]

    def send(self, letter: Letter) -> Receipt:
        self.sent += 1
        if self.error is not None:
            raise self.error
        return Receipt(f"{self._name}-1", "taken")

    def look_up(self, provider_id: str, *, gateway: str = "") -> Report | None:
        return Report("delivered", detail=self._name)

    def find(self, letter: Letter, *, gateway: str = "") -> Receipt | None:
        return Receipt(f"{self._name}-7", "found")


@pytest.fixture
def pair() -> tuple[Gateway, Gateway, Switchboard]:
    one, two = Gateway("one"), Gateway("two")
    return one, two, Switchboard("sms", [one, two])


def letter(seconds: float = 0, **other: object) -> Letter:
    return Letter(to="+8613800000001", subject="", text="x", reference="K7Q2", message_id="<1@x>",
                  sent_at=NOW + timedelta(seconds=seconds), **other)


def asked(board: Switchboard, seconds: float = 0, **other: object) -> str:
    """The gateway that takes or refuses a letter sent so much later."""
    try:
        return board.send(letter(seconds, **other)).gateway
    except ChannelError as error:
        return f"{error.gateway} failed"


@pytest.mark.parametrize("fate", [{}, {"is_gateway_down": True}, {"is_unknown": True}])
def test_a_gateway_that_failed_is_passed_by_for_a_minute(pair, fate: dict[str, bool]) -> None:
    one, _, board = pair
    one.error = ChannelError("out of order", **fate)
    assert [asked(board, at) for at in (0, 0.1, 59.9)] == ["one failed", "two", "two"]
    one.error = None
    assert asked(board, 60) == "one"


def test_a_refused_number_is_no_reason_to_leave_a_gateway(pair) -> None:
    one, _, board = pair
    one.error = ChannelError("no such number", is_permanent=True)
    assert [asked(board, at) for at in (0, 1)] == ["one failed", "one failed"]


@pytest.mark.parametrize(("asked_s", "pause_s"), [(5, 60), (120, 120), (86_400, 600)])
def test_a_pause_the_gateway_asks_for_is_kept_within_reason(pair, asked_s: int, pause_s: int) -> None:
    one, _, board = pair
    one.error = ChannelError("too many", retry_after_s=asked_s)
    asked(board)
    one.error = None
    assert [asked(board, pause_s - 0.1), asked(board, pause_s)] == ["two", "one"]


def test_a_letter_does_not_wait_for_a_gateway_while_there_is_another(pair) -> None:
    one, two, board = pair
    one.error, two.error = ChannelError("too many", retry_after_s=50), ChannelError("too many", retry_after_s=40)
    with pytest.raises(ChannelError) as first:
        board.send(letter())
    with pytest.raises(ChannelError) as second:
        board.send(letter(1))
    assert (first.value.retry_after_s, second.value.retry_after_s) == (None, 40)


def test_a_letter_that_was_lost_on_one_gateway_asks_another_though_both_work(pair) -> None:
    _, _, board = pair
    assert [asked(board), asked(board, avoid="one"), asked(board, avoid="two")] == ["one", "two", "one"]


def test_a_fault_of_ours_in_a_gateway_passes_it_by_as_well(pair) -> None:
    one, _, board = pair
    one.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        board.send(letter())
    assert asked(board, 1) == "two"


def test_when_all_have_failed_the_one_whose_pause_ends_first_is_asked(pair) -> None:
    one, two, board = pair
    one.error, two.error = ChannelError("no", retry_after_s=300), ChannelError("no")
    assert [asked(board, at) for at in (0, 1, 2, 3)] == ["one failed", "two failed", "two failed", "two failed"]


def test_a_test_message_asks_the_gateway_it_is_meant_for(pair) -> None:
    one, two, board = pair
    assert (asked(board, gateway="two"), one.sent, two.sent) == ("two", 0, 1)


def test_questions_go_to_the_gateway_that_took_the_letter(pair) -> None:
    _, _, board = pair
    assert board.look_up("two-1", gateway="two") == Report("delivered", detail="two")
    assert board.find(letter(), gateway="two") == Receipt("two-7", "found", "two")
    assert board.look_up("x-1", gateway="gone") is None


def test_a_text_may_ask_for_an_answer_only_where_every_gateway_carries_one(pair) -> None:
    _, two, board = pair
    assert board.is_two_way
    two.is_two_way = False
    assert not board.is_two_way
    assert board.problems() == ["one has no key", "two has no key"]
    assert board.receipt_within == timedelta(seconds=60)
