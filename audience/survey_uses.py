"""What can be made of an answer, and what was: apps downstream register it, as the backlog does with its stories."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise

from audience.models import SurveyAnswer
from workspaces.models import Member


@dataclass(frozen=True, slots=True)
class Use:
    """A link beside an answer: to what was made of it, or (`is_offer`) to where something can be made of it."""

    label: "str | Promise"
    href: str
    icon: str
    is_offer: bool = False


Finder = Callable[[Collection[SurveyAnswer], Member], Mapping[int, list[Use]]]
_finders: dict[str, Finder] = {}


def register_uses(key: str, find: Finder) -> None:
    """Say what an app made of answers or offers to make of them, as far as this member may, in one query."""
    _finders[key] = find


def add_uses(answers: Collection[SurveyAnswer], member: Member) -> None:
    """Give each of these answers its `uses`."""
    found = [_finders[key](answers, member) for key in sorted(_finders)] if answers else []
    for answer in answers:
        answer.uses = [use for uses in found for use in uses.get(answer.pk, [])]  # type: ignore[attr-defined]  # for templates
