"""What ends a step without its being carried out, and the second person's word, as forms of the incident's page:
waive, hand over, accept or refuse a transfer, confirm or reject an entry. Corrections are in `correcting.py`.
"""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Invalid, Refusal, Refusals
from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.registry.decisions import Approval
from incident_clock.registry.history import TRANSFERRED
from incident_clock.registry.incidents import LARGEST_ID
from incident_clock.web import forms
from incident_clock.web.context import assembly, now, phrases, sentences, zone
from incident_clock.web.guard import actor, must_be_signed_in, require
from incident_clock.web.incident_page import cards_of, page
from incident_clock.web.incidents import only_numbers
from incident_clock.web.telling import Telling

pages = Blueprint("casework", __name__)
pages.before_request(must_be_signed_in)
pages.url_value_preprocessor(only_numbers)

STEP = "/incidents/<number>/steps/<key>"
ENTRY = f"/incidents/<number>/entries/<int(max={LARGEST_ID}):sequence>"


@pages.post(f"{STEP}/waive")
def waive(number: str, key: str) -> ResponseReturnValue:
    """A step is not carried out, by approval (免开)."""

    def carry_out() -> None:
        assembly().desk.waive(number, key, _approval(), actor=actor(), now=now(), key=forms.request_key(request.form))

    def said() -> str:
        incident = assembly().views.incident(number, now())
        step = incident.obligation(key)
        assert step is not None
        return phrases().say(N_("已记录：%(step)s%(otherwise)s，不再催办。记错了可以撤回"), step=_title(number, key),
                             otherwise=cards_of(incident).otherwise(step))

    return _answer(number, f"waive-{key}", carry_out, said)


@pages.post(f"{STEP}/transfer")
def transfer(number: str, key: str) -> ResponseReturnValue:
    """A step, and the open ones behind it, are offered to another unit."""

    def carry_out() -> None:
        assembly().desk.offer_transfer(number, key, forms.text_of(request.form, "to"), _approval(), actor=actor(),
                                       now=now(), key=forms.request_key(request.form))

    return _answer(number, f"transfer-{key}", carry_out, lambda: phrases().say(
        N_("已提出移交给%(to)s。对方接受以前时钟照走，催办继续"), to=forms.text_of(request.form, "to") or ""))


@pages.post(f"{STEP}/transfer/accept")
def accept(number: str, key: str) -> ResponseReturnValue:
    """The other unit has accepted."""

    def carry_out() -> None:
        form = request.form
        assembly().desk.accept_transfer(
            number, key, forms.text_of(form, "accepted_by"), accepted_at=_instant("accepted_at"),
            evidence=forms.text_of(form, "evidence"), actor=actor(), now=now(), key=forms.request_key(form))

    def said() -> str:
        telling = Telling(phrases(), now())
        steps = assembly().views.incident(number, now()).steps
        gone = [telling.title(step.title) for step in steps
                if step.ended == TRANSFERRED and step.body.get("step") == key]
        return phrases().say(N_("已记录对方接受：%(steps)s由对方办理，不再催办"), steps=phrases().names(gone))

    return _answer(number, f"accept-{key}", carry_out, said)


@pages.post(f"{STEP}/transfer/refuse")
def refuse(number: str, key: str) -> ResponseReturnValue:
    """The other unit will not have it, or the offer is taken back."""

    def carry_out() -> None:
        form = request.form
        assembly().desk.refuse_transfer(number, key, forms.text_of(form, "refused_by"), forms.text_of(form, "reason"),
                                        actor=actor(), now=now(), key=forms.request_key(form))

    return _answer(number, f"refuse-{key}", carry_out, lambda: phrases().say(
        N_("已记录对方不接受，%(step)s仍由本单位办理"), step=_title(number, key)))


@pages.post(f"{ENTRY}/confirm")
def confirm(number: str, sequence: int) -> ResponseReturnValue:
    """A second person bears an entry out."""

    def carry_out() -> None:
        assembly().desk.confirm(number, sequence, forms.text_of(request.form, "note"), actor=actor(), now=now(),
                                key=forms.request_key(request.form))

    return _answer(number, f"confirm-{sequence}", carry_out,
                   lambda: phrases().say(N_("已核实第%(sequence)s条，即时生效"), sequence=sequence))


@pages.post(f"{ENTRY}/reject")
def reject(number: str, sequence: int) -> ResponseReturnValue:
    """A second person does not bear an entry out."""

    def carry_out() -> None:
        assembly().desk.reject(number, sequence, forms.text_of(request.form, "reason"), actor=actor(), now=now(),
                               key=forms.request_key(request.form))

    return _answer(number, f"reject-{sequence}", carry_out,
                   lambda: phrases().say(N_("已记录第%(sequence)s条不予认可，原记录保留"), sequence=sequence))


def _refilled(kind: str) -> Callable[..., ResponseReturnValue]:
    def again(form: MultiDict[str, str], number: str, key: str = "", sequence: int = 0) -> ResponseReturnValue:
        return page(number, values=form, form=f"{kind}-{key or sequence}")

    return again


REFILLED = {f"casework.{kind}": _refilled(kind)
            for kind in ("waive", "transfer", "accept", "refuse", "confirm", "reject")}


def _answer(number: str, form: str, carry_out: Callable[[], None], said: Callable[[], str]) -> ResponseReturnValue:
    """Carry out what a form asks for; refused, the page again with what was typed. NotFound has a page of its own."""
    require(access.LOG)
    try:
        carry_out()
    except Refusal as refusal:
        if refusal.http_status == 404:
            raise
        return page(number, values=request.form, form=form, complaints=sentences(refusal), status=refusal.http_status)
    flash(said(), "ok")
    return redirect(url_for("incidents.show", number=number), 303)


def _approval() -> Approval:
    """Who approved what, as typed. Raises Refusals."""
    texts = {name: forms.text_of(request.form, name)
             for name in ("approver", "approver_unit", "document", "reason", "evidence")}
    return Approval(**texts, at=_instant("at"))


def _instant(name: str) -> datetime | None:
    """A time somebody typed; None means now. Raises Refusals."""
    try:
        entered = forms.read_instant(request.form, name, now=now(), zone=zone())
    except Invalid as refusal:
        raise Refusals([refusal]) from None
    return entered.at if entered else None


def _title(number: str, key: str) -> str:
    step = assembly().views.incident(number, now()).obligation(key)
    return Telling(phrases(), now()).title(step.title) if step else key
