"""What the owner reads of a retrospective: data, decisions and actions. Of the notes only what the team lets out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sprints.models import Retro, RetroAction, RetroGroup, RetroNote, Sprint
from sprints.retro_facts import RetroFacts
from sprints.retro_room import Earlier, Worth, earlier_actions, worth_of
from sprints.retrospect import RetroFigures, retro_figures


@dataclass(frozen=True)
class RetroReport:
    """Everything that page and file say. `notes` are texts without authors; a topic's name is the team's own."""

    sprint: Sprint
    figures: RetroFigures
    facts: RetroFacts
    decisions: Sequence[RetroGroup]
    notes: Sequence[str]
    actions: Sequence[RetroAction]
    earlier: Sequence[Earlier]
    worth: Worth
    closed_at: datetime | None
    made_at: datetime


def report_of(sprint: Sprint, now: datetime) -> RetroReport:
    """About 25 queries. The sprint needs its workspace."""
    retro = Retro.objects.filter(sprint=sprint).first() or Retro(sprint=sprint, workspace=sprint.workspace)
    [figures] = retro_figures([sprint])
    decided = RetroGroup.objects.filter(retro__sprint=sprint).exclude(decision="")
    let_out = RetroNote.objects.filter(sprint=sprint, in_report=True, is_shown=True)
    return RetroReport(
        sprint,
        figures,
        RetroFacts(figures, now),
        decisions=list(decided.order_by("created_at", "pk")),
        notes=list(let_out.order_by("kind", "pk").values_list("text", flat=True)),
        actions=list(
            RetroAction.objects.filter(sprint=sprint).select_related("owner__user", "story__sprint").order_by("pk")
        ),
        earlier=[line for line in earlier_actions(sprint) if line.check],
        worth=worth_of(retro, retro.people.count() if retro.pk else 0),
        closed_at=retro.closed_at,
        made_at=now,
    )
