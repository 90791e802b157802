"""Forms of people's capacity and skills. The focus is typed in percent and kept as a fraction."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sprints.competence import Cell, Matrix
from sprints.models import Cadence, CapacityUnit, MemberCapacity, Skill, SkillLevel, Story, Weekday
from sprints.models.cadence import monday_to_friday
from sprints.services.capacity import MOST_A_DAY
from sprints.services.skills import Level
from sprints.services.stories import MOST_POINTS
from workspaces.forms import DateInput, StyledForm
from workspaces.models import Member

PERCENT = 100
USUAL_FOCUS = 80


class CapacityForm(StyledForm):
    """What a person gets done."""

    per_day = forms.DecimalField(
        label=_("A day"),
        min_value=0,
        max_value=MOST_A_DAY,
        decimal_places=2,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )
    focus = forms.IntegerField(
        label=_("Of which for the sprint, %"),
        min_value=0,
        max_value=PERCENT,
        initial=USUAL_FOCUS,
        help_text=_("What is left after meetings, mail and interruptions."),
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Works on"), choices=Weekday.choices, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, cadence: Cadence, setting: MemberCapacity | None, **kwargs: Any) -> None:
        kwargs["initial"] = _told(setting)
        super().__init__(*args, **kwargs)
        in_hours = cadence.unit == CapacityUnit.HOURS
        self.fields["per_day"].help_text = _("In hours.") if in_hours else _("In points: 0.5 is a point in two days.")

    @property
    def told(self) -> dict[str, Any]:
        """What the service takes."""
        data = self.cleaned_data
        return {"per_day": data["per_day"], "focus_rate": data["focus"] / PERCENT, "weekdays": data["weekdays"]}


def _told(setting: MemberCapacity | None) -> dict[str, Any]:
    if setting is None:
        return {"weekdays": monday_to_friday(), "focus": USUAL_FOCUS}
    per_day: Decimal = setting.per_day
    return {
        "per_day": format(per_day.normalize(), "f"),
        "focus": round(setting.focus_rate * PERCENT),
        "weekdays": setting.weekdays,
    }


class DaysOffForm(StyledForm):
    """Days on which a person does not work."""

    first_date = forms.DateField(label=_("First day"), widget=DateInput())
    last_date = forms.DateField(label=_("Last day"), widget=DateInput())
    note = forms.CharField(label=_("What for"), max_length=80, required=False)


class SkillForm(StyledForm):
    """What a kind of work is called."""

    name = forms.CharField(label=_("Skill"), max_length=40)


class MatrixForm(StyledForm):
    """Levels of some people in all skills; a cell has a level, and whether the person wants to learn."""

    def __init__(self, *args: Any, matrix: Matrix, editable: Iterable[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        allowed = {member.pk for member in editable}
        self.cells = [cell for row in matrix.rows if row.member.pk in allowed for cell in row.cells]
        choices = [(level.value, str(level.value)) for level in SkillLevel]
        for cell in self.cells:
            words = {"skill": cell.skill, "who": cell.member}
            self.fields[cell.name] = forms.TypedChoiceField(
                label=_("%(skill)s, %(who)s") % words,
                choices=choices,
                coerce=int,
                required=False,
                initial=cell.level,
                widget=forms.Select(attrs={"class": "select select--sm"}),
            )
            self.fields[cell.learns_name] = forms.BooleanField(
                label=_("%(who)s wants to learn %(skill)s") % words, required=False, initial=cell.wants_to_learn
            )

    @property
    def levels(self) -> Mapping[Member, dict[Skill, Level]]:
        """Each person's levels, as far as they were changed."""
        found: dict[Member, dict[Skill, Level]] = {}
        for cell in self.cells:
            said = self.cleaned_data[cell.name]
            level = cell.level if said == "" else said
            found.setdefault(cell.member, {})[cell.skill] = (level, self.cleaned_data[cell.learns_name])
        return {member: self._touched(member, levels) for member, levels in found.items()}

    def _touched(self, member: Member, levels: Mapping[Skill, Level]) -> dict[Skill, Level]:
        """Those that differ from what was shown, so that nobody writes over what others say at the same time."""
        seen = self.seen.get(member, {})
        return {skill: level for skill, level in levels.items() if skill not in seen or seen[skill] != level}

    def was(self, cell: Cell) -> str:
        """How a cell stood when it was looked at, to be sent back; after a refusal, how it stands now."""
        sent = str(self.data.get(cell.was_name, ""))
        return cell.was if cell.name in self.errors or not sent else sent

    @property
    def seen(self) -> dict[Member, dict[Skill, Level]]:
        """What was shown of each cell; nothing for a form that does not say it."""
        found: dict[Member, dict[Skill, Level]] = {}
        for cell in self.cells:
            level, _dash, learns = self.data.get(cell.was_name, "").partition("-")
            if level.isdecimal() and len(level) == 1:
                found.setdefault(cell.member, {})[cell.skill] = (int(level), learns == "1")
        return found


class StorySkillsForm(StyledForm):
    """How many of a story's points are work of which skill."""

    def __init__(self, *args: Any, story: Story, skills: Iterable[Skill], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = {row.skill_id: row for row in story.skill_points.select_related("skill")}
        offered = {skill.pk: skill for skill in skills} | {pk: row.skill for pk, row in known.items()}
        self.skills = list(offered.values())
        for skill in self.skills:
            self.fields[f"skill-{skill.pk}"] = forms.IntegerField(
                label=skill.name,
                min_value=0,
                max_value=MOST_POINTS,
                required=False,
                initial=known[skill.pk].points if skill.pk in known else None,
                widget=forms.NumberInput(attrs={"class": "input"}),
            )

    @property
    def points(self) -> dict[Skill, int]:
        return {skill: self.cleaned_data[f"skill-{skill.pk}"] or 0 for skill in self.skills}
