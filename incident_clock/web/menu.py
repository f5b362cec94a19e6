"""What stands in the menus: the tabs of the bar, and the pages behind the tab 值守检查."""

from flask import request, url_for

from incident_clock.people import access
from incident_clock.phrases import N_
from incident_clock.web.context import phrases
from incident_clock.web.guard import allows

TABS = (  # page, sign, word, what a reader must be allowed
    ("board.show", "list", N_("在办事件"), access.READ),
    ("registering.blank", "plus", N_("事件登记"), access.WRITE),
    ("incidents.index", "find", N_("全部事件"), access.READ),
    ("outbox.show", "out", N_("发件箱"), access.READ),
    ("readiness.show", "grid", N_("值守"), access.READ),
)
DUTY = (  # page, word, what a reader must be allowed
    ("readiness.show", N_("值守检查"), access.READ),
    ("roster.show", N_("值班表"), access.READ),
    ("handover.show", N_("交接班"), access.READ),
    ("directory.show", N_("通讯录"), access.READ),
    ("forecast.show", N_("预演"), access.READ),
    ("administration.show", N_("管理台账"), access.AUDIT),
)


def tabs() -> list[tuple[str, str, str, bool]]:
    """(address, sign, word, whether the reader is there) of the bar."""
    here = "readiness" if _is_about_duty() else request.blueprint
    return [(url_for(page), sign, phrases().say(word), page.startswith(f"{here}.") and _is_shown(page))
            for page, sign, word, needed in TABS if allows(needed)]


def duty() -> list[tuple[str, str, bool]]:
    """(address, word, whether the reader is there) of the pages about duty; empty on every other page."""
    if not _is_about_duty():
        return []
    return [(url_for(page), phrases().say(word), page.startswith(f"{request.blueprint}."))
            for page, word, needed in DUTY if allows(needed)]


def _is_about_duty() -> bool:
    return any(page.startswith(f"{request.blueprint}.") for page, _, _ in DUTY)


def _is_shown(page: str) -> bool:
    """One incident's own page belongs to no tab of the bar."""
    return request.blueprint != "incidents" or request.endpoint == page
