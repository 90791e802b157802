"""Forms of stories. Rates are typed in percent and kept as fractions."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audience.models import Segment
from sprints.metrics import metric_unit, metrics
from sprints.models import LONGEST_REASON, Hypothesis, SendBrief, Sprint, SprintState, Story, StoryTemplate
from sprints.services.stories import MOST_POINTS, Belief, Brief
from strategy.figures import unit_sign
from strategy.models import Goal, Unit
from workspaces.forms import DateInput, StyledForm, StyledModelForm, offer
from workspaces.models import Member, Workspace

PERCENT = 100
FIGURE_DIGITS = 14
FIGURE_PLACES = 4
EARLIEST_POINTS = 0


class TitleForm(StyledForm):
    """A story in one line; the rest can follow."""

    title = forms.CharField(label=_("New story"), max_length=160)


class StoryForm(StyledModelForm):
    """A story in the reader's words, and what it is worth to us."""

    class Meta:
        model = Story
        fields = ("title", "kind", "as_a", "i_want", "so_that", "problem", "goal", "points", "assignee")
        widgets = {
            "i_want": forms.Textarea(attrs={"rows": 2}),
            "so_that": forms.Textarea(attrs={"rows": 2}),
            "problem": forms.Textarea(attrs={"rows": 3}),
            "points": forms.NumberInput(attrs={"min": EARLIEST_POINTS, "max": MOST_POINTS}),
        }
        help_texts = {
            "as_a": _("For example: customer who bought a serum"),
            "problem": _("What is wrong today, and how you know."),
            "points": _("How big it is beside other stories: 1, 2, 3, 5, 8…"),
        }

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        goals = Q(closed_at=None) | Q(pk=self.instance.goal_id)  # what was chosen stays, also when it is over
        people = Q(left_at=None) | Q(pk=self.instance.assignee_id)
        offer(self, "goal", Goal.objects.for_workspace(workspace).filter(goals).order_by("due_date", "pk"))
        members = Member.objects.for_workspace(workspace).filter(people).select_related("user")
        offer(self, "assignee", members.order_by("user__name", "pk"))
        _empty_word(self, "goal", _("Not chosen yet"))
        _empty_word(self, "assignee", _("Nobody yet"))


