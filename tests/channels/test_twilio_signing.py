"""Signatures of callbacks: Twilio's own are accepted, nothing else is."""

import random

import pytest
from twilio.request_validator import RequestValidator

from incident_clock.channels.twilio_callbacks import STATUS_PATH
from incident_clock.channels.twilio_signing import SignatureCheck, sign

URL, TOKEN, OLD_TOKEN = "https://clock.example.cn", "t0ken-of-the-account", "t0ken-before"
QUERY = "m=37-1-9f2c41d07ab3"
FORM = {"MessageSid": ["SM" + "0a" * 16], "MessageStatus": ["delivered"], "Body": ["收到 &=+ 1037"], "Empty": [""],
        "MediaUrl": ["b", "a", "b"]}


class Many(dict[str, list[str]]):
    """A form as the SDK wants it where a name has several values."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def by_the_sdk(url: str, token: str = TOKEN, algorithm: str | None = None) -> str:
    return str(RequestValidator(token).compute_signature(url, Many(FORM), algorithm))


SIGNED = by_the_sdk(f"{URL}{STATUS_PATH}?{QUERY}")


def accepts(check: SignatureCheck, signature: str | None = SIGNED, *, path: str = STATUS_PATH, query: str = QUERY,
            form: dict[str, list[str]] = FORM) -> bool:
    return check.accepts(path, query, form, signature)


def test_what_the_sdk_signs_is_accepted() -> None:
    assert accepts(SignatureCheck(URL, [TOKEN]))
    assert accepts(SignatureCheck(URL + "/", [TOKEN]))


def test_the_order_in_which_the_fields_come_does_not_matter() -> None:
    turned = {name: values[::-1] for name, values in reversed(FORM.items())}
    assert accepts(SignatureCheck(URL, [TOKEN]), form=turned)


def test_during_a_change_both_tokens_are_good_and_afterwards_one() -> None:
    old = by_the_sdk(f"{URL}{STATUS_PATH}?{QUERY}", OLD_TOKEN)
    both = SignatureCheck(URL, [TOKEN, OLD_TOKEN])
    assert accepts(both)
    assert accepts(both, old)
    assert not accepts(SignatureCheck(URL, [TOKEN, None]), old)


@pytest.mark.parametrize(("configured", "signed"), [
    (URL, f"{URL}:443"), (f"{URL}:443", URL), (f"{URL}:8443", f"{URL}:8443"), (f"{URL}:8443", URL),
    ("http://127.0.0.1:8000", "http://127.0.0.1:8000"), (f"{URL}/duty", f"{URL}/duty"),
    ("http://[::1]:8000", "http://[::1]:8000"),
])
def test_the_configured_address_counts_with_and_without_its_port(configured: str, signed: str) -> None:
    assert accepts(SignatureCheck(configured, [TOKEN]), by_the_sdk(f"{signed}{STATUS_PATH}?{QUERY}"))


@pytest.mark.parametrize("address", [
    "http://clock.example.cn", "https://clock.example.cn:444", "https://evil.example.cn", "https://clock.example.cn/x"])
def test_a_signature_for_another_address_is_none(address: str) -> None:
    assert not accepts(SignatureCheck(URL, [TOKEN]), by_the_sdk(f"{address}{STATUS_PATH}?{QUERY}"))


@pytest.mark.parametrize("tokens", [[], [None], [""], ["", None]])
def test_a_check_without_a_token_refuses_everything(tokens: list[str | None]) -> None:
    empty = sign(b"", f"{URL}{STATUS_PATH}".encode())
    check = SignatureCheck(URL, tokens)
    assert not accepts(check)
    assert not accepts(check, empty, query="", form={})


@pytest.mark.parametrize("address", ["", "clock.example.cn", "ftp://clock.example.cn", "https://", "https://[::1",
                                     "https://a:port", "https://a?x=1"])
def test_a_check_without_an_address_refuses_everything(address: str) -> None:
    assert not accepts(SignatureCheck(address, [TOKEN]), by_the_sdk(f"{address}{STATUS_PATH}?{QUERY}"))


def test_the_newer_algorithm_is_not_taken_with_the_accounts_token() -> None:
    assert not accepts(SignatureCheck(URL, [TOKEN]),
                       by_the_sdk(f"{URL}{STATUS_PATH}?{QUERY}", algorithm="HMAC_SHA256"))


@pytest.mark.parametrize("signature", [None, "", " ", SIGNED + " ", SIGNED.lower(), SIGNED[:-1], "签名", "=", SIGNED * 2])
def test_a_signature_is_the_whole_signature(signature: str | None) -> None:
    assert not accepts(SignatureCheck(URL, [TOKEN]), signature)


def test_a_form_that_is_no_proper_unicode_is_refused() -> None:
    assert not accepts(SignatureCheck(URL, [TOKEN]), form={"Body": ["\udfff"]})


def test_of_ten_thousand_forged_unsigned_or_altered_callbacks_none_is_accepted() -> None:
    check, dice = SignatureCheck(URL, [TOKEN, OLD_TOKEN]), random.Random(37)
    accepted = 0
    for number in range(10_000):
        path, query, form, signature = STATUS_PATH, QUERY, dict(FORM), SIGNED
        match number % 8:
            case 0:
                signature = ""
            case 1:
                signature = sign(dice.randbytes(16), (URL + path).encode())
            case 2:
                form["MessageStatus"] = [f"read{dice.random()}"]
            case 3:
                form["MessageSid"] = [f"SM{dice.getrandbits(128):032x}"]
            case 4:
                form[f"Field{number}"] = ["1"]
            case 5:
                query = f"m={number}-1-{dice.getrandbits(48):012x}"
            case 6:
                path = f"{path}/{number}"
            case 7:
                at = dice.randrange(len(SIGNED) - 2)
                signature = SIGNED[:at] + chr(ord(SIGNED[at]) ^ 1) + SIGNED[at + 1:]
        accepted += check.accepts(path, query, form, signature)
    assert accepted == 0
