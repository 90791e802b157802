"""Forms of the rhythm: cadence, holidays, a sprint's target, closing with a choice for each story."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sprints.models import LONGEST_REASON, Cadence, ScopeChange, Sprint, SprintTarget
from sprints.services.cadence import CADENCE_FIELDS, LONGEST_WEEKS, MOST_AHEAD, MOST_COOL_DOWN
from strategy.models import DIGITS, PLACES, Kpi, Unit
from workspaces.forms import DateInput, StyledForm, StyledModelForm
from workspaces.models import Member, Workspace

PERCENT = 100


class CadenceForm(StyledModelForm):
    """How sprints follow each other."""

    class Meta:
        model = Cadence
        fields = CADENCE_FIELDS
        widgets = {
            "weeks": forms.NumberInput(attrs={"min": 1, "max": LONGEST_WEEKS}),
            "ahead": forms.NumberInput(attrs={"min": 1, "max": MOST_AHEAD}),
            "cool_down_days": forms.NumberInput(attrs={"min": 0, "max": MOST_COOL_DOWN}),
            "hours_per_point": forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        }
        help_texts = {
            "weeks": _("From one to four."),
            "ahead": _("So many wait to be planned at any time; when one starts, the next is made."),
            "cool_down_days": _("At least so many, weekends included. The next sprint begins on its day of the week."),
            "name_pattern": _("{number}, {week}, {last_week}, {month} and {year} stand for those of the sprint."),
            "unit": _("In what people say how much they get done a day."),
            "hours_per_point": _("Only where capacity is counted in hours: turns it into points."),
            "is_paused": _("Those that exist stay as they are."),
        }


class HolidayForm(StyledForm):
    """A day on which nobody works."""

    day = forms.DateField(label=_("Day"), widget=DateInput())
    name = forms.CharField(label=_("What for"), max_length=80)


class TargetForm(StyledForm):
    """Which KPI goes from where to where. Rates are typed in percent and kept as fractions."""

    kpi = forms.ModelChoiceField(label=_("KPI"), queryset=Kpi.objects.none())
    baseline = forms.DecimalField(
        label=_("From"),
        max_digits=DIGITS,
        decimal_places=PLACES,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        help_text=_("Rates in percent: 3.1"),
    )
    target = forms.DecimalField(
        label=_("To"),
        max_digits=DIGITS,
        decimal_places=PLACES,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
        help_text=_("By the last day of the sprint."),
    )

    def __init__(self, *args: Any, workspace: Workspace, target: SprintTarget | None = None, **kwargs: Any) -> None:
        if target is not None:
            kwargs["initial"] = {"kpi": target.kpi_id, **_typed(target)}
        super().__init__(*args, **kwargs)
        kpi: Any = self.fields["kpi"]
        kpi.queryset = Kpi.objects.for_workspace(workspace).current().order_by("name", "pk")

    @property
    def figures(self) -> dict[str, Any]:
        """What the service takes."""
        kpi = self.cleaned_data["kpi"]
        scale = PERCENT if kpi.unit == Unit.RATE else 1
        return {"kpi": kpi} | {name: self.cleaned_data[name] / scale for name in ("baseline", "target")}


def _typed(target: SprintTarget) -> dict[str, str]:
    scale = PERCENT if target.kpi.unit == Unit.RATE else 1
    values: dict[str, Decimal] = {"baseline": target.baseline, "target": target.target}
    return {name: format((value * scale).normalize(), "f") for name, value in values.items()}


class ReasonForm(StyledForm):
    """Why the scope changed, in a sentence."""

    reason = forms.CharField(label=_("Why"), max_length=LONGEST_REASON, required=False)


class ScopeFilterForm(StyledForm):
    """Which lines of a scope log."""

    change = forms.ChoiceField(label=_("What"), required=False, choices=[("", _("Everything")), *ScopeChange.choices])
    by = forms.ModelChoiceField(
        label=_("Who"), required=False, queryset=Member.objects.none(), empty_label=_("Everybody")
    )
    unexplained = forms.BooleanField(label=_("Only without a reason"), required=False)

    def __init__(self, *args: Any, sprint: Sprint, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        by: Any = self.fields["by"]
        inside = sprint.scope_log.values("by")
        by.queryset = Member.objects.filter(pk__in=inside).select_related("user").order_by("user__name", "pk")


def next_choices(sprints: Sequence[Sprint]) -> list[tuple[str, Any]]:
    """Where a story that is not done can go."""
    return [
        ("", _("like the others")),
        *((f"sprint-{sprint.pk}", _("into sprint %(sprint)s") % {"sprint": sprint}) for sprint in sprints),
        ("backlog", _("into the backlog, on top")),
        ("drop", _("nowhere: drop it")),
        ("split", _("split: a part is done")),
    ]
