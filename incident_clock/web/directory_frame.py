"""What the pages of the directory share: who may edit, one edit as one guarded transaction, a form that keeps all."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from flask import flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from incident_clock.errors import Forbidden, Refusal
from incident_clock.people import access
from incident_clock.people.contacts import MOST_CONTACTS
from incident_clock.people.edits import LABELS, Stale, differences
from incident_clock.phrases import N_
from incident_clock.views import directory as views
from incident_clock.web import directory_forms as forms
from incident_clock.web.context import assembly, now, phrases, sentences
from incident_clock.web.guard import allows
from incident_clock.web.telling import Telling
from incident_clock.web.telling_directory import NOBODY, DirectoryWords

FORM_LABELS = {  # field → how it is called among the complaints, in the order of the pages
    "key": N_("账号"), **LABELS, **dict.fromkeys((f"contact_{row}" for row in range(1, MOST_CONTACTS + 1)), "联系方式"),
    "from_at": N_("从"), "until_at": N_("到"), "acting": N_("代理人"), "reason": N_("原因"),
}

Done = TypeVar("Done")


def require_admin() -> None:
    """Raises Forbidden with whom to ask."""
    if not allows(access.ADMIN):
        with assembly().store.read() as session:
            names = [card.name for card in views.administrators(session)]
        raise Forbidden(N_("通讯录由系统管理员维护，需要改动请联系 %(names)s"), names=names)


def change(edit: Callable[[Session], Done], *, until: datetime | None = None) -> Done:
    """One edit, in one transaction that leaves no rung empty. Raises what the edit raises, and Conflict."""
    return assembly().office.change(edit, now=now(), until=until)


def words(names: views.Names = NOBODY) -> DirectoryWords:
    return DirectoryWords(Telling(phrases(), now()), names)


def done_or_told(edit: Callable[[Session], str], back: str, *, then: str | None = None) -> ResponseReturnValue:
    """A button without a form. `edit` gives the sentence that says it is done; why it is not stands on the page `back`.

    `then`: the page to go to when it is done, if that is another one.
    """
    try:
        flash(change(edit), "ok")
    except Refusal as refusal:
        if refusal.http_status in (403, 404):
            raise
        for _, sentence in sentences(refusal):
            flash(sentence, "error")
        return redirect(back, 303)
    return redirect(then or back, 303)


def saved(alter: Callable[[Session, Any, Any], bool], typed: Any, *, page: Callable[..., ResponseReturnValue],
          back: str, values: Mapping[str, str] | None = None) -> ResponseReturnValue:
    """Save an edit form. `alter` takes a session, what was typed and what was seen; `page` shows the form again.

    `values`: how the form is filled again when something is refused; None: as it was sent.
    """
    seen = None
    try:
        seen = forms.seen_in(request.form, type(typed))
        is_changed = change(lambda session: alter(session, typed, seen))
    except Stale as stale:
        news = words(_names()).changes(differences(seen, stale.current))
        return page(forms.values_of(forms.merged(typed, seen, stale.current)), seen=forms.written(stale.current),
                    refusal=stale, news=news)
    except Refusal as refusal:
        return page(request.form if values is None else values, seen=request.form.get(forms.SEEN, ""), refusal=refusal)
    flash(phrases().say(N_("已保存") if is_changed else N_("没有改动")), "ok")
    return redirect(back, 303)


def form_page(template: str, values: Mapping[str, str], *, refusal: Refusal | None = None, heading: str,
              news: list[str] | None = None, is_refilled: bool = False, **shown: Any) -> ResponseReturnValue:
    """A form, with what it holds, and every complaint on top and at its field. Reraises what has no form to show it."""
    if refusal is not None and refusal.http_status in (403, 404):
        raise refusal
    order = list(FORM_LABELS)
    told = sorted(sentences(refusal) if refusal else [],
                  key=lambda one: order.index(one[0]) if one[0] in order else len(order))
    page = render_template(template, values=values, complaints=told, labels=FORM_LABELS, heading=heading,
                           errors={field: said for field, said in reversed(told) if field}, news=news or [],
                           is_refilled=is_refilled, words=words(), **shown)
    return make_response(page, refusal.http_status if refusal else 200)


def _names() -> views.Names:
    with assembly().store.read() as session:
        return views.names(session)
