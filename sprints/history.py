"""What happened to a story, in words, from the audit log."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sprints.models import INVERSE, LinkKind, OutcomeVerdict, Story, StoryStatus
from workspaces.audit import said
from workspaces.models import AuditEntry, Member

MOST_MOMENTS = 40
UNTOLD = (
    "story.ordered", "story.step_moved", "story.watched", "story.unwatched",
    "story.commented", "story.comment_changed", "story.comment_removed",
)  # fmt: skip
"""Changes of order matter in the list, who follows to nobody else, and a comment speaks for itself."""

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
    icon, words = TOLD.get(entry.action, ("circle-check", lambda _detail: said(entry.action)))
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


def _listed(words: Any, key: str) -> Callable[[Detail], str]:
    """Words with the things that were chosen; "nothing" for none."""
    return lambda detail: str(words) % {"what": ", ".join(detail.get(key, [])) or _("nothing")}


def _named(words: Any, key: str) -> Callable[[Detail], str]:
    return lambda detail: str(words) % {"what": detail.get(key, "")}


def _step_ticked(detail: Detail) -> str:
    words = _("did the step “%(text)s”") if detail.get("is_done") else _("reopened the step “%(text)s”")
    return words % {"text": detail.get("text", "")}


def _step_changed(detail: Detail) -> str:
    words = _("gave the step “%(text)s” to %(name)s") if detail.get("assignee") else _("changed the step “%(text)s”")
    return words % {"text": detail.get("text", ""), "name": detail.get("assignee", "")}


def _linked(detail: Detail) -> str:
    return _("linked it: %(kind)s “%(other)s”") % _link_words(detail)


def _unlinked(detail: Detail) -> str:
    return _("took the link away: %(kind)s “%(other)s”") % _link_words(detail)


def _link_words(detail: Detail) -> dict[str, str]:
    kind = LinkKind(detail["kind"])
    return {"kind": str(INVERSE[kind] if detail.get("is_inverse") else kind.label), "other": detail.get("other", "")}


def _by_skill(detail: Detail) -> str:
    parts = [f"{skill} {points}" for skill, points in sorted(detail.get("after", {}).items())]
    if not parts:
        return _("took the points by skill away")
    return _("split the points by skill: %(parts)s") % {"parts": ", ".join(parts)}


def _split(detail: Detail) -> str:
    words = _("split it at the end of the sprint: %(done)s points are done, %(left)s go on")
    return words % {"done": detail.get("done", 0), "left": detail.get("left", 0)}


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
    "story.helpers_set": ("users", _listed(gettext_lazy("chose who helps: %(what)s"), "names")),
    "story.labelled": ("tag", _listed(gettext_lazy("chose the labels: %(what)s"), "labels")),
    "story.checklist_added": ("list-checks", _named(gettext_lazy("began the checklist “%(what)s”"), "name")),
    "story.checklist_renamed": ("list-checks", _named(gettext_lazy("renamed a checklist to “%(what)s”"), "name")),
    "story.checklist_removed": ("trash-2", _named(gettext_lazy("removed the checklist “%(what)s”"), "name")),
    "story.step_added": ("plus", _named(gettext_lazy("added the step “%(what)s”"), "text")),
    "story.step_changed": ("pen-line", _step_changed),
    "story.step_ticked": ("check", _step_ticked),
    "story.step_removed": ("trash-2", _named(gettext_lazy("removed the step “%(what)s”"), "text")),
    "story.attached": ("paperclip", _named(gettext_lazy("attached “%(what)s”"), "name")),
    "story.attachment_removed": ("trash-2", _named(gettext_lazy("removed the file “%(what)s”"), "name")),
    "story.linked": ("link", _linked),
    "story.unlinked": ("link", _unlinked),
    "story.segments_set": ("users", _listed(gettext_lazy("chose the segments: %(what)s"), "segments")),
    "story.skills_set": ("users", _by_skill),
    "story.split": ("layers", _split),
    "story.outcome": ("chart-no-axes-column", _measured),
}
"""Icon and words for each action; every one that is recorded on a story stands here or in `UNTOLD`."""
