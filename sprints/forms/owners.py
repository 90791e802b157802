"""Forms of those who decide: give the decision away, choose how to be asked, tick a condition."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sprints.models import AMOUNT_DIGITS, CENTS, DelegationScope, OwnerRules
from workspaces.forms import DateInput, StyledForm, offer
from workspaces.models import Member


class TimeInput(forms.TimeInput):
    """The browser's own time picker."""

    input_type = "time"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%H:%M")


class DelegationForm(StyledForm):
    """Who decides instead, on what, up to which cost, from when to when."""

    to = forms.ModelChoiceField(label=_("Who decides instead"), queryset=Member.objects.none(), empty_label=None)
    scope = forms.ChoiceField(label=_("On what"), choices=DelegationScope.choices, initial=DelegationScope.ALL)
    limit = forms.DecimalField(
        label=_("Up to a cost of"),
        required=False,
        min_value=0,
        max_digits=AMOUNT_DIGITS,
        decimal_places=CENTS,
        help_text=_("Empty: whatever it costs."),
    )
    start_date = forms.DateField(label=_("First day"), widget=DateInput())
    end_date = forms.DateField(label=_("Last day"), widget=DateInput())

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Member.objects.for_workspace(by.workspace).active().exclude(pk=by.pk)
        offer(self, "to", others.order_by("user__name", "pk"))


class RulesForm(StyledForm):
    """Hours without reminders, and what silence means."""

    quiet_from = forms.TimeField(label=_("No reminder from"), widget=TimeInput())
    quiet_until = forms.TimeField(
        label=_("Until"), widget=TimeInput(), help_text=_("By your own clock. The same time twice: no quiet hours.")
    )
    quiet_weekends = forms.BooleanField(label=_("No reminder on Saturdays and Sundays"), required=False)
    silence_is_yes = forms.BooleanField(
        label=_("My silence is a yes"),
        required=False,
        help_text=_("Without this, silence is a no: nothing is sent. It holds for what is asked after you chose it."),
    )
    silence_below = forms.DecimalField(
        label=_("Only up to a cost of"), min_value=0, max_digits=AMOUNT_DIGITS, decimal_places=CENTS
    )
    silence_days = forms.IntegerField(label=_("After so many days without an answer"), min_value=1, max_value=30)

    def __init__(self, *args: Any, rules: OwnerRules, **kwargs: Any) -> None:
        names = ("quiet_from", "quiet_until", "quiet_weekends", "silence_is_yes", "silence_below", "silence_days")
        super().__init__(*args, initial={name: getattr(rules, name) for name in names}, **kwargs)


class TickForm(StyledForm):
    """Whether a condition is met."""

    is_met = forms.BooleanField(required=False)
