"""Verbs on scores: give a story its figures, say how the team counts."""

from collections.abc import Mapping
from datetime import datetime
from math import isfinite

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_backlog
from sprints.formulas import read_formula
from sprints.models import MOST_EFFORT, MOST_REACH, TOP_MARK, ScoreFormula, Story, StoryScore
from sprints.scoring import FIGURES
from workspaces.audit import record
from workspaces.models import Member, Workspace

MOST = {"reach": MOST_REACH, "impact": TOP_MARK, "confidence": 1, "ease": TOP_MARK, "effort": MOST_EFFORT}
PLACES = 4  # decimals that are kept: a smaller effort than that is none


class ScoreRefused(DomainError):
    """The figures or the formula cannot be kept."""

    code = "score_refused"


@transaction.atomic
def set_score(*, story: Story, figures: Mapping[str, float | None], by: Member, now: datetime) -> StoryScore:
    """Give a story its figures; those left out stay, None takes one away. Repeating changes nothing.

    Confidence is a fraction. Raises `ScoreRefused` for a figure out of bounds.
    """
    unknown = set(figures) - set(FIGURES)
    if unknown:
        raise TypeError(f"A score has no {', '.join(sorted(unknown))}")
    Story.objects.select_for_update(no_key=True).get(pk=story.pk)
    found = StoryScore.objects.filter(story=story).first() or StoryScore(workspace=story.workspace, story=story)
    wanted = {name: _checked(name, value) for name, value in figures.items()}
    changed = {name: value for name, value in wanted.items() if getattr(found, name) != value}
    if not changed:
        return found
    before = {name: getattr(found, name) for name in changed}
    for name, value in changed.items():
        setattr(found, name, value)
    found.scored_by, found.scored_at = by, now
    found.save()
    record("story.scored", story, by=by, now=now, before=before, after=changed)
    tell_backlog(story.workspace)
    return found


def _checked(name: str, value: float | None) -> float | None:
    if value is None:
        return None
    if not (isfinite(value) and 0 <= value <= MOST[name]):
        said = _("Between 0 and %(most)d.") % {"most": MOST[name]}
        if name == "confidence":
            said = _("Between 0% and 100%.")
        raise ScoreRefused(said, fields={name: [said]})
    return round(float(value), PLACES)


@transaction.atomic
def set_formula(*, workspace: Workspace, name: str, expression: str, by: Member, now: datetime) -> ScoreFormula:
    """Say how this team counts its own score. Raises `FormulaBroken`, `ScoreRefused` without a name."""
    if not name.strip():
        raise ScoreRefused(_("Give the formula a name."), fields={"name": [_("Empty.")]})
    read_formula(expression)
    formula, _created = ScoreFormula.objects.update_or_create(
        workspace=workspace, defaults={"name": name.strip(), "expression": expression.strip()}
    )
    record("score.formula_set", formula, by=by, now=now, name=formula.name, formula=formula.expression)
    tell_backlog(workspace)
    return formula


@transaction.atomic
def drop_formula(*, workspace: Workspace, by: Member, now: datetime) -> None:
    """Do without an own formula; ICE and RICE stay. Repeating changes nothing."""
    formula = ScoreFormula.objects.filter(workspace=workspace).first()
    if formula is not None:
        record("score.formula_dropped", formula, by=by, now=now)
        formula.delete()
