"""Forms of sprints."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from sprints.forms.cadence import next_choices
from sprints.models import Sprint, SprintState, Story
from sprints.queries import usual_points
from sprints.services.closing import Leftover
from sprints.services.sprints import MOST_CAPACITY, MOST_SPRINTS, SPRINT_FIELDS
from strategy.models import Goal
from workspaces.forms import DateInput, StyledForm, style
from workspaces.models import Workspace

BACKLOG = "backlog"
DAYS_OF_TWO_WEEKS = 12  # from a Monday to the Friday of the next week


class SprintForm(StyledForm):
    """When a sprint is, what it is for, and how much fits."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("A word or two that everybody remembers."))
    goal_sentence = forms.CharField(
        label=_("Sprint goal"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("In one sentence: what will be different when it is over."),
    )
    goal = forms.ModelChoiceField(
        label=_("Serves the goal"), queryset=Goal.objects.none(), required=False, empty_label=_("Not chosen yet")
    )
    start_date = forms.DateField(label=_("First day"), widget=DateInput())
    end_date = forms.DateField(
        label=_("Last day"), widget=DateInput(), help_text=_("At most four weeks after the first.")
    )
    capacity_points = forms.IntegerField(
        label=_("Capacity in points"), min_value=0, max_value=MOST_CAPACITY, required=False
    )

    def __init__(self, *args: Any, workspace: Workspace, sprint: Sprint | None = None, **kwargs: Any) -> None:
        if sprint is not None:
            kwargs["initial"] = {name: getattr(sprint, name) for name in SPRINT_FIELDS}
        super().__init__(*args, **kwargs)
        chosen = Q(closed_at=None) | Q(pk=sprint.goal_id if sprint else None)  # it stays, also when it is over
        goal: Any = self.fields["goal"]
        goal.queryset = Goal.objects.for_workspace(workspace).filter(chosen).order_by("due_date", "pk")
        usual = usual_points(workspace)
        if usual is not None:
            self.fields["capacity_points"].help_text = _("The last sprints delivered %(points)d points on average.") % {
                "points": usual
            }


class NewSprintForm(SprintForm):
    """A new sprint; before the first one a team that has counted its sprints elsewhere can say where it stands."""

    number = forms.IntegerField(
        label=_("Number"),
        min_value=1,
        max_value=MOST_SPRINTS,
        required=False,
        help_text=_("Only if you have counted sprints elsewhere before: the number of this one."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, workspace=workspace, **kwargs)
        if Sprint.objects.for_workspace(workspace).exists():
            del self.fields["number"]


def next_sprint(workspace: Workspace, today: date) -> dict[str, Any]:
    """What the form of the next sprint proposes: two weeks from the first Monday on which no other one goes on."""
    open_ones = Sprint.objects.for_workspace(workspace).open()
    busy_until = max(today, open_ones.aggregate(last=Max("end_date"))["last"] or today)
    monday = busy_until + timedelta(days=7 - busy_until.weekday())
    return {
        "start_date": monday,
        "end_date": monday + timedelta(days=DAYS_OF_TWO_WEEKS - 1),
        "capacity_points": usual_points(workspace),
    }


class CloseForm(StyledForm):
    """Where the stories go that are not done."""

    carry_to = forms.ChoiceField(label=_("What is not done goes"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, workspace: Workspace, stories: Sequence[Story] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        planned = Sprint.objects.for_workspace(workspace).filter(state=SprintState.PLANNING).order_by("number")
        self.sprints = {str(sprint.pk): sprint for sprint in planned}
        choices = [(key, _("into sprint %(sprint)s") % {"sprint": sprint}) for key, sprint in self.sprints.items()]
        field: Any = self.fields["carry_to"]
        field.choices = [*choices, (BACKLOG, _("into the backlog, on top"))]
        field.initial = field.choices[0][0]
        self.stories = stories
        for story in stories:
            self._add(story)
        style(self)

    def _add(self, story: Story) -> None:
        """A choice for one story, and how much of it is done."""
        self.fields[f"story-{story.pk}"] = forms.ChoiceField(
            label=_("Where “%(story)s” goes") % {"story": story},
            choices=next_choices(list(self.sprints.values())),
            required=False,
        )
        self.fields[f"done-{story.pk}"] = forms.IntegerField(
            label=_("Points done of “%(story)s”") % {"story": story}, required=False
        )

    @property
    def leftovers(self) -> dict[int, Leftover]:
        """What becomes of the stories that do not go like the others."""
        found = {story.pk: self._leftover(story) for story in self.stories}
        return {pk: leftover for pk, leftover in found.items() if leftover is not None}

    def _leftover(self, story: Story) -> Leftover | None:
        choice = self.cleaned_data[f"story-{story.pk}"]
        if choice.startswith("sprint-"):
            return Leftover(to=self.sprints[choice.removeprefix("sprint-")])
        if choice == "split":
            return Leftover(to=self.sprint, done_points=self.cleaned_data[f"done-{story.pk}"] or 0)
        return {"backlog": Leftover(), "drop": Leftover(is_dropped=True)}.get(choice)

    @property
    def sprint(self) -> Sprint | None:
        """Where they go; None is the backlog."""
        return self.sprints.get(self.cleaned_data["carry_to"])
