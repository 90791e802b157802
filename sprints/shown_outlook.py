"""The outlook of a frozen plan as people read it: days, mails a person, what could go wrong, what was left out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.models import OutcomeVerdict
from sprints.shown_plan import ShownPlan, ShownStory

MANY = 3  # from so many mails on somebody hears from us often
WEEKEND = 5  # `date.weekday()` of Saturday


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A column of the calendar: its day, whether nobody works, and where it begins, as an SVG length."""

    day: date
    is_off: bool
    x: str


@dataclass(frozen=True, slots=True)
class CalendarSend:
    """A row: the story, its days, how many people, and the bar, as SVG lengths."""

    story: ShownStory
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """From the first day of the sprint, or of a send, to the last."""

    days: list[CalendarDay]
    width: str
    sends: list[CalendarSend]


@dataclass(frozen=True, slots=True)
class MailsCount:
    """So many people hear from us so often."""

    label: str
    people: int
    is_many: bool


@dataclass(frozen=True, slots=True)
class Line:
    """Something that could go wrong, or that was left out: what it is about, why, and the sign before it."""

    title: str
    said: str
    icon: str


@dataclass(frozen=True, slots=True)
class ShownOutlook:
    """Everything below the stories of a plan. Of plans frozen before there was an outlook, only the calendar."""

    calendar: Calendar | None
    mails: list[MailsCount]
    risks: list[Line]
    left_out: list[Line]
    is_known: bool

    @property
    def most(self) -> int:
        """People in the longest bar."""
        return max((count.people for count in self.mails), default=0)

    @property
    def most_mails(self) -> int:
        return len(self.mails)


def shown_outlook(plan: ShownPlan) -> ShownOutlook:
    """What the frozen version says, without a query."""
    frozen = plan.request.snapshot.get("outlook")
    known: dict[str, Any] = frozen or {"mails": [], "risks": [], "left_out": []}
    return ShownOutlook(
        calendar=_calendar(plan),
        mails=[_mails(number, people) for number, people in enumerate(known["mails"], start=1)],
        risks=risk_lines(known["risks"]),
        left_out=[Line(one["title"], LEFT_OUT[one["kind"]](one), "circle-slash") for one in known["left_out"]],
        is_known=frozen is not None,
    )


def _calendar(plan: ShownPlan) -> Calendar | None:
    sends = [story for story in plan.sends if story.window]
    if not sends or plan.days is None:
        return None
    windows = [story.window for story in sends if story.window]
    first = min([plan.days[0], *(window[0] for window in windows)])
    last = max([plan.days[1], *(window[1] for window in windows)])
    count = (last - first).days + 1
    days = [first + timedelta(days=number) for number in range(count)]
    return Calendar(
        days=[CalendarDay(day, day.weekday() >= WEEKEND, _share(number, count)) for number, day in enumerate(days)],
        width=_share(1, count),
        sends=[_send(story, first, count) for story in sorted(sends, key=lambda story: story.window or ())],
    )


def _send(story: ShownStory, first: date, count: int) -> CalendarSend:
    start, end = story.window or (first, first)
    return CalendarSend(story, _share((start - first).days, count), _share((end - start).days + 1, count))


def _share(days: int, count: int) -> str:
    return f"{days / count:.3%}"


def _mails(number: int, people: int) -> MailsCount:
    label = ngettext("%(count)d mail", "%(count)d mails", number) % {"count": number}
    return MailsCount(label, people, number >= MANY)


def risk_lines(found: Iterable[dict[str, Any]]) -> list[Line]:
    return [Line(one["title"] or _("The sprint"), RISKS[one["kind"]](one), RISK_ICONS[one["kind"]]) for one in found]


def _blocked(one: dict[str, Any]) -> str:
    return _("Blocked: %(why)s. %(name)s sees to it.") % {"why": one["said"].rstrip("."), "name": one["who"]}


def _audience(one: dict[str, Any]) -> str:
    figures = {"was": number_format(one["was"]), "now": number_format(one["now"])}
    return _("%(was)s people at the last answer, %(now)s now.") % figures


def _tried(one: dict[str, Any]) -> str:
    verdict = OutcomeVerdict(one["verdict"]).label
    return _("Something like it was tried before: “%(story)s”. %(verdict)s.") % {
        "story": one["said"], "verdict": verdict
    }  # fmt: skip


def _full(one: dict[str, Any]) -> str:
    words = {"points": one["points"], "free": one["free"]}
    return _("Ready, but it did not fit: %(points)s points, %(free)s were free.") % words


def _out(one: dict[str, Any]) -> str:
    said = one["said"].strip()
    return _("It was in the version before. %(why)s") % {"why": said} if said else _("It was in the version before.")


def _declined(one: dict[str, Any]) -> str:
    said = one["said"].strip()
    return _("The owner declined it: “%(why)s”") % {"why": said} if said else _("The owner declined it.")


Say = Callable[[dict[str, Any]], str]
RISKS: dict[str, Say] = {
    "blocked": _blocked,
    "unready": lambda one: str(one["said"]),
    "audience": _audience,
    "tried": _tried,
}
RISK_ICONS = {"blocked": "octagon-alert", "unready": "circle-alert", "audience": "users", "tried": "flask-conical"}
LEFT_OUT: dict[str, Say] = {
    "out": _out,
    "declined": _declined,
    "blocked": lambda one: _("Ready, but blocked: %(why)s") % {"why": one["said"]},
    "full": _full,
    "below": lambda _one: _("Ready, but ranked below what was taken."),
}
