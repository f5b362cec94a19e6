"""Error pages, in the reader's language: what happened, whether anything was kept, where to go. No stack trace."""

import logging

from flask import Flask, make_response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException

from incident_clock.errors import Refusal
from incident_clock.phrases import N_
from incident_clock.web.context import sentences

logger = logging.getLogger(__name__)

# status → heading, what to do
PAGES = {
    400: (N_("这次请求看不懂，什么也没有保存"), N_("请按浏览器的后退键，核对后再提交一次。")),
    403: (N_("这个账号不能做这一步"), N_("需要办理时，请联系值班员。")),
    404: (N_("没有这一页"), N_("请核对网址或事件编号，或从“全部事件”里查找。")),
    405: (N_("这个网址不能这样打开"), N_("请从页面上的按钮进入。")),
    409: (N_("和已有的记录冲突，没有保存"), N_("请先看看现在的记录。")),
    413: (N_("提交的内容太长，没有保存"), N_("请按浏览器的后退键，删短后再提交；长文请另存，只登记编号。")),
    422: (N_("内容有误，没有保存"), N_("请按浏览器的后退键，改正后再提交。")),
    429: (N_("试得太频繁"), N_("请稍等几分钟再试。")),
    500: (N_("系统出了差错，这一步可能没有保存"), N_("请看一眼时间轴再决定是否重做；急件先打电话。原因在日志里。")),
    503: (N_("数据库暂时不能用，这一步可能没有保存"), N_("请稍后刷新再试，并通知系统管理员；急件先打电话。")),
}


def register(app: Flask) -> None:
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Refusal, _refusal)
    for unavailable in (OperationalError, InterfaceError, NoConnectionFree):
        app.register_error_handler(unavailable, _database_unavailable)
    app.register_error_handler(Exception, _failure)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.response is not None or error.code < 400:
        return error  # a redirect, or an answer that is complete already
    code = error.code if error.code in PAGES else 400 if error.code < 500 else 500
    response = make_response(_page(code), error.code)
    if isinstance(allowed := getattr(error, "valid_methods", None), (list, tuple, set)):
        response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


def _refusal(refusal: Refusal) -> ResponseReturnValue:
    """A verb refused and no form is there to show it."""
    sentence = "；".join(text for _, text in sentences(refusal))
    return make_response(_page(refusal.http_status, sentence), refusal.http_status)


def _database_unavailable(error: SQLAlchemyError) -> ResponseReturnValue:
    logger.error("the database cannot be used: %s", str(getattr(error, "orig", None) or error).strip().splitlines()[0])
    return make_response(_page(503), 503)


def _failure(error: Exception) -> ResponseReturnValue:
    logger.exception("the page failed", exc_info=error)
    return make_response(_page(500), 500)


def _page(code: int, sentence: str = "") -> str:
    heading, advice = PAGES[code]
    if sentence and code == 403:
        advice = ""  # the sentence says itself who may
    return render_template("error.html", code=code, heading=heading, advice=advice, sentence=sentence)
