"""Forms of the board: what is shown of it, a card's move, its columns."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from sprints.boards import MOST_SHOWN, Cell, Choice
from sprints.columns import columns_of, named
from sprints.lanes import NOBODY, LaneBy
from sprints.models import BoardColumn, Label, Story, StoryKind, StoryQuerySet, StoryStatus
from sprints.ordering import Place
from sprints.services.board import LaneChange, Move
from sprints.services.columns import LONGEST_NAME, MOST_AT_ONCE, ColumnWish
from strategy.models import Goal
from workspaces.forms import StyledForm, offer
from workspaces.models import Member, Workspace

SHOWN = (("", _("Everyone")), ("mine", _("Mine")), ("blocked", _("Blocked")))
"""Whose stories, in the words of the switch above the board."""


class BoardForm(StyledForm):
    """What of a board is shown, as its address says it. What makes no sense is as if it were not there."""

    show = forms.ChoiceField(choices=SHOWN, required=False, widget=forms.HiddenInput())
    lanes = forms.ChoiceField(choices=LaneBy.choices, required=False, widget=forms.HiddenInput())
    text = forms.CharField(label=_("Title or number"), max_length=100, required=False)
    goal = forms.ChoiceField(label=_("Goal"), required=False)
    member = forms.ChoiceField(label=_("Member"), required=False)
    label = forms.ChoiceField(label=_("Label"), required=False)
    kind = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("Every type")), *StoryKind.choices])

    def __init__(self, data: Mapping[str, Any], *, workspace: Workspace) -> None:
        super().__init__(data)
        goals = Goal.objects.for_workspace(workspace).filter(closed_at=None).order_by("due_date", "pk")
        members = Member.objects.for_workspace(workspace).active().order_by("user__name", "pk")
        self._offer("goal", [("", _("Every goal")), *((str(goal.pk), str(goal)) for goal in goals)], _("No goal"))
        people = [("", _("Everybody")), *((str(member.pk), str(member)) for member in members)]
        self._offer("member", people, _("Nobody yet"))

        labels = Label.objects.for_workspace(workspace).order_by("name", "pk")
        every: list[tuple[str, Any]] = [("", _("Every label"))]
        self.fields["label"].choices = [*every, *((str(label.pk), label.name) for label in labels)]  # type: ignore[attr-defined]

    def _offer(self, name: str, choices: list[tuple[str, Any]], none: Any) -> None:
        self.fields[name].choices = [*choices, (NOBODY, none)]  # type: ignore[attr-defined]  # a choice field

    @property
    def choice(self) -> Choice:
        self.is_valid()
        found = {name: self.cleaned_data.get(name, "") for name in self.fields}
        return Choice(**{**found, "lanes": LaneBy(found["lanes"])}, more=dict(_wanted(self.data)))


def _wanted(data: Any) -> Iterator[tuple[Cell, int]]:
    """How many cards of which cells: `lane.column.number`, each as often as it stands there."""
    for text in data.getlist("more") if isinstance(data, QueryDict) else []:
        lane, _dot, rest = text.partition(".")
        column, _dot, number = rest.partition(".")
        if number.isdecimal() and len(number) <= len(str(MOST_SHOWN)):
            yield (lane, column), min(int(number), MOST_SHOWN)


class FurtherForm(forms.Form):
    """Which cell is looked at further down, and how many of its cards are there already."""

    lane = forms.CharField(max_length=20, required=False)
    column = forms.CharField(max_length=20)
    skip = forms.IntegerField(min_value=0)

    @property
    def cell(self) -> Cell:
        return self.cleaned_data["lane"], self.cleaned_data["column"]


class MoveForm(forms.Form):
    """To which column, and before or after which other story of its list: none means the end.

    Without a column it stays in its own. `version` is what was seen of it; the lanes are those it was dragged across.
    """

    column = forms.CharField(max_length=20, required=False)
    before = forms.ModelChoiceField(queryset=Story.objects.none(), required=False)
    after = forms.ModelChoiceField(queryset=Story.objects.none(), required=False)
    version = forms.CharField(max_length=200, required=False)
    lanes = forms.ChoiceField(choices=LaneBy.choices, required=False)
    lane_was = forms.CharField(max_length=20, required=False)
    lane_to = forms.CharField(max_length=20, required=False)

    def __init__(self, data: Mapping[str, Any], *, stories: StoryQuerySet, workspace: Workspace) -> None:
        super().__init__(data)
        self.columns = columns_of(workspace)
        for name in ("before", "after"):
            offer(self, name, stories)

    def clean_column(self) -> BoardColumn | None:
        key: str = self.cleaned_data["column"]
        found = named(self.columns, key)
        if key and found is None:
            raise forms.ValidationError(_("This column is not there any more."))
        return found

    @property
    def move(self) -> Move:
        data = self.cleaned_data
        lanes = LaneBy(data["lanes"])
        lane = LaneChange(lanes, data["lane_was"], data["lane_to"]) if lanes else None
        return Move(Place(None, data["column"], data["before"], data["after"]), data["version"], lane)


class ColumnForm(StyledForm):
    """One column of the board."""

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput())
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    status = forms.ChoiceField(label=_("What a story in it is"), choices=StoryStatus.choices)
    wip_limit = forms.IntegerField(
        label=_("At most"), required=False, min_value=1, max_value=MOST_AT_ONCE, widget=forms.NumberInput()
    )

    @property
    def wish(self) -> ColumnWish:
        data = self.cleaned_data
        return ColumnWish(data["name"], StoryStatus(data["status"]), data["wip_limit"], data["pk"])


ColumnFormSet = forms.formset_factory(ColumnForm, extra=0, max_num=20, validate_max=True)


def column_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """The columns as their forms show them."""
    return [
        {"pk": column.pk, "name": column.name, "status": StoryStatus(column.status), "wip_limit": column.wip_limit}
        for column in columns_of(workspace)
    ]


def rearranged(wishes: list[ColumnWish], do: str) -> list[ColumnWish]:
    """The columns after the button that was pressed: `left-2`, `right-0`, `remove-3`, or the one that only saves."""
    what, _dash, number = do.partition("-")
    at = int(number) if number.isdecimal() and int(number) < len(wishes) else -1
    if at < 0:
        return wishes
    others = [wish for n, wish in enumerate(wishes) if n != at]
    if what in {"left", "right"}:
        others.insert(max(0, at + (1 if what == "right" else -1)), wishes[at])
    return others
