"""What the menu counts beside “Backlog” and “Ideas”, in one question a page."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from sprints.models import Idea, Story
from workspaces.models import Member, Workspace

KEPT = "_sprints_counts"
"""The member of a request is asked once for each entry of the menu."""


def backlog_count(member: Member) -> int:
    return _counts(member)["stories"]


def ideas_count(member: Member) -> int:
    return _counts(member)["ideas"]


def _counts(member: Member) -> dict[str, int]:
    kept: dict[str, int] | None = vars(member).get(KEPT)
    if kept is None:
        kept = vars(member)[KEPT] = _asked(member.workspace)
    return kept


def _asked(workspace: Workspace) -> dict[str, int]:
    today = timezone.now().astimezone(workspace.zone).date()
    stories, ideas = Story.objects.in_backlog(), Idea.objects.waiting(today)
    found = Workspace.objects.filter(pk=workspace.pk).annotate(stories=_count(stories), ideas=_count(ideas))
    row = found.values("stories", "ideas").get()
    return {"stories": row["stories"], "ideas": row["ideas"]}


def _count(rows: "QuerySet[Story] | QuerySet[Idea]") -> Coalesce:
    inside = rows.filter(workspace=OuterRef("pk")).order_by().values("workspace").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(inside, output_field=IntegerField()), 0)
