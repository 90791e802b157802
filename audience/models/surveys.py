"""What readers are asked and what they say: surveys, their questions, and answers that are kept."""

from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audience.models.attributes import AttributeDefinition
from audience.models.contacts import AboutContactQuerySet, Contact
from emailops.lib.languages import readers_language
from workspaces.models import Member, Owned, ScopedQuerySet
from workspaces.permissions import Role

HIGHEST_NPS, HIGHEST_RATING = 10, 5
LEAST_PROMOTER, MOST_DETRACTOR = 9, 6
"""Whom a score of 0 to 10 makes of somebody. Source: F. F. Reichheld, Harvard Business Review 81 (12), 2003."""


class SurveyStatus(models.TextChoices):
    """Whether it takes answers."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


MOVES = {
    SurveyStatus.DRAFT: {SurveyStatus.OPEN},
    SurveyStatus.OPEN: {SurveyStatus.CLOSED},
    SurveyStatus.CLOSED: {SurveyStatus.OPEN},
}


class QuestionKind(models.TextChoices):
    """What an answer to it looks like."""

    NPS = "nps", _("Would you recommend us, 0 to 10")
    RATING = "rating", _("Rating, 1 to 5")
    CHOICE = "choice", _("One of several")
    SEVERAL = "several", _("Several of many")
    YES_NO = "yes_no", _("Yes or no")
    SHORT = "short", _("A few words")
    LONG = "long", _("Longer text")


SCORED = frozenset({QuestionKind.NPS, QuestionKind.RATING})
CHOOSING_KINDS = frozenset({QuestionKind.CHOICE, QuestionKind.SEVERAL})
WORDED = frozenset({QuestionKind.SHORT, QuestionKind.LONG})
ONE_CLICK = frozenset({*SCORED, QuestionKind.CHOICE, QuestionKind.YES_NO})
"""Kinds that a link in a mail can answer."""


class AnswerSource(models.TextChoices):
    """By which way an answer came."""

    MAIL = "mail", _("A mail")
    LINK = "link", _("The link")
    FORM = "form", _("A form on a site")
    API = "api", _("A program")


class NpsGroup(models.TextChoices):
    """Whom a score makes of somebody."""

    PROMOTER = "promoter", _("Promoters (9, 10)")
    PASSIVE = "passive", _("Passives (7, 8)")
    DETRACTOR = "detractor", _("Detractors (0 to 6)")


NPS_RANGES = {
    NpsGroup.PROMOTER: (LEAST_PROMOTER, HIGHEST_NPS),
    NpsGroup.PASSIVE: (MOST_DETRACTOR + 1, LEAST_PROMOTER - 1),
    NpsGroup.DETRACTOR: (0, MOST_DETRACTOR),
}


class Survey(Owned):
    """Questions to readers. Its words are in the workspace's language; `words` holds, by language, others of the same.

    `slug` names it in mails and never changes. Answers to an anonymous one hold nobody's name, whoever gives them.
    """

    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=40)
    title = models.CharField(_("title"), max_length=120)
    intro = models.TextField(_("words above"), blank=True)
    button = models.CharField(_("words on the button"), max_length=40)
    thanks = models.TextField(_("words afterwards"))
    words = models.JSONField(default=dict)
    status = models.CharField(_("status"), max_length=8, choices=SurveyStatus, default=SurveyStatus.DRAFT)
    is_anonymous = models.BooleanField(_("answers without names"), default=False)
    may_answer_again = models.BooleanField(_("people may answer again"), default=False)
    created_by = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "slug"], name="survey_slug_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.status == SurveyStatus.OPEN and self.archived_at is None

    def said(self, part: str) -> str:
        """One of title, intro, button and thanks, in the language of now where it has words."""
        return str((self.words.get(readers_language()) or {}).get(part) or getattr(self, part))


class SurveyQuestion(Owned):
    """One question. What was answered keeps its meaning: kind and chosen choices stay once somebody answered.

    `choices` hold, in their order, `{"key", "label", "labels": {language: …}}`. With `after` it is asked only of those
    whose answer there, as a number, lies between `shown_from` and `shown_to`; yes counts as 1 and no as 0. An archived
    question is asked no more.
    """

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="questions")
    kind = models.CharField(_("kind"), max_length=8, choices=QuestionKind)
    text = models.CharField(_("question"), max_length=200)
    texts = models.JSONField(default=dict)
    choices = models.JSONField(default=list)
    is_required = models.BooleanField(_("has to be answered"), default=False)
    position = models.PositiveSmallIntegerField(default=0)
    attribute = models.ForeignKey(
        AttributeDefinition, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("attribute")
    )
    after = models.ForeignKey("self", on_delete=models.CASCADE, null=True, related_name="follow_ups")
    shown_from = models.SmallIntegerField(null=True)
    shown_to = models.SmallIntegerField(null=True)
    archived_at = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(after=None) | Q(shown_from__isnull=False, shown_to__gte=F("shown_from")),
                name="survey_question_range",
            )
        ]
        indexes = [models.Index(fields=["survey", "position"], name="questions_of_survey")]

    def __str__(self) -> str:
        return self.text

    @property
    def shown_text(self) -> str:
        """The question in the language of now, where it has words."""
        return str(self.texts.get(readers_language()) or self.text)

    @property
    def highest(self) -> int:
        return HIGHEST_NPS if self.kind == QuestionKind.NPS else HIGHEST_RATING

    @property
    def scale(self) -> range:
        """The scores there are, of a question that has scores."""
        return range(self.highest + 1) if self.kind == QuestionKind.NPS else range(1, self.highest + 1)

    def choice_label(self, key: str) -> str:
        """A choice in the language of now; one that is gone is named by its key."""
        found: dict[str, Any] | None = next((choice for choice in self.choices if choice["key"] == key), None)
        return str(found.get("labels", {}).get(readers_language()) or found["label"]) if found else key


class SurveyAnswerQuerySet(AboutContactQuerySet["SurveyAnswer"]):
    """Answers. A seller sees those of the people that he or she looks after, and none without a name."""

    def counted(self) -> Self:
        """One answer a person, the latest, and all that have no name."""
        return self.filter(is_latest=True)


class SurveyAnswer(Owned):
    """What one person said to one survey at one time; it goes with the contact when that is erased.

    `mail` is the number by which the app that sent the mail knows it. `ticket` is the page on which it was given: what
    is sent twice from there is one answer. `asked` holds the ids of the questions that were shown.
    """

    survey = models.ForeignKey(Survey, on_delete=models.CASCADE, related_name="answers")
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, null=True, related_name="survey_answers")
    source = models.CharField(_("by way of"), max_length=4, choices=AnswerSource)
    mail = models.BigIntegerField(null=True)
    ticket = models.BigIntegerField(null=True)
    asked = ArrayField(models.BigIntegerField(), default=list)
    language = models.CharField(max_length=5, blank=True)
    is_latest = models.BooleanField(default=True)
    at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = SurveyAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["survey", "contact"], condition=Q(is_latest=True), name="survey_answer_latest_once"
            ),
            models.UniqueConstraint(fields=["survey", "ticket"], name="survey_answer_of_page_once"),
        ]
        indexes = [
            models.Index(fields=["survey", "-at", "-id"], name="survey_answers_newest"),
            models.Index(fields=["contact", "-at"], name="survey_answers_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.survey} #{self.pk}"


class AnswerValueQuerySet(ScopedQuerySet["AnswerValue"]):
    """What was said, as far as the answers are seen."""

    def seen_by(self, member: Member) -> Self:
        ours = super().seen_by(member)
        return ours.filter(answer__contact__seller=member) if member.role == Role.SELLER else ours


class AnswerValue(Owned):
    """What was said to one question: a `number` (score; yes 1, no 0), keys of `choices`, or a `text`."""

    answer = models.ForeignKey(SurveyAnswer, on_delete=models.CASCADE, related_name="values")
    question = models.ForeignKey(SurveyQuestion, on_delete=models.CASCADE, related_name="values")
    number = models.SmallIntegerField(null=True)
    choices = ArrayField(models.CharField(max_length=40), default=list)
    text = models.TextField(blank=True)

    objects = AnswerValueQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "question"], name="survey_value_once")]
        indexes = [models.Index(fields=["question", "number"], name="survey_values_by_number")]

    def __str__(self) -> str:
        return f"{self.answer_id}, {self.question_id}"

    @property
    def group(self) -> str:
        """Promoter, passive or detractor; empty for anything but a score of 0 to 10."""
        if self.question.kind != QuestionKind.NPS or self.number is None:
            return ""
        return nps_group(self.number)

    @property
    def shown(self) -> str:
        """In the language of now, as people read it."""
        if self.question.kind == QuestionKind.YES_NO:
            return str(_("Yes") if self.number else _("No"))
        if self.number is not None:
            return str(self.number)
        return self.text or ", ".join(self.question.choice_label(key) for key in self.choices)


def nps_group(score: int) -> NpsGroup:
    return next(group for group, (low, high) in NPS_RANGES.items() if low <= score <= high)
