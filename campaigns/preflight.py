"""May this campaign go out: a list of checks that each app adds to. A stop keeps it from being scheduled."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.functional import Promise

from campaigns.models import Campaign


class Level(StrEnum):
    """What a finding means for the send."""

    OK = "ok"
    WARN = "warn"
    STOP = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: a sentence, and for a problem what to do."""

    level: Level
    title: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings under one heading."""

    title: "str | Promise"
    findings: list[Finding]

    @property
    def stops(self) -> int:
        return sum(finding.level == Level.STOP for finding in self.findings)

    @property
    def warnings(self) -> int:
        return sum(finding.level == Level.WARN for finding in self.findings)


CheckSource = Callable[[Campaign, datetime], Iterable[Finding]]
_groups: dict[str, tuple["str | Promise", list[CheckSource]]] = {}


def register_checks(group: str, title: "str | Promise", source: CheckSource) -> None:
    """Add checks to a group; the first registration of a group names it."""
    _groups.setdefault(group, (title, []))[1].append(source)


def preflight(campaign: Campaign, now: datetime) -> list[Group]:
    """All findings, by group. The campaign needs `with_parts`."""
    return [
        Group(title, [finding for source in sources for finding in source(campaign, now)])
        for title, sources in _groups.values()
    ]


def stops(groups: Iterable[Group]) -> list[Finding]:
    return [finding for group in groups for finding in group.findings if finding.level == Level.STOP]
