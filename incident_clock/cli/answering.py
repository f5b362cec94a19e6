"""Acknowledging on the command line (叫应): one's own calls, or those of somebody an officer has rung."""

import click

from incident_clock.cli.desk import acting, as_json, opened, print_json
from incident_clock.people import access
from incident_clock.phrases import Phrases
from incident_clock.registry.calls import PAGE, PHONE
from incident_clock.views import plain
from incident_clock.views.message_shapes import CallView


@click.command()
@click.argument("number")
@click.option("--person", metavar="KEY", help="Who was reached by telephone. Absent: the person who acts.")
@click.option("--step", metavar="KEY", help="Only this step; absent: every open step the person was called on.")
@click.option("--note", help="What the person said.")
@click.option("--by", "officer", metavar="KEY", required=True, help="Act as this person of the directory.")
@as_json
def acknowledge(number: str, person: str | None, step: str | None, note: str | None, officer: str,
                is_json: bool) -> None:
    """Record that the calls of incident NUMBER were received. It completes no step."""
    assembly = opened()
    now = assembly.clock.now()
    actor = acting(assembly, officer, access.LOG)
    assembly.desk.acknowledge(number, person or officer, how=PHONE if person and person != officer else PAGE, step=step,
                              note=note, actor=actor, now=now)
    steps = assembly.views.step_calls(number, now)
    if is_json:
        print_json(plain.calls(steps, assembly.zone))
        return
    words = assembly.phrases()
    for called in steps:
        click.echo(called.title[words.language])
        for call in called.calls:
            click.echo(f"  {call.rung}  {_state(call, words)}  {call.person.name}")


def _state(call: CallView, words: Phrases) -> str:
    if call.answered_at is None:
        return words.say("没回")
    at = words.time(call.answered_at)
    return words.say("%(at)s 签收已过，未办", at=at) if call.is_outstanding else words.say("%(at)s 已签收", at=at)
