"""What the forecast is asked about: everything, a goal, or one story by its number."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sprints.models import SPRINT_OVER, Story, StoryStatus
from strategy.models import Goal
from workspaces.forms import StyledForm
from workspaces.models import Workspace

HIGHEST_NUMBER = 2_147_483_647  # of what the database counts stories with


class ForecastForm(StyledForm):
    """As the address says it: what makes no sense is asked nothing. A story goes before a goal."""

    goal = forms.ModelChoiceField(
        label=gettext_lazy("Of what"),
        queryset=Goal.objects.none(),
        required=False,
        empty_label=gettext_lazy("Everything in sprints and backlog"),
    )
    story = forms.IntegerField(
        label=gettext_lazy("Or one story, by its number"),
        required=False,
        min_value=1,
        max_value=HIGHEST_NUMBER,
        widget=forms.NumberInput(attrs={"placeholder": "#"}),
    )

    def __init__(self, data: Mapping[str, Any], *, workspace: Workspace) -> None:
        super().__init__(data)
        self._workspace = workspace
        goal: Any = self.fields["goal"]
        open_ones = Goal.objects.for_workspace(workspace).open()
        ahead = open_ones.filter(stories__dropped_at=None, stories__done_at=None, stories__isnull=False)
        goal.queryset = ahead.distinct().order_by("due_date", "pk")
        self.is_valid()

    def clean_story(self) -> Story | None:
        number = self.cleaned_data["story"]
        if number is None:
            return None
        found = Story.objects.for_workspace(self._workspace).filter(number=number).select_related("sprint").first()
        if found is None:
            raise forms.ValidationError(_("There is no story of this number."))
        if found.status == StoryStatus.DONE:
            raise forms.ValidationError(_("This story is done."))
        if found.dropped_at is not None or (found.sprint and found.sprint.state in SPRINT_OVER):
            raise forms.ValidationError(_("This story is not ahead any more."))
        return found

    @property
    def of(self) -> Goal | Story | None:
        """What is asked about; None is everything."""
        return self.cleaned_data.get("story") or self.cleaned_data.get("goal")

    @property
    def has_goals(self) -> bool:
        goal: Any = self.fields["goal"]
        return bool(goal.queryset)
