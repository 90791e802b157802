"""The home page, made of panels that each app registers for itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from workspaces.models import Member
from workspaces.permissions import Can


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the home page. `build` returns the template's context, or None when there is nothing to show."""

    key: str
    place: Literal["banner", "main", "side"]
    order: int
    can: Can
    template: str
    build: Callable[[Member, datetime], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class BuiltPanel:
    """A panel with what it shows."""

    template: str
    context: dict[str, Any]


_panels: dict[str, Panel] = {}


def register_panel(panel: Panel) -> None:
    _panels[panel.key] = panel


def home_panels(member: Member, now: datetime) -> dict[str, list[BuiltPanel]]:
    """The panels this member sees, by place, in order."""
    places: dict[str, list[BuiltPanel]] = {"banner": [], "main": [], "side": []}
    for panel in sorted(_panels.values(), key=lambda panel: panel.order):
        context = panel.build(member, now) if member.may(panel.can) else None
        if context is not None:
            places[panel.place].append(BuiltPanel(panel.template, context))
    return places
