"""What stands on every answer and before every form: headers, cookies, CSRF."""

from datetime import timedelta
from typing import Any

from flask import Flask, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect

from incident_clock.phrases import N_
from incident_clock.web import sign_in
from incident_clock.web.context import me
from incident_clock.web.guard import ask_to_sign_in, kept_fields

MAX_BODY_BYTES = 256 * 1024
MAX_FORM_FIELDS = 100
COOKIE_KEPT_FOR = timedelta(hours=24)

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"))
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
SHOWN_AGAIN = {  # typed words that are shown for checking when a form has to be sent once more
    "title": N_("什么事"), "place": N_("地点"), "source": N_("来源"), "summary": N_("现有情况"),
    "report_to": N_("对方"), "evidence": N_("凭证"), "note": N_("补充说明"), "reason": N_("原因"),
    "to": N_("移交给哪个单位"), "approver": N_("批准人"), "document": N_("文号"), "accepted_by": N_("对方何人接受"),
    "refused_by": N_("何人答复"),
}
OWN_CACHING = "calendar.feed"  # asked for again and again by calendar programs, which keep what has not changed
STATIC_FOR_EVER = "public, max-age=31536000, immutable"  # its address carries a hash of its content


def settings(*, secret_key: str, public_url: str) -> dict[str, Any]:
    """Flask's configuration. Cookies are `Secure` and `__Host-` when the public address is https."""
    is_https = public_url.startswith("https://")
    return {
        "SECRET_KEY": secret_key,
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES, "MAX_FORM_MEMORY_SIZE": MAX_BODY_BYTES,
        "MAX_FORM_PARTS": MAX_FORM_FIELDS,
        "SESSION_COOKIE_NAME": "__Host-incident-clock" if is_https else "incident-clock",
        "SESSION_COOKIE_SECURE": is_https, "SESSION_COOKIE_HTTPONLY": True, "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/", "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": COOKIE_KEPT_FOR,
        "WTF_CSRF_TIME_LIMIT": None,  # a page may lie open all night; its session ends it
        "WTF_CSRF_SSL_STRICT": False,  # it wants a Referer, which our own policy leaves out
    }


def protect(app: Flask) -> CSRFProtect:
    """Put headers on every answer and CSRF before every form; gives the guard so that the API can opt out."""
    app.after_request(_with_headers)
    app.register_error_handler(CSRFError, _ask_again)
    return CSRFProtect(app)


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)  # a file that is handed out has a stricter policy of its own
    if request.endpoint == OWN_CACHING and response.status_code in (200, 304):
        return response
    is_static = request.endpoint == "static" and response.status_code == 200
    response.headers["Cache-Control"] = STATIC_FOR_EVER if is_static and request.args.get("v") else (
        "no-cache" if is_static else "no-store")
    return response


def _ask_again(error: CSRFError) -> ResponseReturnValue:
    """The page that was sent belongs to an earlier sign-in: show what was typed and ask once more."""
    if request.endpoint == "sign_in.use_link":
        return redirect(request.path, 303)  # nothing was typed: show whose link it is again
    if request.endpoint == "sign_in.with_password":
        return sign_in.asked_again()
    if me() is None:
        return ask_to_sign_in()
    return make_response(render_template("again.html", fields=kept_fields(request.form), labels=SHOWN_AGAIN), 400)
