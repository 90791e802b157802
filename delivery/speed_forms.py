"""Forms about the speed of sending."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from delivery.models import INSTALLATION, LimitScope, WarmUp
from delivery.pace.groups import LABELS
from delivery.pace.outlook import Outlook
from delivery.pace.services import FASTEST, LARGEST_DAY, STEEPEST
from workspaces.forms import DateInput, StyledForm, style

About = tuple[str, int, str]


class RunSpeedForm(StyledForm):
    """How fast a send under way may go."""

    per_minute = forms.IntegerField(
        label=_("At most, messages a minute"),
        required=False,
        min_value=1,
        max_value=FASTEST,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )


class SpeedForm(StyledForm):
    """Every limit of a workspace: a number a minute and a number a day for each thing that can be limited."""

    def __init__(self, outlook: Outlook, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows: list[tuple[About, str | Promise]] = [
            ((LimitScope.WORKSPACE, INSTALLATION, ""), _("Everything together")),
            *(((LimitScope.SERVER, each.server.id, ""), each.server.name) for each in outlook.servers),
            *(((LimitScope.GROUP, INSTALLATION, group), name) for group, name in LABELS.items()),
        ]
        for about, label in self.rows:
            limit = outlook.limits.get(about)
            minute, day = _("%(what)s, messages a minute"), _("%(what)s, messages a day")
            self._add(_name("minute", about), minute % {"what": label}, FASTEST, limit.per_minute if limit else None)
            self._add(_name("day", about), day % {"what": label}, LARGEST_DAY, limit.per_day if limit else None)
        style(self)

    def limits(self) -> dict[About, dict[str, int | None]]:
        """What was said of each."""
        said = self.cleaned_data
        return {
            about: {"per_minute": said[_name("minute", about)], "per_day": said[_name("day", about)]}
            for about, _label in self.rows
        }

    def lines(self, *scopes: str) -> Iterator[tuple[str | Promise, BoundField, BoundField]]:
        """What the table shows of some scopes: the name and the two fields."""
        for about, label in self.rows:
            if about[0] in scopes:
                yield label, self[_name("minute", about)], self[_name("day", about)]

    @property
    def whole(self) -> list[tuple[str | Promise, BoundField, BoundField]]:
        return list(self.lines(LimitScope.WORKSPACE, LimitScope.SERVER))

    @property
    def groups(self) -> list[tuple[str | Promise, BoundField, BoundField]]:
        return list(self.lines(LimitScope.GROUP))

    @property
    def has_groups(self) -> bool:
        """Whether a mailbox provider has a limit, or one was given that is refused."""
        return any(field.value() or field.errors for _label, *fields in self.groups for field in fields)

    def _add(self, name: str, label: str, most: int, initial: int | None) -> None:
        attributes = {"inputmode": "numeric", "aria-label": label, "class": "input--sm"}
        self.fields[name] = forms.IntegerField(
            label=label,
            required=False,
            min_value=1,
            max_value=most,
            initial=initial,
            widget=forms.NumberInput(attrs=attributes),
        )


def _name(unit: str, about: About) -> str:
    return "_".join([unit, about[0], str(about[1]), about[2]]).rstrip("_")


class WarmUpForm(StyledForm):
    """A schedule."""

    start_date = forms.DateField(label=_("First day"), widget=DateInput())
    first_day_count = forms.IntegerField(
        label=_("Messages on the first day"), min_value=1, max_value=LARGEST_DAY, widget=forms.NumberInput()
    )
    growth_percent = forms.IntegerField(
        label=_("More each day, in percent"), min_value=1, max_value=STEEPEST, widget=forms.NumberInput()
    )
    target_count = forms.IntegerField(
        label=_("Over when a day reaches"), min_value=2, max_value=LARGEST_DAY, widget=forms.NumberInput()
    )

    def schedule(self) -> dict[str, int]:
        return {name: value for name, value in self.cleaned_data.items() if name != "start_date"}

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if {"target_count", "first_day_count"} <= said.keys() and said["target_count"] <= said["first_day_count"]:
            self.add_error("target_count", _("This must be more than on the first day."))
        return said

    def planned(self) -> WarmUp:
        """The schedule as it was said, not kept anywhere."""
        return WarmUp(start_date=self.cleaned_data["start_date"], **self.schedule())
