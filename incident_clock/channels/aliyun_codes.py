"""What Aliyun's codes mean for an SMS: the truth tables of its answers and of its reports, and how they are read.

It answers HTTP 200 to most refusals, so the code in the body counts. What it says in words is never passed on.
"""

import re
from dataclasses import dataclass

from incident_clock.channels.base import (
    DELIVERED,
    FAILED,
    GATEWAY_DOWN,
    PERMANENT,
    SENT,
    TEMPORARY,
    ChannelError,
    Report,
)
from incident_clock.channels.http_post import Answer, refused_by_status

OK = "OK"
GATEWAY = "aliyun"
WRITABLE_CODE = re.compile(r"(?!.*\d{7})[A-Za-z][A-Za-z0-9_.:-]{1,63}")  # no phone number among them
QUOTA_PAUSE_S = 60.0  # its shortest quota is that of a minute


@dataclass(frozen=True, slots=True)
class Meaning:
    """One row: what becomes of the letter, and why. `is_address_dead`: no letter to that number will arrive."""

    fate: str
    why: str
    is_address_dead: bool = False
    retry_after_s: float | None = None


def _down(why: str) -> Meaning:
    return Meaning(GATEWAY_DOWN, why)


def _refused(why: str) -> Meaning:
    return Meaning(PERMANENT, why)


# What it answers to an order to send.
CODES = {
    "isv.BUSINESS_LIMIT_CONTROL": Meaning(TEMPORARY, "the quota of this number, signature and template is used up",
                                          retry_after_s=QUOTA_PAUSE_S),
    "isp.SYSTEM_ERROR": Meaning(TEMPORARY, "it had an error of its own"),
    "isp.GATEWAY_ERROR": Meaning(TEMPORARY, "it had an error of its own"),
    "Throttling": Meaning(TEMPORARY, "too many requests at once"),
    "Throttling.User": Meaning(TEMPORARY, "too many requests at once"),
    "Throttling.Api": Meaning(TEMPORARY, "too many requests at once"),
    "SignatureNonceUsed": Meaning(TEMPORARY, "it took the request for a repeated one"),

    "isv.OUT_OF_SERVICE": _down("the service was stopped: see the balance"),
    "isv.AMOUNT_NOT_ENOUGH": _down("the balance is used up"),
    "isv.PRODUCT_UNSUBSCRIBE": _down("the account has not ordered the SMS service"),
    "isv.PRODUCT_UN_SUBSCRIPT": _down("the account has not ordered the SMS service"),
    "isv.ACCOUNT_NOT_EXISTS": _down("there is no such account"),
    "isv.ACCOUNT_ABNORMAL": _down("the account is not in order"),
    "isv.DAY_LIMIT_CONTROL": _down("the account's limit for a day is reached"),
    "isv.MONTH_LIMIT_CONTROL": _down("the account's limit for a month is reached"),
    "isv.DENY_IP_RANGE": _down("it takes no orders from the country of our address"),
    "isv.SMS_SIGNATURE_ILLEGAL": _down("INCIDENT_CLOCK_ALIYUN_SIGN_NAME is not a filed signature"),
    "isv.SMS_SIGN_ILLEGAL": _down("INCIDENT_CLOCK_ALIYUN_SIGN_NAME is not a filed signature"),
    "isv.SIGN_NAME_ILLEGAL": _down("INCIDENT_CLOCK_ALIYUN_SIGN_NAME is not a filed signature"),
    "isp.RAM_PERMISSION_DENY": _down("the access key may not send SMS"),
    "Forbidden.RAM": _down("the access key may not send SMS"),
    "NoPermission": _down("the access key may not send SMS"),
    "InvalidAccessKeyId.NotFound": _down("there is no such access key: see INCIDENT_CLOCK_ALIYUN_ACCESS_KEY_ID"),
    "InvalidAccessKeyId.Inactive": _down("the access key is switched off"),
    "SignatureDoesNotMatch": _down("the signature is wrong: see INCIDENT_CLOCK_ALIYUN_ACCESS_KEY_SECRET"),
    "IncompleteSignature": _down("the signature is wrong: see INCIDENT_CLOCK_ALIYUN_ACCESS_KEY_SECRET"),
    "InvalidTimeStamp.Expired": _down("this machine's clock is wrong by more than 15 min"),

    "isv.MOBILE_NUMBER_ILLEGAL": Meaning(PERMANENT, "the number is not a mobile number", is_address_dead=True),
    "isv.MOBILE_COUNT_OVER_LIMIT": _refused("it took one number for many"),
    "isv.BLACK_KEY_CONTROL_LIMIT": _refused("a word put into the template is on its black list"),
    "isv.SMS_CONTENT_ILLEGAL": _refused("it takes the text for unfit"),
    "isv.UNSUPPORTED_CONTENT": _refused("the text holds signs that it does not send"),
    "isv.SMS_TEMPLATE_ILLEGAL": _refused("the template is not filed: see INCIDENT_CLOCK_SMS_TEMPLATES"),
    "isv.TEMPLATE_MISSING_PARAMETERS": _refused("the filed template has a variable that our text has not"),
    "isv.TEMPLATE_PARAMS_ILLEGAL": _refused("a word put into the template is not of the filed kind"),
    "isv.INVALID_PARAMETERS": _refused("something in the order has the wrong form"),
    "isv.INVALID_JSON_PARAM": _refused("something in the order has the wrong form"),
    "isv.PARAM_LENGTH_LIMIT": _refused("a word put into the template is too long"),
    "isv.PARAM_NOT_SUPPORT_URL": _refused("a word put into the template looks like a link"),
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": _refused("the template is filed for numbers abroad only"),
}

