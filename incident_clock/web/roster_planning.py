"""Laying out a roster in turn: who takes turns on workdays, who on rest days; shown whole before anything is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from incident_clock.errors import Invalid, Refusal
from incident_clock.people import shifts
from incident_clock.people.duty import ROSTERED_ROLES
from incident_clock.people.duty_checks import check_role, collect
from incident_clock.people.planning import PlannedShift, days_between, plan
from incident_clock.people.rest_days import read_rest_days
from incident_clock.phrases import N_
from incident_clock.web.context import assembly, now, phrases, zone
from incident_clock.web.guard import actor
from incident_clock.web.roster_editing import holders, page, require_keeper
from incident_clock.web.roster_forms import read_day, read_turn
from incident_clock.web.telling import Telling
from incident_clock.web.telling_roster import RosterWords

MOST_DAYS = 366
OFFERED_DAYS = 30  # what a blank form proposes

LABELS = {
    "role": N_("岗位"), "first_day": N_("从哪天"), "last_day": N_("到哪天"), "workday_turn": N_("工作日轮流"),
    "restday_turn": N_("休息日轮流"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A form that can be laid out: the shifts, and the turns they come from."""

    planned: tuple[PlannedShift, ...]
    workday_turn: tuple[str, ...]
    restday_turn: tuple[str, ...]


def blank() -> ResponseReturnValue:
    """The form for one role, filled with everybody who has it, from tomorrow on."""
    require_keeper()
    role = request.args.get("role", "")
    role = role if role in ROSTERED_ROLES else ROSTERED_ROLES[0]
    tomorrow = now().astimezone(zone()).date() + timedelta(days=1)
    return _page(MultiDict({
        "role": role, "first_day": tomorrow.isoformat(),
        "last_day": (tomorrow + timedelta(days=OFFERED_DAYS - 1)).isoformat(),
        "workday_turn": phrases().names(card.name for card in holders()[role]), "restday_turn": ""}))


def save() -> ResponseReturnValue:
    """Shows the plan; once it is confirmed, saves it."""
    require_keeper()
    form = request.form
    if form.get("edit"):
        return _page(form)
    try:
        asked = _asked(form)
        if not form.get("confirm"):
            return _preview(form, asked)
        with assembly().store.read() as session:
            end = asked.planned[-1].until_at
            until = max(end, shifts.reaches(session, asked.planned[0].role) or end)
        replaced = assembly().office.change(
            lambda session: shifts.save_plan(session, asked.planned, workday_turn=asked.workday_turn,
                                             restday_turn=asked.restday_turn, actor=actor(), now=now()),
            now=now(), until=until)
    except Refusal as refusal:
        return _page(form, refusal)
    words = _words()
    flash(phrases().say(N_("已排%(role)s %(count)s班：%(first)s 到 %(last)s，替换原有%(replaced)s班"),
                        role=words.telling.role(asked.planned[0].role), count=len(asked.planned), replaced=replaced,
                        first=words.day(asked.planned[0].day), last=words.day(asked.planned[-1].day)), "ok")
    return redirect(url_for("roster.show", since=asked.planned[0].day.isoformat()), 303)


def refilled(form: MultiDict[str, str]) -> ResponseReturnValue:
    """The form as it was when the sign-in ran out."""
    require_keeper()
    return _page(form)


def _asked(form: Mapping[str, str]) -> Asked:
    """The plan that was typed. Raises Refusals with everything that cannot be right."""
    read: dict[str, date] = {}
    turns: dict[str, tuple[str, ...]] = {}
    role, people = form.get("role", ""), holders()

    def day(field: str) -> None:
        read[field] = read_day(form.get(field, ""), today=now().astimezone(zone()).date(), field=field)

    def turn(field: str) -> None:
        turns[field] = read_turn(form.get(field, ""), people.get(role, []), role, field=field)
        if not turns[field] and field == "workday_turn":
            raise Invalid(N_("请写明轮到谁值班"), field=field)

    collect(lambda: check_role(role), lambda: day("first_day"), lambda: day("last_day"),
            lambda: turn("workday_turn"), lambda: turn("restday_turn"))
    first, last = read["first_day"], read["last_day"]
    if last < first:
        raise Invalid(N_("最后一天要不早于第一天"), field="last_day")
    if (last - first).days >= MOST_DAYS:
        raise Invalid(N_("一次最多排%(days)s天"), field="last_day", days=MOST_DAYS)
    settings = assembly().settings
    planned = plan(role, days_between(first, last), handover_time=settings.handover_time, zone=zone(),
                   day_kind=read_rest_days(settings.holidays).kind, **turns)
    return Asked(planned, turns["workday_turn"], turns["restday_turn"])


def _preview(form: Mapping[str, str], asked: Asked) -> ResponseReturnValue:
    names = {card.key: card.name for cards in holders().values() for card in cards}
    rest_days = read_rest_days(assembly().settings.holidays)
    return render_template(
        "roster_plan_preview.html", values=form, planned=asked.planned, names=names, words=_words(),
        unknown_years=[year for year in sorted({one.day.year for one in asked.planned})
                       if not rest_days.knows_year(year)])


def _page(values: Mapping[str, str], refusal: Refusal | None = None) -> ResponseReturnValue:
    return page("roster_plan.html", values, refusal, labels=LABELS, roles=ROSTERED_ROLES, people=holders())


def _words() -> RosterWords:
    return RosterWords(Telling(phrases(), now()))
