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


class Place(StrEnum):
    """Where a person mends what was found."""

    NOWHERE = ""
    CAMPAIGN = "campaign"
    CONTENT = "content"
    SCHEDULE = "schedule"
    SEGMENT = "segment"
    STORY = "story"
    OWNER = "owner"
    SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: a sentence, and for a problem what to do, and where."""

    level: Level
    title: str
    detail: str = ""
    place: Place = Place.NOWHERE


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

    @property
    def passed(self) -> int:
        return len(self.findings) - self.stops - self.warnings

    @property
    def tone(self) -> Level:
        return Level.STOP if self.stops else Level.WARN if self.warnings else Level.OK


CheckSource = Callable[[Campaign, datetime], Iterable[Finding]]
_groups: dict[str, tuple["str | Promise", list[CheckSource]]] = {}


def register_checks(group: str, title: "str | Promise", source: CheckSource) -> None:
    """Add checks to a group; the first registration of a group names it."""
    _groups.setdefault(group, (title, []))[1].append(source)


def preflight(campaign: Campaign, now: datetime) -> list[Group]:
    """All findings, by group, for the moment the campaign is set for. The campaign needs `with_parts`."""
    found = [
        Group(title, [finding for source in sources for finding in source(campaign, now)])
        for title, sources in _groups.values()
    ]
    return [group for group in found if group.findings]


def stops(groups: Iterable[Group]) -> list[Finding]:
    return [finding for group in groups for finding in group.findings if finding.level == Level.STOP]


@dataclass(frozen=True, slots=True)
class Tally:
    """Findings in numbers."""

    passed: int
    warnings: int
    stops: int

    @property
    def total(self) -> int:
        return self.passed + self.warnings + self.stops


def tally(groups: Iterable[Group]) -> Tally:
    """The findings of all groups together."""
    groups = list(groups)
    return Tally(*(sum(getattr(group, name) for group in groups) for name in ("passed", "warnings", "stops")))
