"""The page's verbs on the command line: register, log, withdraw, close, show, board."""

from datetime import datetime, time, timedelta

import click

from incident_clock.assembly import Assembly
from incident_clock.cli.desk import acting, as_json, by_person, opened, print_json
from incident_clock.errors import Invalid
from incident_clock.people import access
from incident_clock.phrases import N_, Phrases
from incident_clock.registry.drafts import CATEGORIES, FUTURE_TOLERANCE, GRADES, NewIncident, StepLog
from incident_clock.views import plain
from incident_clock.views.shapes import IncidentView
from incident_clock.views.words import standing_words

INSTANT = "2026-03-12T14:05+08:00, “2026-03-12 14:05” or 14:05 (the latest such time), in the configured zone"


@click.command()
@click.argument("title")
@click.option("--received", metavar="TIME", help=f"When the bureau first learned of it: {INSTANT}. Default: now.")
@click.option("--occurred", metavar="TIME", help="When it happened.")
@click.option("--online", metavar="TIME", help="When it was first seen online.")
@click.option("--place")
@click.option("--source")
@click.option("--summary")
@click.option("--unit")
@click.option("--category", type=click.Choice(CATEGORIES))
@click.option("--event-grade", type=click.Choice(GRADES))
@click.option("--opinion-grade", type=click.Choice(GRADES))
@click.option("--protocol", help="Key of the rule; the default rule when absent.")
@click.option("--drill", "is_drill", is_flag=True, help="A drill: own numbers, cannot be changed later.")
@click.option("--confirmed", is_flag=True, help="Yes, it was received more than 24 hours ago.")
@by_person
@as_json
def register(received: str | None, occurred: str | None, online: str | None, person: str | None, is_json: bool,
             **fields: object) -> None:
    """Register an incident and start its clocks."""
    assembly = opened()
    now = assembly.clock.now()
    actor = acting(assembly, person, access.WRITE)
    new = NewIncident(received_at=_instant(received, "received_at", now, assembly),
                      occurred_at=_instant(occurred, "occurred_at", now, assembly),
                      first_online_at=_instant(online, "first_online_at", now, assembly), **fields)  # type: ignore[arg-type]
    done = assembly.desk.register(new, actor=actor, now=now)
    for number in done.duplicates:
        click.echo(assembly.phrases().say("可能与 %(number)s 重复，请核对", number=number), err=True)
    _print_incident(assembly, done.number, is_json)


@click.command()
@click.argument("number")
@click.argument("step")
@click.option("--at", "done", metavar="TIME", help=f"When it was done: {INSTANT}. Default: now.")
@click.option("--to", "report_to", help="Who took the call, to whom it was sent, where it was published.")
@click.option("--evidence", help="Document number, call reference, link.")
@click.option("--note")
@click.option("--reason", help="Needed when it was done before the clock started, or more than 15 minutes ago.")
@by_person
@as_json
def log(number: str, step: str, done: str | None, person: str | None, is_json: bool,
        report_to: str | None, evidence: str | None, note: str | None, reason: str | None) -> None:
    """Log STEP of incident NUMBER as done."""
    assembly = opened()
    now = assembly.clock.now()
    actor = acting(assembly, person, access.LOG)
    assembly.desk.log_step(number, step, StepLog(
        done_at=_instant(done, "done_at", now, assembly), report_to=report_to, evidence=evidence, note=note,
        reason=reason), actor=actor, now=now)
    _print_incident(assembly, number, is_json)


@click.command()
@click.argument("number")
@click.argument("step")
@click.option("--reason")
@by_person
@as_json
def withdraw(number: str, step: str, reason: str | None, person: str | None, is_json: bool) -> None:
    """Take the log of STEP back; the step is open again."""
    assembly = opened()
    actor = acting(assembly, person, access.WRITE)
    assembly.desk.withdraw(number, step, reason, actor=actor, now=assembly.clock.now())
    _print_incident(assembly, number, is_json)


@click.command()
@click.argument("number")
@click.option("--reason")
@by_person
@as_json
def close(number: str, reason: str | None, person: str | None, is_json: bool) -> None:
    """Close incident NUMBER, all of whose steps are logged."""
    assembly = opened()
    actor = acting(assembly, person, access.WRITE)
    assembly.desk.close(number, reason, actor=actor, now=assembly.clock.now())
    _print_incident(assembly, number, is_json)


@click.command()
@click.argument("number")
@as_json
def show(number: str, is_json: bool) -> None:
    """Show incident NUMBER: its times, its five steps, and its ledger."""
    assembly = opened()
    _print_incident(assembly, number, is_json)
    if is_json:
        return
    view = assembly.views.incident(number, assembly.clock.now())
    for entry in assembly.views.entries(view.id):
        happened, recorded = (datetime.fromisoformat(entry[name]) for name in ("happened_at", "recorded_at"))
        words = assembly.phrases()
        click.echo(f"{entry['sequence']:>4}  {words.moment(happened)}  ({words.time(recorded, seconds=True)})  "
                   f"{entry['kind']:<18} {entry['actor'] or ''}  {entry['body'].get('step', '')}")


@click.command()
@as_json
def board(is_json: bool) -> None:
    """List the open incidents, the next deadline first."""
    assembly = opened()
    now = assembly.clock.now()
    rows = assembly.views.board(now).rows
    if is_json:
        print_json([plain.incident(row.incident, assembly.zone) for row in rows])
        return
    if not rows:
        click.echo(assembly.phrases().say("目前没有在办事件"), err=True)
    for row in rows:
        _print_view(row.incident, assembly.phrases())


def _print_incident(assembly: Assembly, number: str, is_json: bool) -> None:
    view = assembly.views.incident(number, assembly.clock.now())
    if is_json:
        print_json(plain.incident(view, assembly.zone))
    else:
        _print_view(view, assembly.phrases())


def _print_view(view: IncidentView, words: Phrases) -> None:
    drill = words.say("【演练】") if view.is_drill else ""
    click.echo(f"{view.number} {drill}{view.title}")
    for step in view.steps:
        done = f"  {words.at(step.done_at, seen=view.seen_at)}" if step.done_at else ""
        click.echo(f"  {words.moment(step.due_at)}  {step.title[words.language]}  "
                   f"{standing_words(step.verdict, words)}{done}")


def _instant(text: str | None, field: str, now: datetime, assembly: Assembly) -> datetime | None:
    """An instant as typed on the command line. Raises Invalid."""
    if text is None:
        return None
    local = now.astimezone(assembly.zone)
    try:
        if len(text) <= 5:
            at = datetime.combine(local.date(), time.fromisoformat(text), assembly.zone)
            return at if at - now <= FUTURE_TOLERANCE else at - timedelta(days=1)
        at = datetime.fromisoformat(text)
        if ":" not in text:
            raise ValueError("a day is no instant")
    except ValueError as error:
        raise Invalid(N_("看不懂时间“%(text)s”，请写成 2026-03-12T14:05+08:00"), field=field, text=text[:40]) from error
    return at if at.tzinfo else at.replace(tzinfo=assembly.zone)
