"""`templates`: the SMS texts as they are filed with a provider, and what is to be said of them in `check`."""

from typing import Any

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from incident_clock.assembly import Assembly
from incident_clock.cli.desk import as_json, opened, print_json
from incident_clock.errors import CannotRun
from incident_clock.outbox import lint
from incident_clock.outbox.templates import FILED, PAGE, REPLY, filed_key
from incident_clock.people import roster
from incident_clock.phrases import LANGUAGES, Phrases
from incident_clock.settings import Settings
from incident_clock.store.migrating import require_current

FILED_ONLY = "aliyun"  # the gateway that sends filed texts only


@click.command()
@as_json
def templates(is_json: bool) -> None:
    """Print every SMS text as it is filed with a provider; units and segments count the bureau's signature."""
    assembly = opened(is_ready=False)
    signature = _signature(assembly)
    rows = [_row(key, assembly.phrases(language), signature) for language in LANGUAGES for key in FILED]
    if is_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['key']}\n  {row['text']}\n  {row['example']}\n  {row['units']} units, "
                   f"{row['segments']} segment{'s' if row['segments'] > 1 else ''}")


def complaints(phrases: Phrases, signature: str) -> tuple[list[str], list[str]]:
    """What is wrong with the texts in one language, and what is only dear."""
    wrong = [f"SMS template {key}: {one}" for key, template in FILED.items()
             for one in lint.of_template(template, phrases)]
    dear = [f"SMS template {key}: {one}" for key, template in FILED.items()
            for one in lint.of_length(signed(template.body(template.example(phrases), phrases), signature))]
    return wrong, dear


def readiness_of_filed(settings: Settings, *, is_two_way: bool) -> list[str]:
    """What the file INCIDENT_CLOCK_SMS_TEMPLATES lacks for the gateway that needs it: the Chinese texts in use."""
    if FILED_ONLY not in settings.sms_gateways or settings.sms_templates is None:
        return []  # a missing file is the channel's own complaint
    try:
        codes = YAML(typ="safe").load(settings.sms_templates.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeError, YAMLError):
        return []
    unused = PAGE if is_two_way else REPLY
    lacking = [key for key, one in FILED.items() if one.answer != unused and not (isinstance(codes, dict)
                                                                                   and codes.get(key))]
    if not lacking:
        return []
    return [(f"INCIDENT_CLOCK_SMS_TEMPLATES names no template code for {', '.join(lacking)}; file the texts that "
             f"`incident-clock templates` prints with {FILED_ONLY} and write their codes down")]


def signed(body: str, signature: str) -> str:
    return f"【{signature}】{body}" if signature else body


def _signature(assembly: Assembly) -> str:
    """The bureau's; empty where there is no database yet, whose texts are the same."""
    try:
        require_current(assembly.store)
    except CannotRun:
        return ""
    with assembly.store.read() as session:
        return roster.bureau(session).short_name


def _row(key: str, phrases: Phrases, signature: str) -> dict[str, Any]:
    template = FILED[key]
    example = template.body(template.example(phrases), phrases)
    whole = signed(example, signature)
    return {"key": filed_key(key, phrases.language), "language": phrases.language, "text": template.filed(phrases),
            "example": example, "params": template.example(phrases), "units": lint.units(whole),
            "segments": lint.segments(whole)}
