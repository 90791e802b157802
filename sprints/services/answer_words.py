"""Words an answer needs: what should change, and the conditions of a yes."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.answers import Answer, Say
from sprints.models import ApprovalRequest, Verdict

MOST_CONDITIONS = 20
LONGEST_CONDITION = 300


class ApprovalRefused(DomainError):
    """The plan cannot be sent for approval, or this person cannot decide on it."""

    code = "approval_refused"


def require_words(request: ApprovalRequest, answer: Answer) -> None:
    says = answer.says(request)
    silent = [pk for pk, say in says.items() if say.verdict == Verdict.CHANGE and not say.comment.strip()]
    if (silent or answer.whole == Verdict.CHANGE) and not answer.comment and (silent or not says):
        names = {f"story_{pk}_comment": [_("Say it here.")] for pk in silent if pk in answer.each}
        raise ApprovalRefused(
            _("Say what should change: the team cannot guess it."), fields=names or {"comment": [_("Say it here.")]}
        )
    empty = [pk for pk, say in answer.each.items() if say.verdict == Verdict.CONDITIONS and not say.wanted]
    if empty or (answer.whole == Verdict.CONDITIONS and not (answer.wanted or _wanted(says.values()))):
        names = {f"story_{pk}_comment": [_("One condition a line.")] for pk in empty}
        raise ApprovalRefused(
            _("Write down the conditions, one a line."), fields=names or {"comment": [_("One condition a line.")]}
        )
    _require_short([*answer.wanted, *_wanted(says.values())])


def _wanted(says: Iterable[Say]) -> list[str]:
    return [text for say in says for text in say.wanted]


def _require_short(texts: list[str]) -> None:
    if len(texts) > MOST_CONDITIONS or any(len(text) > LONGEST_CONDITION for text in texts):
        raise ApprovalRefused(
            _("At most %(most)d conditions, each of at most %(long)d letters.")
            % {"most": MOST_CONDITIONS, "long": LONGEST_CONDITION}
        )
