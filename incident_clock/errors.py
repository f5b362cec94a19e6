"""Errors whose message is a sentence for the person who must act: what, which one, what to do.

`Refusal` and its children come from the verbs and are shown in the reader's language; `ConfigError` and
`CannotRun` speak to the operator of the machine, in English.
"""

from collections.abc import Sequence


class IncidentClockError(Exception):
    """Every error this product raises on purpose."""


class Refusal(IncidentClockError):
    """A verb that was not carried out, with the reason. Nothing was written.

    `phrase` is a message id of the catalogue (Chinese, with `%(name)s` places), `params` fill it (instants, lists
    and two-language titles are put into words by `Phrases.refusal`), `field` names the input it is about (None:
    the request as a whole).
    """

    http_status = 422

    def __init__(self, phrase: str, *, field: str | None = None, **params: object) -> None:
        self.phrase, self.field, self.params = phrase, field, params
        super().__init__(phrase % params if params else phrase)


class Invalid(Refusal):
    """The input cannot be right (422)."""


class Refusals(Invalid):
    """Several inputs that cannot be right, told together so that the form is mended once."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals = tuple(refusals)
        first = self.refusals[0]
        super().__init__(first.phrase, field=first.field, **first.params)

    def renamed(self, **names: str) -> "Refusals":
        """The same about inputs that the caller knows by other names (ours=his)."""
        for one in self.refusals:
            one.field = names.get(one.field, one.field) if one.field else None
        return self


class NeedsConfirmation(Invalid):
    """Unusual but possible: the same request with `confirmed` is carried out."""


class Conflict(Refusal):
    """It contradicts what stands already (409): logged twice, same key with another body."""

    http_status = 409


class NotFound(Refusal):
    """No such incident, step or person (404)."""

    http_status = 404


class Forbidden(Refusal):
    """This role may not do that (403)."""

    http_status = 403


class ConfigError(IncidentClockError):
    """A setting or a file that cannot be used. `problems` lists every complaint, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class CannotRun(IncidentClockError):
    """A process that cannot start or go on: the sentence says what is in the way and what to do."""
