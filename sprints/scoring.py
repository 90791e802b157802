"""What stories score, by ICE, RICE or the workspace's own formula, and what each score is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from sprints.formulas import Figures, FormulaBroken, Node, Uncountable, in_words, names_in, read_formula, value_of
from sprints.models import ScoreFormula, Scoring, Story, StoryQuerySet, StoryScore
from workspaces.models import Workspace

FORMULAS = {
    Scoring.ICE: "impact * confidence * ease",
    # Sean McBride, "RICE: Simple prioritization for product managers", Intercom
    Scoring.RICE: "reach * impact * confidence / effort",
}
FIGURES = ("reach", "impact", "confidence", "ease", "effort")


@dataclass(frozen=True, slots=True)
class Method:
    """A way to score: its name, and its formula as a tree."""

    key: Scoring
    name: str
    tree: Node

    @property
    def words(self) -> str:
        return in_words(self.tree)


@dataclass(frozen=True, slots=True)
class Score:
    """A story's score by one method; without a value `words` say what is missing, else what it is made of."""

    method: Method
    value: float | None
    words: str


def own_formula(workspace: Workspace) -> ScoreFormula | None:
    return ScoreFormula.objects.filter(workspace=workspace).first()


def methods(workspace: Workspace) -> dict[str, Method]:
    """The ways to score in a workspace. One query."""
    found = {key.value: Method(key, str(key.label), read_formula(text)) for key, text in FORMULAS.items()}
    own = own_formula(workspace)
    if own is not None:
        try:
            found[Scoring.OWN.value] = Method(Scoring.OWN, own.name, read_formula(own.expression))
        except FormulaBroken:  # kept by a version that could read more: it is shown where formulas are changed
            return found
    return found


def figures_of(score: StoryScore | None, points: int | None) -> dict[str, float | None]:
    """The figures of a story by the names that formulas know. Without an effort of its own the points count."""
    given = {name: getattr(score, name, None) for name in FIGURES}
    return _with_points(given, points)


def _with_points(given: dict[str, float | None], points: int | None) -> dict[str, float | None]:
    if given["effort"] is None:
        given["effort"] = points
    given["points"] = points
    return given


def score_of(story: Story, method: Method) -> Score:
    """One story's score. No query for a story that was read with its `score`."""
    figures = figures_of(getattr(story, "score", None), story.points)
    try:
        return Score(method, value_of(method.tree, figures), in_words(method.tree, figures))
    except Uncountable as missing:
        return Score(method, None, str(missing))


def scores_of(story: Story, ways: dict[str, Method]) -> list[Score]:
    return [score_of(story, method) for method in ways.values()]


def by_score(stories: StoryQuerySet, method: Method) -> list[tuple[int, int]]:
    """Ids and points, the highest score first, those without one last in their order by hand. One query."""
    rows = stories.order_by("rank", "pk").values_list("pk", "points", *(f"score__{name}" for name in FIGURES))
    needed = set(names_in(method.tree))
    counted = [(_value(method.tree, needed, row[1], row[2:]), row[0], row[1] or 0) for row in rows]
    counted.sort(key=lambda row: (row[0] is None, -(row[0] or 0.0)))  # stable: equals stay as they were by hand
    return [(pk, points) for _value_, pk, points in counted]


def _value(tree: Node, needed: set[str], points: int | None, given: Sequence[float | None]) -> float | None:
    """None for most of a long backlog, so that what is missing is not put into words first."""
    figures: Figures = _with_points(dict(zip(FIGURES, given, strict=True)), points)
    if any(figures.get(name) is None for name in needed):
        return None
    try:
        return value_of(tree, figures)
    except Uncountable:
        return None


def what_helps() -> str:
    """How a formula may be written."""
    return _(
        "Use reach, impact, confidence, ease, effort and points with numbers, + − × ÷ and brackets."
        " Confidence counts as a fraction: 80% is 0.8."
    )
