"""What surveys add to a contact's timeline."""

from collections.abc import Iterator

from django.db.models import Prefetch
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audience.models import AnswerValue, Contact, NpsGroup
from audience.timeline import Moment

SURVEY_KINDS = {"survey": _lazy("Surveys")}
TONES = {NpsGroup.PROMOTER.value: "ok", NpsGroup.DETRACTOR.value: "bad"}
MOST_WORDS = 40


def answer_moments(contact: Contact, limit: int) -> Iterator[Moment]:
    """Each answer, with what was said. Two queries."""
    values = AnswerValue.objects.select_related("question").order_by("question__position", "question")
    answers = contact.survey_answers.select_related("survey").prefetch_related(Prefetch("values", values))
    for answer in answers.order_by("-at", "-pk")[:limit]:
        said = list(answer.values.all())
        href = reverse("audience:answer_detail", kwargs={"workspace": contact.workspace.slug, "pk": answer.pk})
        title = _("Answered “%(survey)s”") % {"survey": answer.survey}
        detail = Truncator(" · ".join(value.shown for value in said)).words(MOST_WORDS)
        tone = next((TONES[value.group] for value in said if value.group in TONES), "")
        yield Moment(answer.at, "message-square", title, detail, href, tone, kind="survey")
