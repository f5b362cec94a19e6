"""Complaints about SMS texts and templates, and what a text costs: pure, nothing is sent or read.

Rules of the domestic gateways (domain 7.3): length, addresses, brackets, variables, what a text may speak of.
"""

import re
from collections.abc import Mapping, Sequence

from incident_clock.outbox.templates import EXAMPLES, Template
from incident_clock.phrases import Phrases

ONE_SEGMENT, EACH_OF_MORE = 70, 67  # UCS-2 units
LONGEST_PARAM = 20  # characters
IDENTICAL_AT_MOST = 2  # texts to one number within 24 h
WEB = re.compile(r"https?:|www\.|://|\b[\w-]+\.(?:com|cn|net|org|gov)\b", re.IGNORECASE)
BRACKETS = re.compile(r"[【】\[\]]")


def units(text: str) -> int:
    """UCS-2 units: 𠮷 and most emoji count two."""
    return len(text.encode("utf-16-le")) // 2


def segments(text: str) -> int:
    """How many parts an SMS in Chinese is billed as."""
    length = units(text)
    return 1 if length <= ONE_SEGMENT else -(-length // EACH_OF_MORE)


def of_length(text: str) -> list[str]:
    """What a text costs, where that is more than one SMS; with its signature."""
    count = segments(text)
    return [f"{units(text)} units with the signature: billed as {count} SMS"] if count > 1 else []


def of_body(body: str) -> list[str]:
    """What is wrong with a text meant for a domestic gateway, which signs it itself with 【signature】."""
    found = ["it has a web address: carriers refuse it"] if WEB.search(body) else []
    return found + (["it has 【】 or []: only the gateway's own signature may"] if BRACKETS.search(body) else [])


def of_params(params: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """What is wrong with what goes into the places of a template. Only figures may, never a name, place or cause."""
    found = [f"{{{name}}} is no place of the template" for name in params if name not in names]
    found += [f"{{{name}}} is empty" for name in names if not params.get(name)]
    found += [f"{{{name}}} is longer than {LONGEST_PARAM} characters" for name in names
              if len(params.get(name, "")) > LONGEST_PARAM]
    return found + [f"{{{name}}} has a web address" for name, value in params.items() if WEB.search(value)]


def of_template(template: Template, phrases: Phrases) -> list[str]:
    """What is wrong with a template, looked at empty and filled with its example."""
    found = [f"{{{name}}} may not stand in an SMS" for name in template.names if name not in EXAMPLES]
    if found:
        return found
    if not re.sub(r"\{\w+\}|\W", "", template.filed(phrases)):
        found.append("it has places only: providers refuse it")
    example = template.example(phrases)
    return found + of_body(template.body(example, phrases)) + of_params(example, template.names)


def third_of_a_kind(texts: Sequence[str]) -> list[str]:
    """Texts to one number within 24 h that are there more often than carriers let through."""
    return sorted({text for text in texts if texts.count(text) > IDENTICAL_AT_MOST})
