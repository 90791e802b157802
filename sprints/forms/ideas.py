"""Forms of raw ideas: telling one, deciding one, opening a page for them; and of files of stories."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from audience.models import Contact
from sprints.forms.backlog import contact_of, numbered_story
from sprints.models import LONGEST_IDEA, IdeaSource, IntakeLink, Sprint, SprintState, Story, StoryKind
from sprints.services.ideas import Told
from sprints.services.story_imports import Mapping
from sprints.story_files import MOST_BYTES, Target
from workspaces.forms import DateInput, StyledForm, offer
from workspaces.models import Member, Workspace


class IdeaForm(StyledForm):
    """An idea that a member tells, or passes on."""

    title = forms.CharField(label=_("The idea in one line"), max_length=160)
    text = forms.CharField(
        label=_("More about it"), required=False, max_length=LONGEST_IDEA, widget=forms.Textarea(attrs={"rows": 3})
    )
    source = forms.ChoiceField(
        label=_("It comes from"),
        choices=[(s.value, s.label) for s in (IdeaSource.TEAM, IdeaSource.ANSWER, IdeaSource.RETRO)],
    )
    contact = forms.EmailField(
        label=_("Whose answer"), required=False, help_text=_("The e-mail address of a contact of yours.")
    )
    sprint = forms.ModelChoiceField(label=_("Which retrospective"), queryset=Sprint.objects.none(), required=False)

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._member = member
        closed = Sprint.objects.for_workspace(member.workspace).filter(state=SprintState.CLOSED).order_by("-number")
        offer(self, "sprint", closed)
        self.fields["sprint"].empty_label = _("None")  # type: ignore[attr-defined]  # a choice of rows
        self.fields["source"].required = False

    def clean_contact(self) -> Contact | None:
        return contact_of(self._member, self.cleaned_data["contact"])

    @property
    def told(self) -> Told:
        data = self.cleaned_data
        source = IdeaSource(data["source"] or IdeaSource.TEAM)
        return Told(data["title"], data["text"], source=source, contact=data["contact"], sprint=data["sprint"])


class PublicIdeaForm(StyledForm):
    """What a visitor of an idea page writes. `website` is a trap that people do not see."""

    title = forms.CharField(label=_("Your idea in one line"), max_length=160)
    text = forms.CharField(
        label=_("Why it would help"), required=False, max_length=LONGEST_IDEA, widget=forms.Textarea(attrs={"rows": 5})
    )
    sender_name = forms.CharField(
        label=_("Your name"), required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    sender_email = forms.EmailField(
        label=_("Your e-mail address"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("Only so that the team can answer you."),
    )
    website = forms.CharField(label=_("Leave this empty"), required=False, max_length=200)

    @property
    def is_trapped(self) -> bool:
        return bool(self.cleaned_data["website"])

    def told(self, link: IntakeLink) -> Told:
        data = self.cleaned_data
        return Told(
            data["title"], data["text"], data["sender_name"], data["sender_email"], source=IdeaSource.LINK, link=link
        )


class AcceptForm(StyledForm):
    """An idea as a story."""

    title = forms.CharField(label=_("Title of the story"), max_length=160, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=StoryKind.choices, required=False)
    tell = forms.BooleanField(label=_("Tell the sender"), required=False)

    @property
    def story_kind(self) -> StoryKind:
        return StoryKind(self.cleaned_data["kind"] or StoryKind.CAMPAIGN)


class MergeForm(StyledForm):
    """The story that says the same."""

    story = forms.CharField(label=_("Number of the story"), max_length=12, help_text=_("As in #12."))

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._workspace = workspace

    def clean_story(self) -> Story | None:
        return numbered_story(self._workspace, self.cleaned_data["story"])


class SnoozeForm(StyledForm):
    """Until which day."""

    until = forms.DateField(label=_("Until"), widget=DateInput())


class DeclineForm(StyledForm):
    """Why not."""

    reason = forms.CharField(label=_("Why not"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))
    tell = forms.BooleanField(label=_("Tell the sender"), required=False)


class LinkForm(StyledForm):
    """A new idea page."""

    label = forms.CharField(label=_("For whom"), max_length=80, help_text=_("For example: the shop floor"))
    welcome = forms.CharField(
        label=_("What the page says"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Left empty, it asks what would make our mails better."),
    )


class StoryFileForm(StyledForm):
    """A file from another tool."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("A CSV with any delimiter, Jira’s CSV export, or a Trello board exported as JSON; up to 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.json"}),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 10 MB."))
        return file


class StoryMappingForm(StyledForm):
    """What each column becomes."""

    kind = forms.ChoiceField(
        label=_("Kind"), choices=StoryKind.choices, help_text=_("Of rows that do not name one we know.")
    )
    leave_finished = forms.BooleanField(label=_("Leave out what is finished"), required=False, initial=True)

    def __init__(self, *args: Any, header: Sequence[str], guessed: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._columns = [f"column_{n}" for n in range(len(header))]
        for name, label, guess in zip(self._columns, header, guessed, strict=True):
            self.fields[name] = forms.ChoiceField(
                label=label or _("Without a name"), choices=[("", _("Nothing")), *Target.choices],
                initial=guess, required=False, widget=forms.Select(attrs={"class": "select"}),
            )  # fmt: skip

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[name] for name in self._columns]

    @property
    def mapping(self) -> Mapping:
        data = self.cleaned_data
        return Mapping([data[name] for name in self._columns], StoryKind(data["kind"]), data["leave_finished"])
