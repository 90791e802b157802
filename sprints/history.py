"""What happened to a story, in words, from the audit log."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sprints.models import OutcomeVerdict, Story, StoryStatus
from workspaces.models import AuditEntry, Member

MOST_MOMENTS = 40
UNTOLD = ("story.ordered",)
"""Changes of order in a list: they matter there, not to the story."""

Detail = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that somebody (None: the system) did, and when."""

    at: datetime
    by: Member | None
    icon: str
    words: str


def history_of(story: Story) -> list[Moment]:
    """The newest moments of a story, newest first. One query."""
    entries = AuditEntry.objects.for_workspace(story.workspace).filter(target_type="story", target_id=story.pk)
    told = entries.exclude(action__in=UNTOLD).select_related("member__user").order_by("-at", "-pk")
    return [_moment(entry) for entry in told[:MOST_MOMENTS]]


def _moment(entry: AuditEntry) -> Moment:
    icon, words = TOLD.get(entry.action, ("circle-check", lambda _detail: entry.action))
    return Moment(entry.at, entry.member, icon, words(entry.detail))


def _rewritten(detail: Detail) -> str:
    after = detail.get("after", {})
    return _("changed: %(fields)s") % {"fields": ", ".join(_field_names(after or detail.get("before", {})))}


def _field_names(names: Detail) -> Iterator[str]:
    for field in Story._meta.fields:  # in the order of the form, which JSON does not keep
        if field.name in names:
            yield str(field.verbose_name)


def _planned(detail: Detail) -> str:
    if detail.get("sprint") is None:
        return _("put it into the backlog")
    return _("put it into sprint %(number)s") % {"number": detail.get("number", "")}


def _ticked(detail: Detail) -> str:
    words = _("ticked “%(text)s”") if detail.get("is_met") else _("took the tick from “%(text)s”")
    return words % {"text": detail.get("text", "")}


def _criteria(detail: Detail) -> str:
    count = len(detail.get("criteria", []))
    words = ngettext("wrote %(count)d acceptance criterion", "wrote %(count)d acceptance criteria", count)
    return words % {"count": count}


def _moved(detail: Detail) -> str:
    return _("moved it to “%(column)s”") % {"column": detail.get("column") or StoryStatus(detail["new"]).label}


def _blocked(detail: Detail) -> str:
    words = _("said what is in the way: %(what)s; %(owner)s clears it")
    return words % {"what": detail.get("reason", ""), "owner": detail.get("owner", "")}


def _measured(detail: Detail) -> str:
    return _("measured: %(verdict)s") % {"verdict": OutcomeVerdict(detail["new"]).label}


def _always(words: Any) -> Callable[[Detail], str]:
    return lambda _detail: str(words)


TOLD: dict[str, tuple[str, Callable[[Detail], str]]] = {
    "story.written": ("plus", _always(gettext_lazy("wrote the story"))),
    "story.rewritten": ("pen-line", _rewritten),
    "story.criteria_set": ("list-checks", _criteria),
    "story.criterion_ticked": ("check", _ticked),
    "story.hypothesis_set": ("lightbulb", _always(gettext_lazy("wrote the hypothesis"))),
    "story.brief_set": ("send", _always(gettext_lazy("wrote the send brief"))),
    "story.planned": ("calendar-days", _planned),
    "story.blocked": ("octagon-alert", _blocked),
    "story.unblocked": ("circle-check", _always(gettext_lazy("cleared what was in the way"))),
    "story.moved": ("arrow-right", _moved),
    "story.dropped": ("trash-2", _always(gettext_lazy("dropped it"))),
    "story.scored": ("chart-no-axes-column", _always(gettext_lazy("scored it"))),
    "story.origin_set": ("link", _always(gettext_lazy("said where it comes from"))),
    "story.outcome": ("chart-no-axes-column", _measured),
}
"""Icon and words for each action; an action nobody has words for is named as it is."""
