"""The directory (通讯录) in the browser: everybody signed in reads it and rings from it, an administrator edits it.

Numbers stand in full: the page is for ringing somebody at night. This file has the tree, one card and the addresses
of all pages; the forms are in `directory_people.py`, `directory_units.py`, `directory_outside.py` and
`directory_leave.py`.
"""

import re
from collections.abc import Callable

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from incident_clock.errors import NotFound
from incident_clock.people.people_file import KEY
from incident_clock.phrases import N_
from incident_clock.views import directory as views
from incident_clock.web import directory_leave, directory_outside, directory_people, directory_units
from incident_clock.web.context import assembly, now
from incident_clock.web.directory_frame import words
from incident_clock.web.guard import must_be_signed_in

pages = Blueprint("directory", __name__)
pages.before_request(must_be_signed_in)

ID = "<int(max=2147483647):%s>"


def show() -> ResponseReturnValue:
    """The tree of units with their people; the units without a 宣传员 on top."""
    with assembly().store.read() as session:
        seen = views.directory(session, now())
    return render_template("directory.html", seen=seen, words=words())


GET, POST = ("GET",), ("POST",)
ROUTES: tuple[tuple[str, str, Callable[..., ResponseReturnValue], tuple[str, ...]], ...] = (
    # address, name, what answers, method
    ("/directory", "show", show, GET),
    ("/directory/people/new", "new_person", directory_people.blank, GET),
    ("/directory/people/new", "add_person", directory_people.add, POST),
    ("/directory/people/<key>", "person", directory_people.show, GET),
    ("/directory/people/<key>/edit", "edit_person", directory_people.edit, GET),
    ("/directory/people/<key>/edit", "alter_person", directory_people.alter, POST),
    ("/directory/people/<key>/retire", "retire_person", directory_people.retire, POST),
    ("/directory/people/<key>/restore", "restore_person", directory_people.restore, POST),
    ("/directory/people/<key>/link", "link", directory_people.no_link, GET),
    ("/directory/people/<key>/link", "issue_link", directory_people.issue_link, POST),
    (f"/directory/people/<key>/contacts/{ID % 'contact'}/verified", "verify_contact", directory_people.verify, POST),
    ("/directory/people/<key>/leave", "new_leave", directory_leave.blank, GET),
    ("/directory/people/<key>/leave", "enter_leave", directory_leave.enter, POST),
    (f"/directory/leave/{ID % 'leave_id'}/end", "end_leave", directory_leave.end, POST),
    ("/directory/units/new", "new_unit", directory_units.blank, GET),
    ("/directory/units/new", "add_unit", directory_units.add, POST),
    ("/directory/units/<key>", "unit", directory_units.show, GET),
    ("/directory/units/<key>/edit", "edit_unit", directory_units.edit, GET),
    ("/directory/units/<key>/edit", "alter_unit", directory_units.alter, POST),
    ("/directory/units/<key>/remove", "remove_unit", directory_units.remove, POST),
    ("/directory/outside", "outside", directory_outside.index, GET),
    ("/directory/outside/new", "new_outside", directory_outside.blank, GET),
    ("/directory/outside/new", "add_outside", directory_outside.add, POST),
    ("/directory/outside/<key>/edit", "edit_outside", directory_outside.edit, GET),
    ("/directory/outside/<key>/edit", "alter_outside", directory_outside.alter, POST),
    ("/directory/outside/<key>/remove", "remove_outside", directory_outside.remove, POST),
)
for address, name, answer, methods in ROUTES:
    pages.add_url_rule(address, name, answer, methods=list(methods))

# endpoint that was posted to when the sign-in ran out → how its form comes back filled in
REFILLED: dict[str, Callable[..., ResponseReturnValue]] = {
    "directory.add_person": directory_people.refilled, "directory.alter_person": directory_people.refilled,
    "directory.add_unit": directory_units.refilled, "directory.alter_unit": directory_units.refilled,
    "directory.add_outside": directory_outside.refilled, "directory.alter_outside": directory_outside.refilled,
    "directory.enter_leave": directory_leave.refilled,
}


@pages.url_value_preprocessor
def only_keys(endpoint: str | None, values: dict[str, str] | None) -> None:
    """What cannot be a key never reaches the database."""
    key = (values or {}).get("key")
    if key is not None and not re.fullmatch(KEY, key):
        raise NotFound(N_("通讯录里没有 %(key)s"), key=key[:40])
