"""Forms of notices. Choices of kinds depend on what the member can be told of."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workspaces.forms import StyledForm
from workspaces.models import DigestPace, Member, NoticeSettings
from workspaces.models.notices import FIRST_HOUR, LAST_HOUR
from workspaces.notices.kinds import kinds_for

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


class NoticeSettingsForm(StyledForm):
    """When mails come, and what is told at all."""

    digest = forms.ChoiceField(
        label=_("What I have not read in the app"), choices=DigestPace.choices, widget=forms.RadioSelect
    )
    hour = forms.TypedChoiceField(label=_("The mail comes at"), choices=HOURS, coerce=int)
    at_once = forms.MultipleChoiceField(
        label=_("By mail at once"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Everything else waits for the daily mail."),
    )
    heard = forms.MultipleChoiceField(
        label=_("What I want to be told"), required=False, widget=forms.CheckboxSelectMultiple
    )

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
    def muted(self) -> list[str]:
        heard = set(self.cleaned_data["heard"])
        return [kind.key for kind in self._kinds if kind.key not in heard]
