"""Forms of the audience pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.models import ContactList
from workspaces.forms import StyledForm, offer
from workspaces.models import Workspace


class ConsentForm(StyledForm):
    """Evidence that a person agreed."""

    wording = forms.CharField(
        label=_("How did this person agree?"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Where, when, and in which words. This is kept as evidence."),
    )


class ListForm(StyledForm):
    """A new list."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("What it is for"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class ChooseListForm(StyledForm):
    """One of the workspace's lists."""

    contact_list = forms.ModelChoiceField(
        label=_("List"), queryset=ContactList.objects.none(), empty_label=_("Choose a list")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "contact_list", current_lists(workspace))


class SegmentForm(StyledForm):
    """What a segment is called; its rules come from the builder."""

    name = forms.CharField(label=_("Name"), max_length=120)
    description = forms.CharField(label=_("Who they are"), required=False, widget=forms.Textarea(attrs={"rows": 1}))


def current_lists(workspace: Workspace) -> Any:
    return ContactList.objects.for_workspace(workspace).filter(archived_at=None).order_by("name", "pk")
