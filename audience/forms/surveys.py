"""Forms of surveys: what members decide, and what readers fill in."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from audience.models import AttributeDefinition, QuestionKind, Survey, SurveyQuestion
from audience.models.surveys import SCORED, WORDED
from audience.services.survey_questions import STEERING, Asked
from audience.services.surveys import WORDS
from audience.survey_values import AnswerRefused, longest_text, name_of, read_answer
from workspaces.forms import StyledForm, offer, style
from workspaces.models import Language, Workspace

ROWS = {"intro": 2, "thanks": 2}
LENGTHS = {"title": 120, "button": 40, "intro": 1000, "thanks": 1000}
LABELS = {
    "title": _("Title"),
    "intro": _("Words above"),
    "button": _("Words on the button"),
    "thanks": _("Words afterwards"),
}
SEPARATOR = " | "


class AnswerForm(StyledForm):
    """Some questions of a survey. `website` is a trap: people do not see it, programs fill it in."""

    website = forms.CharField(label=_("Leave this empty"), required=False)

    def __init__(
        self, *args: Any, questions: Sequence[SurveyQuestion], chosen: Mapping[int, Any] | None = None, **kwargs: Any
    ) -> None:
        kwargs["initial"] = {f"q{pk}": value for pk, value in (chosen or {}).items()}
        super().__init__(*args, **kwargs)
        self.questions = questions
        for question in questions:
            self.fields[name_of(question)] = _control(question)
        style(self)

    @property
    def parts(self) -> list[tuple[SurveyQuestion, forms.BoundField]]:
        return [(question, self[name_of(question)]) for question in self.questions]

    @property
    def is_trapped(self) -> bool:
        return bool(self.cleaned_data.get("website"))

    @property
    def given(self) -> dict[int, Any]:
        """What the services take."""
        return {question.pk: self.cleaned_data[name_of(question)] for question in self.questions}


def _control(question: SurveyQuestion) -> forms.Field:
    """The control of a question; it refuses what the services would."""
    given: dict[str, Any] = {"label": question.shown_text, "required": question.is_required}
    given["validators"] = [lambda value: _require_answer(question, value)]
    if question.kind == QuestionKind.SEVERAL:
        choices = _choices_of(question)
        return forms.MultipleChoiceField(choices=choices, widget=forms.CheckboxSelectMultiple, **given)
    if question.kind in WORDED:
        widget = forms.Textarea(attrs={"rows": 4}) if question.kind == QuestionKind.LONG else forms.TextInput()
        return forms.CharField(max_length=longest_text(question), widget=widget, **given)
    return forms.ChoiceField(choices=_choices_of(question), widget=forms.RadioSelect, **given)


def _choices_of(question: SurveyQuestion) -> list[tuple[str, Any]]:
    if question.kind in SCORED:
        return [(str(score), str(score)) for score in question.scale]
    if question.kind == QuestionKind.YES_NO:
        return [("yes", _("Yes")), ("no", _("No"))]
    return [(choice["key"], question.choice_label(choice["key"])) for choice in question.choices]


def _require_answer(question: SurveyQuestion, value: Any) -> None:
    try:
        read_answer(question, value)
    except AnswerRefused as refusal:
        raise ValidationError(str(refusal)) from refusal


class SurveyForm(StyledForm):
    """What a survey says, in the workspace's language and in others, and whom it takes answers from."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("Readers never see it."))
    is_anonymous = forms.BooleanField(
        label=_("Without names: nobody can tell who said what"),
        required=False,
        help_text=_("Then answers stand on no contact, fill no attribute and are not known to segments."),
    )
    may_answer_again = forms.BooleanField(
        label=_("People may answer again"), required=False, help_text=_("Earlier answers are kept; the latest counts.")
    )

    def __init__(self, *args: Any, survey: Survey, **kwargs: Any) -> None:
        names = ("name", *WORDS, "is_anonymous", "may_answer_again")
        initial = {name: getattr(survey, name) for name in names}
        self.others = [choice for choice in Language if choice != survey.workspace.language]
        for choice in self.others:
            said = survey.words.get(choice.value, {})
            initial |= {f"{part}_{choice}": said.get(part, "") for part in WORDS}
        super().__init__(*args, initial=initial, **kwargs)
        for part in WORDS:
            self.fields[part] = _words(part, LABELS[part], required=part != "intro")
            for choice in self.others:
                label = _("%(part)s, %(language)s") % {"part": LABELS[part], "language": choice.label}
                self.fields[f"{part}_{choice}"] = _words(part, label, required=False)
        style(self)

    @property
    def own_words(self) -> list[forms.BoundField]:
        return [self[part] for part in WORDS]

    @property
    def translations(self) -> list[forms.BoundField]:
        return [self[f"{part}_{choice}"] for choice in self.others for part in WORDS]

    @property
    def content(self) -> dict[str, Any]:
        """What the services take; while it is typed, as far as it is valid."""
        given = self.cleaned_data
        words = {choice.value: {part: given.get(f"{part}_{choice}", "") for part in WORDS} for choice in self.others}
        names = ("name", *WORDS, "is_anonymous", "may_answer_again")
        return {**{name: given[name] for name in names if name in given}, "words": words}


