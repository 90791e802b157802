"""Forms around a story: comments, people, labels, checklists, files, links."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from audience.models import Segment
from sprints.forms.backlog import numbered_story
from sprints.models import INVERSE, LONGEST_LABEL, Audience, ChecklistItem, Label, LabelTone, LinkKind, Story
from sprints.services.comments import LONGEST_COMMENT
from workspaces.forms import StyledForm, offer
from workspaces.models import Member, Workspace
from workspaces.permissions import Can


def people(workspace: Workspace) -> "QuerySet[Member]":
    """Whom work can be given to."""
    return Member.objects.for_workspace(workspace).active().order_by("user__name", "pk")


class CommentForm(StyledForm):
    """What somebody says; whoever does not belong to the team speaks to everybody."""

    text = forms.CharField(
        label=_("Your comment"),
        max_length=LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("@ and a name tells that person. **bold**, *soft*, - list, `code` and links work."),
    )
    audience = forms.ChoiceField(
        label=_("Who reads it"), choices=Audience.choices, initial=Audience.TEAM, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, by: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not by.may(Can.SEE_TEAM):
            del self.fields["audience"]

    @property
    def readers(self) -> Audience:
        return Audience(self.cleaned_data.get("audience", Audience.EVERYBODY))


class CommentTextForm(StyledForm):
    """Other words for a comment."""

    text = forms.CharField(label=_("Comment"), max_length=LONGEST_COMMENT, widget=forms.Textarea(attrs={"rows": 5}))


class SwitchForm(forms.Form):
    """On; an empty answer is off."""

    on = forms.BooleanField(required=False)


class HelpersForm(StyledForm):
    """Who works on it beside the lead."""

    helpers = forms.ModelMultipleChoiceField(
        label=_("Who helps"), queryset=Member.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "helpers", people(workspace))


class LabelsForm(StyledForm):
    """Which labels a story has; new ones are made by their names."""

    labels = forms.ModelMultipleChoiceField(
        label=_("Labels"), queryset=Label.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    new = forms.CharField(
        label=_("New label"), max_length=200, required=False, help_text=_("Several with commas between them.")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "labels", Label.objects.for_workspace(workspace).order_by("name", "pk"))

    @property
    def new_names(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["new"].split(",") if name.strip()]


class LabelForm(StyledForm):
    """A label's own name and colour."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_LABEL)
    tone = forms.ChoiceField(label=_("Colour"), choices=LabelTone.choices, initial=LabelTone.BLUE)


class MergeForm(StyledForm):
    """Into which other label; without one it is deleted."""

    into = forms.ModelChoiceField(
        label=_("Instead of it, put on these stories"),
        queryset=Label.objects.none(),
        required=False,
        empty_label=_("nothing: only delete it"),
    )

    def __init__(self, *args: Any, label: Label, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Label.objects.for_workspace(label.workspace).exclude(pk=label.pk)
        offer(self, "into", others.order_by("name", "pk"))


class NameForm(StyledForm):
    """A checklist's name."""

    name = forms.CharField(label=_("Name of the checklist"), max_length=80)


class StepForm(StyledForm):
    """A step in words."""

    text = forms.CharField(label=_("Step"), max_length=200)


class StepEditForm(StepForm):
    """The words of a step, and who does it."""

    assignee = forms.ModelChoiceField(
        label=_("Who"), queryset=Member.objects.none(), required=False, empty_label=_("Nobody in particular")
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "assignee", people(workspace))


class StepMoveForm(forms.Form):
    """Before which other step of the list; none is the end."""

    before = forms.ModelChoiceField(queryset=ChecklistItem.objects.none(), required=False)

    def __init__(self, data: Mapping[str, Any], *, item: ChecklistItem) -> None:
        super().__init__(data)
        offer(self, "before", ChecklistItem.objects.filter(checklist=item.checklist_id))


class FileForm(StyledForm):
    """A file from this computer."""

    file = forms.FileField(label=_("File"), max_length=255, allow_empty_file=True)


LINK_CHOICES = [
    *LinkKind.choices,
    *((f"-{kind.value}", words) for kind, words in INVERSE.items() if kind != LinkKind.RELATES),
]
"""Each kind in both directions; a minus in front turns it round."""


class LinkForm(StyledForm):
    """What this story is to another one, named by its number."""

    kind = forms.ChoiceField(label=_("This story"), choices=LINK_CHOICES)
    story = forms.CharField(
        label=_("Number of the other story"),
        max_length=12,
        help_text=_("As in #12."),
        widget=forms.TextInput(attrs={"placeholder": "#12", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, of: Story, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._of = of

    def clean_story(self) -> Story:
        found = numbered_story(self._of.workspace, self.cleaned_data["story"])
        if found is None or found.pk == self._of.pk or found.dropped_at is not None:
            raise forms.ValidationError(_("There is no other story with this number."))
        return found

    def ends(self, of: Story) -> tuple[Story, LinkKind, Story]:
        """Source, kind and target of the link."""
        kind, other = self.cleaned_data["kind"], self.cleaned_data["story"]
        return (other, LinkKind(kind[1:]), of) if kind.startswith("-") else (of, LinkKind(kind), other)


class SegmentsForm(StyledForm):
    """Which segments the story is about."""

    segments = forms.ModelMultipleChoiceField(
        label=_("Segments"), queryset=Segment.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "segments", Segment.objects.for_workspace(workspace).current().order_by("name", "pk"))
