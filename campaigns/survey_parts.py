"""Surveys in mails: what the editor offers to insert, and whether a link to one leads somewhere."""

import re
from collections.abc import Iterator
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from audience.models import QuestionKind, Survey, SurveyQuestion, SurveyStatus
from audience.models.surveys import ONE_CLICK
from campaigns.brand import Brand, brand_for
from campaigns.models import Campaign, ContentFormat
from campaigns.personal_parts import PersonalPart
from campaigns.preflight import Finding, Level, Place
from campaigns.rendering import SURVEY
from workspaces.models import Workspace

LINKED = re.compile(rf"\{{\{{-?\s*{SURVEY}\s*-?\}}\}}/(?P<slug>[-a-zA-Z0-9_]*)")
MARKED = re.compile(r"([\\\[\]*_`<>])")  # what Markdown would read as more than words
SCORES = range(11)


def survey_parts(workspace: Workspace, written_as: str) -> list[PersonalPart]:
    """For each survey that is not closed: its first question to press an answer of, and a link to all of it."""
    surveys = Survey.objects.for_workspace(workspace).filter(archived_at=None).exclude(status=SurveyStatus.CLOSED)
    parts, brand = [], brand_for(workspace)
    for survey in surveys.prefetch_related("questions").order_by("name", "pk"):
        questions = [found for found in survey.questions.all() if found.archived_at is None and found.after_id is None]
        fit = sorted((q for q in questions if q.kind in ONE_CLICK), key=lambda q: (q.position, q.pk))
        for question in fit[:1]:
            label = _("Survey “%(name)s”: one click answers") % {"name": survey.name}
            parts.append(PersonalPart(label, _one_click(survey, question, written_as, brand)))
        parts.append(PersonalPart(_("Survey “%(name)s”: link") % {"name": survey.name}, _link(survey, written_as)))
    return parts


def address_of(survey: Survey) -> str:
    """What stands in a mail for the reader's own address of the survey."""
    return f"{{{{ {SURVEY} }}}}/{survey.slug}"


def _link(survey: Survey, written_as: str) -> str:
    return _anchor(survey.title, address_of(survey), written_as)


def _one_click(survey: Survey, question: SurveyQuestion, written_as: str, brand: Brand) -> str:
    address = f"{address_of(survey)}?q={question.pk}"
    if question.kind == QuestionKind.NPS:
        if written_as != ContentFormat.HTML:
            return f'[{_plain(question.text)}]({address} "nps")'
        return scale_html(escape(question.text), f"{escape(address)}&amp;", brand)
    answers = " · ".join(_anchor(words, f"{address}&v={value}", written_as) for value, words in _answers(question))
    if written_as == ContentFormat.HTML:
        return f"<p>{escape(question.text)}<br>{answers}</p>"
    return f"**{_plain(question.text)}**\n\n{answers}"


def scale_html(words: str, address: str, brand: Brand) -> str:
    """A row of eleven links for a score of 0 to 10, as a table with inline styles. Words and address are HTML."""
    parts = {"words": mark_safe(words), "href": mark_safe(address)}  # noqa: S308  escaped by who calls
    return render_to_string("campaigns/scale.html", {**parts, "scores": SCORES, "brand": brand}).strip()


def _answers(question: SurveyQuestion) -> list[tuple[str, str]]:
    if question.kind == QuestionKind.YES_NO:
        return [("yes", _("Yes")), ("no", _("No"))]
    if question.kind == QuestionKind.RATING:
        return [(str(score), str(score)) for score in question.scale]
    return [(choice["key"], choice["label"]) for choice in question.choices]


def _anchor(words: str, address: str, written_as: str) -> str:
    if written_as == ContentFormat.HTML:
        return f'<a href="{escape(address)}">{escape(words)}</a>'
    return f"[{_plain(words)}]({address})"


def _plain(words: str) -> str:
    return MARKED.sub(r"\\\1", words)


def survey_checks(campaign: Campaign, _now: datetime) -> Iterator[Finding]:
    """Whether the surveys that the mail leads to take answers."""
    html = campaign.content.html if campaign.content else ""
    slugs = sorted({found["slug"] for found in LINKED.finditer(html)})
    if not slugs:
        return
    ours = Survey.objects.for_workspace(campaign.workspace).filter(slug__in=slugs, archived_at=None)
    known = {survey.slug: survey for survey in ours}
    for slug in slugs:
        yield _finding(slug, known.get(slug))


def _finding(slug: str, survey: Survey | None) -> Finding:
    if survey is None:
        remedy = _("Insert the survey again from the building blocks.")
        return Finding(Level.STOP, _("There is no survey “%(name)s”") % {"name": slug}, remedy, Place.CONTENT)
    if not survey.is_open:
        remedy = _("Open it first: readers would find a closed door.")
        return Finding(Level.STOP, _("The survey “%(name)s” is not open") % {"name": survey}, remedy)
    return Finding(Level.OK, _("The survey “%(name)s” takes answers") % {"name": survey})
