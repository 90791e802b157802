"""Forms of the retrospective: a note, and what was agreed."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from workspaces.forms import DateInput, StyledForm, offer
from workspaces.models import Member, Workspace


class NoteForm(StyledForm):
    """A sentence in one of the columns; which there are is said by the retrospective."""

    kind = forms.CharField(max_length=5, widget=forms.HiddenInput())
    text = forms.CharField(label=_("Your note"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class ActionForm(StyledForm):
    """What will be done, by whom, until when."""

    text = forms.CharField(label=_("What we will do"), max_length=160)
    owner = forms.ModelChoiceField(label=_("Who"), queryset=Member.objects.none(), empty_label=None)
    due_date = forms.DateField(label=_("Until"), required=False, widget=DateInput())

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        team = Member.objects.for_workspace(workspace).active().order_by("user__name", "pk")
        offer(self, "owner", team)