# What it reports later of an SMS that did not arrive; networks have many more codes of their own.
REPORTS = {
    "MOBILE_NOT_ON_SERVICE": Meaning(PERMANENT, "the number is out of service", is_address_dead=True),
    "INVALID_NUMBER": Meaning(PERMANENT, "there is no such number", is_address_dead=True),
    "MOBILE_IN_BLACK": Meaning(PERMANENT, "the number or its network has blocked it", is_address_dead=True),
    "CONTENT_KEYWORD": _refused("a network on the way did not let a word of it pass"),
    "CONTENT_ERROR": _refused("the text does not fit the filed template"),
    "MOBILE_SEND_LIMIT": Meaning(TEMPORARY, "the number had too many SMS"),
    "MOBILE_ACCOUNT_LIMIT": Meaning(TEMPORARY, "the number had too many SMS"),
    "MOBILE_TERMINAL_ERROR": Meaning(TEMPORARY, "the phone is switched off, full or out of reach"),
    "SP_UNKNOWN_ERROR": Meaning(TEMPORARY, "the network did not say why"),
    "SP_NOT_BY_INTER_SMS": _refused("the number takes no SMS of this kind"),
}
STATUSES = {"1": SENT, "2": FAILED, "3": DELIVERED}  # of QuerySendDetails; 1 is "waiting for the receipt"


def code_of(answer: Answer) -> str:
    """The code in the body, or empty."""
    code = answer.body.get("Code") if isinstance(answer.body, dict) else None
    return code if isinstance(code, str) else ""


def refusal(answer: Answer) -> ChannelError:
    """What an answer other than OK means: by its code first, by the HTTP status where that is not known."""
    code = code_of(answer)
    meaning = CODES.get(code)
    if meaning is None:
        if answer.status != 200 or not WRITABLE_CODE.fullmatch(code) or code == OK:
            error = refused_by_status(answer, "Aliyun")
            error.gateway = GATEWAY
            return error
        meaning = Meaning(TEMPORARY, "for a reason that is not in our table")
    return ChannelError(f"Aliyun refused the SMS: {meaning.why} ({code}).", code=code, gateway=GATEWAY,
                        is_permanent=meaning.fate == PERMANENT, is_gateway_down=meaning.fate == GATEWAY_DOWN,
                        is_address_dead=meaning.is_address_dead,
                        retry_after_s=answer.retry_after_s or meaning.retry_after_s)


def report_of(status: object, code: object) -> Report | None:
    """What QuerySendDetails says of one SMS by its SendStatus and ErrCode. None: it says nothing that is known."""
    ours = STATUSES.get(str(status)) if isinstance(status, str | int) else None
    code = code if isinstance(code, str) and WRITABLE_CODE.fullmatch(code) else ""
    if ours is None:
        return None
    if ours != FAILED:
        return Report(ours, detail=f"Aliyun says: {ours}")
    meaning = REPORTS.get(code) or Meaning(TEMPORARY, "the network gave a reason that is not known here")
    return Report(FAILED, code=code, detail=f"Aliyun could not deliver the SMS: {meaning.why}"
                  + (f" ({code})." if code else "."), fate=meaning.fate, is_address_dead=meaning.is_address_dead)
