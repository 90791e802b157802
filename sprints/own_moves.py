"""What moves in this app: stories over the board, criteria, hypotheses, plans asked about and answered."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.models import ApprovalRequest, StoryStatus, Verdict
from sprints.moves import Move, MoveKind, Span, acts_of
from workspaces.models import AuditEntry, Member

Detail = Mapping[str, Any]
Dated = tuple[datetime, Move]


def _moved(label: str, detail: Detail) -> str:
    column = detail.get("column", "")
    named = StoryStatus(column).label if column in StoryStatus.values else column
    return _("Moved “%(what)s” to “%(column)s”") % {"what": label, "column": named}


def _met(label: str, detail: Detail) -> str:
    count = detail.get("count", 1)
    words = ngettext("Met %(count)d criterion of “%(what)s”", "Met %(count)d criteria of “%(what)s”", count)
    return words % {"count": count, "what": label}


def _written(label: str, _detail: Detail) -> str:
    return _("Wrote the story “%(what)s”") % {"what": label}


def _believed(label: str, _detail: Detail) -> str:
    return _("Wrote the hypothesis of “%(what)s”") % {"what": label}


def _briefed(label: str, _detail: Detail) -> str:
    return _("Wrote the send brief of “%(what)s”") % {"what": label}


def _asked(label: str, _detail: Detail) -> str:
    return _("Asked the owner to approve %(what)s") % {"what": label}


def _decided(label: str, _detail: Detail) -> str:
    return _("Decided on %(what)s") % {"what": label}


def _answered(label: str, detail: Detail) -> str:
    verdict = detail.get("verdict", "")
    said = Verdict(verdict).label if verdict in Verdict.values else verdict
    return _("Got an answer on %(what)s: %(verdict)s") % {"what": label, "verdict": said}


def _opened(label: str, _detail: Detail) -> str:
    return _("Planned sprint %(what)s") % {"what": label}


def _started(label: str, _detail: Detail) -> str:
    return _("Started sprint %(what)s") % {"what": label}


def _closed(label: str, _detail: Detail) -> str:
    return _("Closed sprint %(what)s") % {"what": label}


STORY, ASKED, SPRINT = "sprints:story_detail", "sprints:approval_detail", "sprints:sprint_detail"
ACTS = {
    "story.moved": MoveKind("square-kanban", _moved, page=STORY),
    "story.written": MoveKind("layers", _written, page=STORY),
    "story.hypothesis_set": MoveKind("flask-conical", _believed, ("story.written",), page=STORY),
    "story.brief_set": MoveKind("send", _briefed, ("story.written",), page=STORY),
    "approval.requested": MoveKind("clipboard-check", _asked, page=ASKED),
    "approval.decided": MoveKind("gavel", _decided, page=ASKED),
    "sprint.opened": MoveKind("calendar-days", _opened, page=SPRINT),
    "sprint.started": MoveKind("play", _started, page=SPRINT),
    "sprint.closed": MoveKind("flag", _closed, page=SPRINT),
}
TICKED = "story.criterion_ticked"
ANSWERED = "approval.answered"
KINDS = {
    **ACTS,
    TICKED: MoveKind("list-checks", _met, page=STORY),
    ANSWERED: MoveKind("mail-open", _answered, page=ASKED),
}


def sprint_moves(member: Member, span: Span) -> Iterator[Dated]:
    """A member's own acts, and the answers to what the member asked. Two queries."""
    ticks: dict[int, list[AuditEntry]] = defaultdict(list)
    for act in acts_of(member, span, [*ACTS, TICKED]):
        if act.action == TICKED:
            ticks[act.target_id].append(act)
        else:
            detail = {"column": act.detail["new"]} if act.action == "story.moved" else {}
            yield act.at, Move(act.action, act.target_id, act.target_label, detail)
    yield from filter(None, map(_ticked, ticks.values()))
    yield from _answers(member, span)


def _ticked(acts: list[AuditEntry]) -> Dated | None:
    """How many criteria of one story are met now that were ticked; None when all were unticked again."""
    is_met = {act.detail["text"]: act.detail["is_met"] for act in acts}
    count, last = sum(is_met.values()), acts[-1]
    return (last.at, Move(TICKED, last.target_id, last.target_label, {"count": count})) if count else None


def _answers(member: Member, span: Span) -> Iterator[Dated]:
    asked = ApprovalRequest.objects.for_workspace(member.workspace).filter(
        requested_by=member, decided_at__gt=span.since, decided_at__lte=span.until
    )
    for request in asked.select_related("sprint", "story").defer("snapshot").order_by("decided_at", "pk"):
        if request.decided_at is not None:
            yield request.decided_at, Move(ANSWERED, request.pk, str(request), {"verdict": request.verdict})
