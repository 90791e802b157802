"""Forms of the strategy pages."""

from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from strategy.figures import HUNDRED, unit_sign
from strategy.measures import Measure, measures
from strategy.models import DIGITS, PLACES, Direction, Goal, GoalKind, Kpi, Unit
from strategy.services import LONGEST_WINDOW
from workspaces.forms import DateInput, StyledForm, offer
from workspaces.models import Member, Workspace

BY_HAND = "entered"
USUAL_WINDOW = 30  # days


class MemberField(forms.ModelChoiceField[Member]):
    """One of the people who work here now; `offer` says who they are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Member.objects.none(), empty_label=None, **kwargs)

    def offer(self, workspace: Workspace, *, keep: Member | None = None) -> None:
        """Everybody who works here, and whoever is named already although gone."""
        people = Member.objects.for_workspace(workspace).select_related("user")
        chosen = Q(left_at=None) | Q(pk=keep.pk) if keep else Q(left_at=None)
        self.queryset = people.filter(chosen).order_by("user__name", "pk")


class FigureField(forms.DecimalField):
    """A figure in a KPI's unit. A percentage is typed as people read it, 3.4, and comes out as the fraction 0.034."""

    def __init__(self, *, label: Any, unit: str, currency: str, **kwargs: Any) -> None:
        self.scale = HUNDRED if unit == Unit.RATE else 1
        places = PLACES - 2 if unit == Unit.RATE else PLACES
        sign = unit_sign(unit, currency)
        super().__init__(
            label=f"{label}, {sign}" if sign else label,
            max_digits=DIGITS - PLACES + places,
            decimal_places=places,
            widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal", "class": "input"}),
            **kwargs,
        )

    def clean(self, value: Any) -> Decimal | None:
        typed: Decimal | None = super().clean(value)
        return None if typed is None else typed / self.scale

    def prepare_value(self, value: Any) -> Any:
        """A stored figure as it is typed; what was typed already stays as it is."""
        if not isinstance(value, Decimal):
            return value
        return format((value * self.scale).normalize(), "f")


class GoalForm(StyledForm):
    """A dated target on one KPI."""

    name = forms.CharField(
        label=_("Goal"),
        max_length=160,
        help_text=_("What will be different, in a few words: Customers come back sooner"),
    )
    start_date = forms.DateField(label=_("Starts"), widget=DateInput())
    due_date = forms.DateField(label=_("Reached by"), widget=DateInput())
    why = forms.CharField(label=_("Why it matters"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    kind = forms.ChoiceField(label=_("Kind"), choices=GoalKind.choices, initial=GoalKind.COMMERCIAL)
    parent = forms.ModelChoiceField(
        label=_("Serves the goal"),
        queryset=Goal.objects.none(),
        required=False,
        empty_label=_("None: it stands by itself"),
    )
    champion = MemberField(label=_("Champion"), help_text=_("Who keeps an eye on it."))

    ORDER = ("name", "baseline", "target", "start_date", "due_date", "why", "kind", "parent", "champion")

    def __init__(self, *args: Any, workspace: Workspace, kpi: Kpi, goal: Goal | None = None, **kwargs: Any) -> None:
        if goal is not None:
            kwargs["initial"] = {name: getattr(goal, name) for name in self.ORDER}
        super().__init__(*args, **kwargs)
        for name, label in (("baseline", _("From")), ("target", _("To"))):
            self.fields[name] = FigureField(label=label, unit=kpi.unit, currency=workspace.currency)
        self.order_fields(self.ORDER)
        offer(self, "parent", _parents(workspace, goal))
        self.fields["champion"].offer(workspace, keep=goal and goal.champion)  # type: ignore[attr-defined]  # ours


def _parents(workspace: Workspace, goal: Goal | None) -> Any:
    """The goals this one could serve: every other open one, and the one it serves already."""
    goals = Goal.objects.for_workspace(workspace).order_by("name", "pk")
    if goal is None:
        return goals.open()
    return goals.filter(Q(closed_at=None) | Q(pk=goal.parent_id)).exclude(pk=goal.pk)


class CloseGoalForm(StyledForm):
    """The end of a goal."""

    conclusion = forms.CharField(
        label=_("What we learned"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("A sentence or two: the next goal starts from here."),
    )


class KpiForm(StyledForm):
    """What a KPI is called and tells: all that can change later."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("What it tells"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
    direction = forms.ChoiceField(
        label=_("Which way is better"), choices=Direction.choices, widget=forms.RadioSelect, initial=Direction.UP
    )
    champion = MemberField(label=_("Champion"), help_text=_("Who knows this figure and answers for it."))

    def __init__(self, *args: Any, workspace: Workspace, kpi: Kpi | None = None, **kwargs: Any) -> None:
        if kpi is not None:
            kwargs["initial"] = {name: getattr(kpi, name) for name in KpiForm.base_fields}
        super().__init__(*args, **kwargs)
        self.fields["champion"].offer(workspace, keep=kpi and kpi.champion)  # type: ignore[attr-defined]  # ours


class NewKpiForm(KpiForm):
    """A new KPI: also where its readings come from, which stays for ever."""

    source = forms.ChoiceField(label=_("Where its readings come from"), widget=forms.RadioSelect, initial=BY_HAND)
    unit = forms.ChoiceField(
        label=_("What the readings are"),
        choices=[("", "–"), *Unit.choices],
        required=False,
        help_text=_("Only for what is entered. What is measured brings its own unit."),
    )
    window_days = forms.IntegerField(
        label=_("Over the last … days"),
        min_value=1,
        max_value=LONGEST_WINDOW,
        initial=USUAL_WINDOW,
        help_text=_("Only for what is measured: how far each day’s reading looks back."),
    )

    field_order = ["name", "source", "window_days", "unit", "direction", "description", "champion"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(key, _described(measure)) for key, measure in measures().items()]
        by_hand = _("Entered by hand, or sent by a program through the API")
        self.fields["source"].choices = [(BY_HAND, by_hand), *offered]  # type: ignore[attr-defined]  # a choice field

    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"]
        return "" if source == BY_HAND else source


def _described(measure: Measure) -> SafeString:
    return format_html('{} <small class="muted">{}</small>', measure.label, measure.help)


class ReadingForm(StyledForm):
    """What a KPI stood at on a day."""

    day = forms.DateField(label=_("Day"), widget=DateInput())

    def __init__(self, *args: Any, kpi: Kpi, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"] = FigureField(label=_("Value"), unit=kpi.unit, currency=kpi.workspace.currency)


class PrincipleForm(StyledForm):
    """A rule of the game."""

    rule = forms.CharField(label=_("Rule"), max_length=160, help_text=_("One sentence that decides cases."))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))
    example = forms.CharField(label=_("Example"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    review_date = forms.DateField(label=_("Look at it again on"), required=False, widget=DateInput())
    owner = MemberField(label=_("Owner"), help_text=_("Who decides when the rule meets a case it did not foresee."))

    def __init__(self, *args: Any, workspace: Workspace, principle: Any = None, **kwargs: Any) -> None:
        if principle is not None:
            kwargs["initial"] = {name: getattr(principle, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        self.fields["owner"].offer(workspace, keep=principle and principle.owner)  # type: ignore[attr-defined]  # ours
