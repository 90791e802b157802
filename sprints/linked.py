"""What belongs to a story elsewhere: each app downstream registers how its things are found."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from sprints.models import Story
from workspaces.models import Member


@dataclass(frozen=True, slots=True)
class LinkedThing:
    """A campaign, journey or the like that was made for a story: its name, state in words, and the path of its page."""

    kind: "str | Promise"
    label: str
    state: "str | Promise"
    href: str
    icon: str


_finders: dict[str, Callable[[Story, Member], list[LinkedThing]]] = {}


def register_linked(key: str, find: Callable[[Story, Member], list[LinkedThing]]) -> None:
    """Say how things of an app are found for a story, in one query, as far as this member may see them."""
    _finders[key] = find


def linked_things(story: Story, member: Member) -> list[LinkedThing]:
    return [thing for key in sorted(_finders) for thing in _finders[key](story, member)]
