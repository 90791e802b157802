"""Forms of the stand-up: one's entry, a blocker, a step of the live round, and the schedule."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from sprints.models import PlanKept, SpeakingOrder, SprintState, StandUpEntry, StandUpSchedule, Story, StoryStatus
from sprints.models.standups import LONGEST_TURN, SHORTEST_TURN
from sprints.moves import Move
from sprints.services.blockers import LONGEST_REASON
from sprints.services.standup_schedules import Terms
from sprints.services.standup_steps import Step
from sprints.services.standups import LONGEST_ANSWER, Answers
from sprints.standup_days import may_take_part, participants
from sprints.standup_queries import UNDER_WAY
from workspaces.forms import StyledForm, offer
from workspaces.models import Member, Workspace

HOURS = [(hour, f"{hour:02}:00") for hour in range(24)]


class OfferedField(forms.MultipleChoiceField):
    """Keys that were offered once: one that is not offered any more is not wrong."""

    def valid_value(self, _value: str) -> bool:
        return True


def _words(label: Any, rows: int, help_text: Any = "") -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=False, max_length=LONGEST_ANSWER, widget=widget, help_text=help_text)


class EntryForm(StyledForm):
    """The three questions. What is unticked of what was offered is left out."""

    plan_kept = forms.ChoiceField(
        label=_("Was that plan kept?"), required=False, choices=PlanKept.choices, widget=forms.RadioSelect()
    )
    offered = forms.CharField(required=False, widget=forms.HiddenInput())
    moves = OfferedField(required=False, widget=forms.CheckboxSelectMultiple())
    yesterday = _words(_("What else have you done?"), 2)
    stories = forms.ModelMultipleChoiceField(
        label=_("Your stories"), required=False, queryset=Story.objects.none(), widget=forms.CheckboxSelectMultiple()
    )
    today = _words(_("What else will you do?"), 2)
    in_the_way = _words(_("What is in your way?"), 2)

    def __init__(
        self, *args: Any, entry: StandUpEntry, moves: Sequence[Move], stories: Sequence[Story], **kwargs: Any
    ) -> None:
        super().__init__(*args, initial=_initial(entry, moves, stories), **kwargs)
        self.entry, self.offered_moves = entry, moves
        known = Story.objects.for_workspace(entry.workspace).filter(pk__in=[story.pk for story in stories])
        offer(self, "stories", known)
        if not moves:
            self.fields["yesterday"].label = _("What have you done?")
        if not stories:
            self.fields["today"].label = _("What will you do?")

    @property
    def answers(self) -> Answers:
        data = self.cleaned_data
        offered = {key for key in data["offered"].split(",") if key}
        earlier = {key for key in self.entry.left_out if key not in offered}
        return Answers(
            yesterday=data["yesterday"],
            today=data["today"],
            in_the_way=data["in_the_way"],
            plan_kept=data["plan_kept"],
            stories=list(data["stories"]),
            left_out=sorted(earlier | (offered - set(data["moves"]))),
        )


def _initial(entry: StandUpEntry, moves: Sequence[Move], stories: Sequence[Story]) -> dict[str, Any]:
    """What was saved; before the first time what moved, and the stories that are under way."""
    is_new = entry.pk is None
    chosen = [s for s in stories if s.status in UNDER_WAY] if is_new else entry.stories.all()
    return {
        "plan_kept": entry.plan_kept,
        "offered": ",".join(move.key for move in moves),
        "moves": [move.key for move in moves if move.key not in entry.left_out],
        "yesterday": entry.yesterday,
        "stories": [story.pk for story in chosen],
        "today": entry.today,
        "in_the_way": entry.in_the_way,
    }


class StoryBlockerForm(StyledForm):
    """What is in which story's way, and who clears it."""

    story = forms.ModelChoiceField(label=_("Story"), queryset=Story.objects.none(), empty_label=_("Choose a story"))
    reason = forms.CharField(label=_("What is in the way"), max_length=LONGEST_REASON)
    owner = forms.ModelChoiceField(label=_("Who clears it"), queryset=Member.objects.none(), empty_label=None)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="blocker-%s", **kwargs)
        running = Story.objects.for_workspace(workspace).filter(sprint__state=SprintState.RUNNING, dropped_at=None)
        open_ones = running.exclude(status=StoryStatus.DONE).order_by("title", "pk")
        team = Member.objects.for_workspace(workspace).active().order_by("user__name", "pk")
        offer(self, "story", open_ones)
        offer(self, "owner", team)


class StepForm(forms.Form):
    """A button of the live round."""

    step = forms.ChoiceField(choices=Step.choices)
    turn = forms.IntegerField(required=False)
    member = forms.ModelChoiceField(queryset=Member.objects.none(), required=False)

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "member", may_take_part(workspace))


class ScheduleForm(StyledForm):
    """When the stand-up is, who takes part, and whether there is a live round."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("On these days"), choices=list(WEEKDAYS.items()), coerce=int, widget=forms.CheckboxSelectMultiple()
    )
    remind_hour = forms.TypedChoiceField(
        label=_("Remind who has not written at"),
        choices=HOURS,
        coerce=int,
        help_text=_("By each member’s own clock, so nobody is reminded at night."),
    )
    closing_hour = forms.TypedChoiceField(
        label=_("Send the digest at the latest at"),
        choices=HOURS,
        coerce=int,
        help_text=_("It goes out as soon as everybody has written, and waits until this hour of the last one’s day."),
    )
    members = forms.ModelMultipleChoiceField(
        label=_("Who takes part"), queryset=Member.objects.none(), widget=forms.CheckboxSelectMultiple()
    )
    has_round = forms.BooleanField(label=_("We also meet live, and everybody speaks in turn"), required=False)
    seconds_each = forms.IntegerField(
        label=_("Seconds for each"),
        min_value=SHORTEST_TURN,
        max_value=LONGEST_TURN,
        help_text=_("Then the clock turns red; nobody is cut off."),
    )
    order = forms.ChoiceField(
        label=_("Who speaks after whom"), choices=SpeakingOrder.choices, widget=forms.RadioSelect()
    )

    def __init__(self, *args: Any, schedule: StandUpSchedule, **kwargs: Any) -> None:
        initial = {
            "weekdays": schedule.weekdays,
            "remind_hour": schedule.remind_hour,
            "closing_hour": schedule.closing_hour,
            "members": [member.pk for member in participants(schedule)],
            "has_round": schedule.has_round,
            "seconds_each": schedule.seconds_each,
            "order": schedule.order,
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["members"].queryset = may_take_part(schedule.workspace)  # type: ignore[attr-defined]  # a choice

    @property
    def terms(self) -> Terms:
        data = dict(self.cleaned_data)
        return Terms(**{**data, "members": list(data["members"]), "order": SpeakingOrder(data["order"])})
