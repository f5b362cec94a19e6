"""The administrative ledger (管理台账): who changed directory, roster and access. Only auditors and administrators
read it."""

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from incident_clock.errors import Forbidden
from incident_clock.people import access, ledger
from incident_clock.phrases import N_
from incident_clock.views import administration as views
from incident_clock.web.context import assembly, now, phrases, zone
from incident_clock.web.guard import allows, must_be_signed_in
from incident_clock.web.telling import Telling
from incident_clock.web.telling_administration import AdministrationWords

pages = Blueprint("administration", __name__)
pages.before_request(must_be_signed_in)

LARGEST_SEQUENCE = 2**31 - 1


@pages.before_request
def only_auditor_and_administrator() -> None:
    if not allows(access.AUDIT):
        raise Forbidden(N_("管理台账只给审计员和系统管理员看"))


@pages.get("/administration")
def show() -> ResponseReturnValue:
    """The entries, newest first, and whether the chain holds."""
    before = request.args.get("before", type=int)
    with assembly().store.read() as session:
        seen = views.administration(session, before=before if before and 0 < before <= LARGEST_SEQUENCE else None)
    return render_template("administration.html", seen=seen, is_first=before is None,
                           line=AdministrationWords(Telling(phrases(), now()), seen.names))


@pages.get("/administration/export")
def export() -> ResponseReturnValue:
    """The whole ledger as JSON lines, which verify from themselves alone (`incident-clock verify FILE`)."""
    with assembly().store.read() as session:
        lines = b"".join(ledger.export(session))
    name = f"administration-{now().astimezone(zone()):%Y-%m-%d}.jsonl"
    return Response(lines, mimetype="application/x-ndjson",
                    headers={"Content-Disposition": f'attachment; filename="{name}"'})