class EditStoryForm(StoryForm):
    """A story that exists; while its sprint runs, a new estimate is asked why."""

    reason = forms.CharField(
        label=_("Why it is estimated anew"),
        max_length=LONGEST_REASON,
        required=False,
        help_text=_("Stands in the scope log of the running sprint."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sprint = self.instance.sprint
        if sprint is None or sprint.state != SprintState.RUNNING:
            del self.fields["reason"]

    @property
    def fields_written(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


FROM_TEMPLATE = ("title", "kind", "as_a", "i_want", "so_that", "problem", "points")


class NewStoryForm(StoryForm):
    """A new story, with its criteria at once."""

    criteria = forms.CharField(
        label=_("Acceptance criteria"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What must be true before it is done; one line each."),
    )

    def __init__(self, *args: Any, template: StoryTemplate | None = None, **kwargs: Any) -> None:
        if template is not None:
            said = {name: getattr(template, name) for name in FROM_TEMPLATE}
            kwargs["initial"] = {**said, "criteria": "\n".join(template.criteria)}
        super().__init__(*args, **kwargs)

    @property
    def fields_written(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "criteria"}


class CriteriaForm(StyledForm):
    """The acceptance criteria, one a line."""

    criteria = forms.CharField(
        label=_("One line each"), required=False, widget=forms.Textarea(attrs={"rows": 5}), strip=True
    )

    @property
    def texts(self) -> list[str]:
        lines: list[str] = self.cleaned_data["criteria"].splitlines()
        return lines


class TickForm(forms.Form):
    """Whether a criterion is met; an empty answer says that it is not."""

    is_met = forms.BooleanField(required=False)


class PlanForm(StyledForm):
    """Into which sprint; empty for the backlog. Where a `story` stands already is no choice."""

    sprint = forms.ModelChoiceField(label=_("Put it into"), queryset=Sprint.objects.none(), required=False)
    reason = forms.CharField(
        label=_("Why"), max_length=LONGEST_REASON, required=False, help_text=_("For the scope log.")
    )

    def __init__(self, *args: Any, workspace: Workspace, story: Story | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = Sprint.objects.for_workspace(workspace).open()
        elsewhere = found.exclude(pk=story.sprint_id) if story and story.sprint_id else found
        offer(self, "sprint", elsewhere.order_by("number"))
        is_in_backlog = story is not None and story.sprint_id is None and story.dropped_at is None
        _empty_word(self, "sprint", None if is_in_backlog else _("Backlog"))

    @property
    def has_choice(self) -> bool:
        return bool(self.fields["sprint"].choices)  # type: ignore[attr-defined]  # a choice of rows


def _figure(label: Any, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=FIGURE_DIGITS,
        decimal_places=FIGURE_PLACES,
        min_value=0,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text=help_text,
    )


class HypothesisForm(StyledForm):
    """Because …, we believe that … for … will move this metric from … to …"""

    because = forms.CharField(
        label=_("Because"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What you saw or heard that makes you think so."),
    )
    change = forms.CharField(
        label=_("We believe that"), widget=forms.Textarea(attrs={"rows": 2}), help_text=_("What you will do.")
    )
    audience = forms.CharField(label=_("For"), max_length=200, help_text=_("Whom it is for."))
    metric = forms.ChoiceField(label=_("Will move"))
    baseline = _figure(_("From"), _("What it is today."))
    expected = _figure(_("To"), _("What you expect."))
    minimum_effect = _figure(
        _("Smallest effect worth it"), _("By how much it has to move at least, to be worth the work.")
    )
    check_date = forms.DateField(
        label=_("Look at the result on"),
        widget=DateInput(),
        help_text=_("Chosen before the send, so that nobody stops on a lucky day."),
    )

    def __init__(self, *args: Any, workspace: Workspace, hypothesis: Hypothesis | None = None, **kwargs: Any) -> None:
        if hypothesis is not None:
            kwargs["initial"] = _typed(hypothesis)
        super().__init__(*args, **kwargs)
        known = [(key, _with_sign(metric.label, metric.unit, workspace)) for key, metric in metrics().items()]
        self.fields["metric"].choices = [("", _("Choose…")), *known]  # type: ignore[attr-defined]  # a choice field

    @property
    def belief(self) -> Belief:
        data = self.cleaned_data
        scale = PERCENT if metric_unit(data["metric"]) == Unit.RATE else 1
        figures = {name: float(data[name] / scale) for name in FIGURES}
        return Belief(**{**data, **figures})


FIGURES = ("baseline", "expected", "minimum_effect")


def _typed(hypothesis: Hypothesis) -> dict[str, Any]:
    """A hypothesis as its form shows it."""
    scale = PERCENT if metric_unit(hypothesis.metric) == Unit.RATE else 1
    texts = {name: getattr(hypothesis, name) for name in ("because", "change", "audience", "metric", "check_date")}
    return texts | {name: _plain(Decimal(str(getattr(hypothesis, name))) * scale) for name in FIGURES}


def _plain(figure: Decimal) -> str:
    """Without an exponent and without zeros at the end, as a number box takes it."""
    return f"{figure.normalize():f}"


def _with_sign(label: Any, unit: str, workspace: Workspace) -> str:
    sign = unit_sign(unit, workspace.currency)
    return f"{label} ({sign})" if sign else str(label)


def _amount(label: Any, help_text: Any = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=12,
        decimal_places=2,
        min_value=0,
        widget=forms.NumberInput(attrs={"step": "0.01"}),
        help_text=help_text,
    )


class BriefForm(StyledForm):
    """What will happen to customers."""

    segment = forms.ModelChoiceField(label=_("Who hears from us"), queryset=Segment.objects.none())
    window_start = forms.DateField(label=_("Not before"), widget=DateInput())
    window_end = forms.DateField(label=_("Not after"), widget=DateInput())
    offer = forms.CharField(
        label=_("Offer"), max_length=200, required=False, help_text=_("Leave empty for no discount.")
    )
    cost = _amount(_("Cost of the offer"), _("Discounts and gifts, as if everybody you expect takes them."))
    expected_low = _amount(_("Expected revenue, at least"))
    expected_high = _amount(_("Expected revenue, at most"))

    def __init__(self, *args: Any, workspace: Workspace, brief: SendBrief | None = None, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(brief, name) for name in self.base_fields} if brief else {"cost": 0}
        super().__init__(*args, **kwargs)
        offer(self, "segment", Segment.objects.for_workspace(workspace).current().order_by("name", "pk"))
        _empty_word(self, "segment", _("Choose a segment…"))
        for name in ("cost", "expected_low", "expected_high"):
            field = self.fields[name]
            field.label = f"{field.label} ({workspace.currency})"

    @property
    def brief(self) -> Brief:
        return Brief(**self.cleaned_data)


def _empty_word(form: forms.BaseForm, name: str, word: Any) -> None:
    form.fields[name].empty_label = word  # type: ignore[attr-defined]  # a choice of rows
