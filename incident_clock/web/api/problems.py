"""What went wrong, as RFC 9457 problems in the caller's language: which field, what, what to do. No stack trace."""

import logging
from collections.abc import Mapping, Sequence

from apiflask import APIBlueprint, HTTPError
from flask import Response, request
from pydantic import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from incident_clock.errors import Invalid, NeedsConfirmation, Refusal, Refusals
from incident_clock.phrases import CHINESE, LANGUAGES, N_, Phrases
from incident_clock.protocol.complaints import closest, shown
from incident_clock.web.api import asked, asked_case
from incident_clock.web.api.answers import PROBLEM_JSON, answer
from incident_clock.web.context import assembly, now

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 5

TITLES = {
    400: N_("请求看不懂"), 401: N_("需要有效的令牌"), 403: N_("没有权限"), 404: N_("没有找到"),
    405: N_("这个网址不接受这种方法"), 409: N_("与已有的记录冲突，没有保存"), 413: N_("请求体太大，没有保存"),
    415: N_("请求体须为 JSON"), 422: N_("内容有误，没有保存"), 500: N_("系统出了差错"), 503: N_("数据库暂时不能用"),
}
SENTENCES = {  # what is refused before any verb
    400: N_("请求体不是有效的 JSON，请检查引号、逗号和括号"),
    404: N_("没有这个网址，可用的都写在 /api/openapi.json 里"),
    405: N_("请改用写在 /api/openapi.json 里的方法"),
    413: N_("请求体过长，请把文字删短；附件和长文请另存，只登记编号"),
    415: N_("请把请求头 Content-Type 写成 application/json"),
    500: N_("这一步可能没有保存，请先查看事件再决定是否重做，并请系统管理员查看日志；急件先打电话"),
    503: N_("这一步可能没有保存，请稍后重试；带上 Idempotency-Key 重试不会重复登记。急件先打电话"),
}
WRONG_SHAPES = {  # pydantic's kinds of error, and ours; whatever else pydantic comes to call an error is WRONG_SOMEHOW
    "missing": N_("缺少这一项，必须填写"),
    "bool_type": N_("应为 true 或 false，不加引号"),
    "string_unicode": N_("有半个字的代码，不是完整的文字，请重新输入"),
    asked.NOT_TEXT: N_("应为文字，请加上引号"),
    asked.NO_INSTANT: N_("“%(text)s”不是日历上的时刻，请写成 2026-03-12T14:05+08:00"),
    asked.NO_OFFSET: N_("时间缺少时区，请写成 2026-03-12T14:05+08:00"),
    asked.STRANGE_YEAR: N_("“%(text)s”的年份不对，请核对"),
    asked.NO_FLAG: N_("应为 true 或 false"),
    asked.NO_CURSOR: N_("这个游标不对，请原样使用上一页的 next_cursor"),
    asked.NO_DAYS: N_("天数应为1到%(most)s的整数"),
    asked.NO_EVIDENCE: N_("应为文字，或一个写明各要素的对象"),
    asked.NO_FILE: N_("请附上文件"),
    asked.NO_SEQUENCE: N_("应为记录的序号，是一个正整数"),
    asked.NO_RUNG: N_("级数应为1到%(most)s的整数"),
    asked.NO_SEARCH: N_("检索词最多%(limit)s字，不能有看不见的控制字符"),
}
WRONG_SOMEHOW = N_("写法不对，请对照 /api/openapi.json 改正")


def attach(api: APIBlueprint) -> None:
    """Whatever goes wrong in the calls of `api` is told as a problem."""
    api.register_error_handler(Refusal, _refused)
    api.register_error_handler(HTTPError, _wrong_shape)
    api.register_error_handler(HTTPException, _http_error)
    for unavailable in (OperationalError, InterfaceError, NoConnectionFree):
        api.register_error_handler(unavailable, _database_unavailable)
    api.register_error_handler(Exception, _failure)


def unrouted() -> Response | None:
    """Run before every request: a path under the API's roof that leads nowhere never reaches its blueprint."""
    error = request.routing_exception
    if error is None or isinstance(error, RequestRedirect) or not f"{request.path}/".startswith("/api/"):
        return None
    return _http_error(error)


def problem(status: int, refusals: Sequence[Refusal], headers: Mapping[str, str] | None = None) -> Response:
    """The answer that tells `refusals` under one status."""
    words = phrases()
    errors = [{"field": one.field, "message": _sentence(one, words)} for one in refusals]
    colon, stop = ("：", "；") if words.language == CHINESE else (": ", "; ")
    told = [f"{error['field']}{colon}{error['message']}" if error["field"] else error["message"] for error in errors]
    body = {"type": "about:blank", "title": words.say(TITLES[status]), "status": status,
            "detail": stop.join(map(str, told)), "errors": errors}
    return answer(body, status, content_type=PROBLEM_JSON, headers=headers)


def phrases() -> Phrases:
    """The caller's words: by Accept-Language, else the language of the house."""
    return assembly().phrases(request.accept_languages.best_match(LANGUAGES))


def complaints(error: ValidationError) -> list[Refusal]:
    """What is wrong with the shape of a body or query, one refusal per field."""
    known = (asked.MODELS | asked_case.MODELS)[error.title].model_fields
    found: list[Refusal] = []
    for each in error.errors(include_url=False, include_input=False):
        field = shown(".".join(map(str, each["loc"]))) or None
        if each["type"] != "extra_forbidden":
            found.append(Invalid(WRONG_SHAPES.get(each["type"], WRONG_SOMEHOW), field=field, **each.get("ctx", {})))
        elif meant := closest(field or "", known):
            found.append(Invalid(N_("没有“%(name)s”这一项，是不是“%(meant)s”？"), field=field, name=field, meant=meant))
        else:
            found.append(Invalid(N_("没有“%(name)s”这一项，可用：%(names)s"), field=field, name=field,
                                 names=list(known)))
    return found


def _sentence(refusal: Refusal, words: Phrases) -> str:
    said = words.refusal(refusal, seen=now())
    if isinstance(refusal, NeedsConfirmation):
        said += words.say(N_("（确认后请加上 \"confirmed\": true 再发一次）"))
    return said


def _refused(refusal: Refusal) -> Response:
    every = refusal.refusals if isinstance(refusal, Refusals) else (refusal,)
    headers = {"WWW-Authenticate": 'Bearer realm="incident-clock"'} if refusal.http_status == 401 else None
    return problem(refusal.http_status, every, headers)


def _wrong_shape(error: HTTPError) -> Response:
    if not isinstance(error.__cause__, ValidationError):
        return _failure(error)
    return problem(Invalid.http_status, complaints(error.__cause__))


def _http_error(error: HTTPException) -> Response:
    status = error.code if error.code in SENTENCES else 400 if error.code and error.code < 500 else 500
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else None
    return problem(status, [Refusal(SENTENCES[status])], headers)


def _database_unavailable(error: SQLAlchemyError) -> Response:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    logger.error("the database cannot be used: %s", reason)
    return problem(503, [Refusal(SENTENCES[503])], {"Retry-After": str(RETRY_AFTER_S)})


def _failure(error: Exception) -> Response:
    logger.error("a call of the API failed", exc_info=error)
    return problem(500, [Refusal(SENTENCES[500])])