def _words(part: str, label: Any, *, required: bool) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": ROWS[part]}) if part in ROWS else forms.TextInput()
    return forms.CharField(label=label, max_length=LENGTHS[part], required=required, widget=widget)


class QuestionForm(StyledForm):
    """A question as a member writes it. Choices stand one a line; other languages follow after a bar."""

    text = forms.CharField(label=_("Question"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=QuestionKind.choices)
    choices = forms.CharField(
        label=_("Choices"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    is_required = forms.BooleanField(label=_("Has to be answered"), required=False)
    attribute = forms.ModelChoiceField(
        label=_("Keep the answer as the attribute"),
        queryset=AttributeDefinition.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("Of people whose name is known."),
    )
    after = forms.ModelChoiceField(
        label=_("Ask only after"),
        queryset=SurveyQuestion.objects.none(),
        required=False,
        empty_label=_("Ask everybody"),
        help_text=_("It shows when the answer there lies in the range. Yes counts as 1, no as 0."),
    )
    shown_from = forms.IntegerField(label=_("From"), min_value=0, max_value=10, required=False)
    shown_to = forms.IntegerField(label=_("To"), min_value=0, max_value=10, required=False)

    def __init__(self, *args: Any, workspace: Workspace, question: SurveyQuestion, **kwargs: Any) -> None:
        self.question = question
        self.others = [choice for choice in Language if choice != workspace.language]
        super().__init__(*args, initial=self._shown(question), **kwargs)
        languages = ", ".join(str(choice.label) for choice in self.others)
        help_text = _("One a line. For other languages, after a bar each: %(languages)s.") % {"languages": languages}
        self.fields["choices"].help_text = help_text
        for choice in self.others:
            label = _("Question, %(language)s") % {"language": choice.label}
            self.fields[f"text_{choice}"] = forms.CharField(label=label, max_length=200, required=False)
        attributes = AttributeDefinition.objects.for_workspace(workspace).filter(archived_at=None)
        offer(self, "attribute", attributes.order_by("position", "label", "pk"))
        before = SurveyQuestion.objects.filter(
            survey=question.survey, archived_at=None, kind__in=STEERING, after=None
        ).exclude(pk=question.pk)
        if question.pk:
            before = before.filter(position__lt=question.position)
        offer(self, "after", before.order_by("position", "pk"))
        style(self)

    def _shown(self, question: SurveyQuestion) -> dict[str, Any]:
        names = ("text", "kind", "is_required", "attribute", "after", "shown_from", "shown_to")
        shown: dict[str, Any] = {name: getattr(question, name) for name in names}
        shown |= {f"text_{choice}": question.texts.get(choice.value, "") for choice in self.others}
        lines = [
            SEPARATOR.join([c["label"], *(c.get("labels", {}).get(o.value, "") for o in self.others)]).rstrip(" |")
            for c in question.choices
        ]
        return shown | {"choices": "\n".join(lines)}

    @property
    def translations(self) -> list[forms.BoundField]:
        return [self[f"text_{choice}"] for choice in self.others]

    def _choices(self) -> list[dict[str, Any]]:
        read = []
        for line in self.cleaned_data.get("choices", "").splitlines():
            label, *said = (part.strip() for part in line.split("|"))
            if label:
                labels = dict(zip((choice.value for choice in self.others), said, strict=False))
                read.append({"label": label, "labels": labels})
        return read

    @property
    def asked(self) -> Asked:
        """What the services take; while it is typed, as far as it is valid."""
        given = self.cleaned_data
        return Asked(
            kind=QuestionKind(given.get("kind") or QuestionKind.NPS),
            text=given.get("text", ""),
            texts={choice.value: given.get(f"text_{choice}", "") for choice in self.others},
            choices=self._choices(),
            is_required=given.get("is_required", False),
            attribute=given.get("attribute"),
            after=given.get("after"),
            shown_from=given.get("shown_from"),
            shown_to=given.get("shown_to"),
        )


def new_survey(workspace: Workspace) -> Survey:
    """A survey with words to begin with, in the language of now; not stored."""
    name = {"name": workspace.name}
    return Survey(
        workspace=workspace,
        title=str(_("How are we doing, at %(name)s?") % name),
        intro=str(_("It takes a minute, and we read every answer.")),
        button=str(_("Send my answer")),
        thanks=str(_("Thank you. Somebody of us reads this today.")),
    )
