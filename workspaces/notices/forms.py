"""Forms of notices. Choices of kinds depend on what the member can be told of."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy as _

from workspaces.forms import StyledForm
from workspaces.models import DigestPace, Member, NoticeSettings
from workspaces.models.notices import FIRST_HOUR, LAST_HOUR
from workspaces.notices.kinds import NoticeKind, kinds_for

HOURS = [(hour, f"{hour:02}:00") for hour in range(FIRST_HOUR, LAST_HOUR + 1)]


class AboutForm(forms.Form):
    """Which object; without one, all."""

    about_type = forms.CharField(max_length=60, required=False)
    about_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)

    @property
    def about(self) -> tuple[str, int] | None:
        kind, pk = self.cleaned_data["about_type"], self.cleaned_data["about_id"]
        return (kind, pk) if kind and pk else None


class MuteForm(AboutForm):
    """Whether an object is muted; an empty answer ends it."""

    is_muted = forms.BooleanField(required=False)


@dataclass(frozen=True, slots=True)
class KindRow:
    """A kind with its box for the app, and the one for a mail at once if there is one."""

    kind: NoticeKind
    heard: BoundWidget
    at_once: BoundWidget | None


class NoticeSettingsForm(StyledForm):
    """When mails come, and what is told at all."""

    digest = forms.ChoiceField(
        label=_("What I have not read in the app"), choices=DigestPace.choices, widget=forms.RadioSelect
    )
    hour = forms.TypedChoiceField(label=_("The mail comes at"), choices=HOURS, coerce=int)
    at_once = forms.MultipleChoiceField(label=_("By mail at once"), required=False, widget=forms.CheckboxSelectMultiple)
    heard = forms.MultipleChoiceField(label=_("In the app"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, member: Member, chosen: NoticeSettings, muted: set[str], **kwargs: Any) -> None:
        self._kinds = kinds_for(member)
        keys = [kind.key for kind in self._kinds]
        kwargs["initial"] = {
            "digest": chosen.digest,
            "hour": chosen.hour,
            "at_once": chosen.at_once,
            "heard": [key for key in keys if key not in muted],
        }
        super().__init__(*args, **kwargs)
        self.fields["hour"].help_text = _("In your own time zone, %(zone)s.") % {"zone": member.user.time_zone}
        urgent = [(kind.key, kind.label) for kind in self._kinds if kind.is_urgent]
        self.fields["at_once"].choices = urgent  # type: ignore[attr-defined]  # a choice field
        self.fields["heard"].choices = [(kind.key, kind.label) for kind in self._kinds]  # type: ignore[attr-defined]

    @property
    def groups(self) -> list[tuple[str, list[KindRow]]]:
        """The kinds under their headings, each with its boxes."""
        heard, at_once = self._boxes("heard"), self._boxes("at_once")
        rows: dict[str, list[KindRow]] = {}
        for kind in self._kinds:
            row = KindRow(kind, heard[kind.key], at_once.get(kind.key))
            rows.setdefault(str(kind.group), []).append(row)
        return list(rows.items())

    def _boxes(self, name: str) -> dict[str, BoundWidget]:
        return {str(box.data["value"]): box for box in self[name].subwidgets}

    @property
    def muted(self) -> list[str]:
        heard = set(self.cleaned_data["heard"])
        return [kind.key for kind in self._kinds if kind.key not in heard]
