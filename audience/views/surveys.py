"""Surveys as members see them: the list, the editor with its preview, the results, one answer."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import escape
from django.utils.translation import gettext as _

from audience.forms.surveys import AnswerForm, SurveyForm, new_survey
from audience.models import NpsGroup, Survey, SurveyAnswer, SurveyStatus
from audience.services.survey_answers import survey_token
from audience.services.survey_questions import current_questions
from audience.services.surveys import archive_survey, change_survey, create_survey, move_survey
from audience.survey_results import comments_of, results_of, score_of_answers, with_counts
from audience.survey_uses import add_uses
from audience.views.surveys_public import words_of
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

COMMENTS_A_PAGE = 10


def _surveys(request: MemberRequest) -> "QuerySet[Survey]":
    found = Survey.objects.for_workspace(request.workspace).filter(archived_at=None)
    return found.select_related("workspace")


def survey_here(request: MemberRequest, pk: int) -> Survey:
    return get_object_or_404(_surveys(request), pk=pk)


@page(Can.SEE_AUDIENCE)
def survey_list(request: MemberRequest) -> HttpResponse:
    """The surveys in use, each with how many answered and its score."""
    surveys = with_counts(_surveys(request).order_by("-created_at", "-pk"), request.member)
    return render(request, "audience/survey_list.html", {"surveys": surveys})


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def survey_new(request: MemberRequest) -> HttpResponse:
    return _save(request, new_survey(request.workspace))


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def survey_edit(request: MemberRequest, pk: int) -> HttpResponse:
    return _save(request, survey_here(request, pk))


def _save(request: MemberRequest, survey: Survey) -> HttpResponse:
    form = SurveyForm(request.POST or None, survey=survey)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            given: dict[str, Any] = {"content": form.content, "by": request.member, "now": request.now}
            if survey.pk:
                change_survey(survey=survey, **given)
            else:
                survey = create_survey(workspace=request.workspace, **given)
            messages.success(request, _("Survey saved"))
            return redirect("audience:survey_edit", workspace=request.workspace.slug, pk=survey.pk)
    context = {"form": form, "survey": survey, **preview_of(survey), **_addresses(survey)}
    return render(request, "audience/survey_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


def preview_of(survey: Survey) -> dict[str, Any]:
    """What readers see of a survey, stored or not: all its questions at once."""
    questions = current_questions(survey) if survey.pk else []
    shown = AnswerForm(questions=questions, auto_id="preview-%s")
    return {"questions": questions, "shown": shown, "words": words_of(survey)}


@page(Can.EDIT_AUDIENCE)
def survey_preview(request: MemberRequest) -> HttpResponse:
    """What readers would see of what stands in the form; keeps nothing."""
    asked = request.GET.get("survey", "")
    survey = survey_here(request, int(asked)) if asked.isdecimal() else new_survey(request.workspace)
    form = SurveyForm(request.GET, survey=survey)
    form.is_valid()
    for name, value in form.content.items():
        setattr(survey, name, value)
    return render(request, "audience/_survey_preview.html", {"survey": survey, **preview_of(survey)})


@action(Can.EDIT_AUDIENCE)
def survey_open(request: MemberRequest, pk: int) -> HttpResponse:
    return _move(request, pk, SurveyStatus.OPEN, _("Open: it takes answers now"))


@action(Can.EDIT_AUDIENCE)
def survey_close(request: MemberRequest, pk: int) -> HttpResponse:
    return _move(request, pk, SurveyStatus.CLOSED, _("Closed: it takes no more answers"))


def _move(request: MemberRequest, pk: int, to: SurveyStatus, words: str) -> HttpResponse:
    move_survey(survey=survey_here(request, pk), to=to, by=request.member, now=request.now)
    messages.success(request, words)
    return redirect("audience:survey_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.EDIT_AUDIENCE)
def survey_archive(request: MemberRequest, pk: int) -> HttpResponse:
    survey = survey_here(request, pk)
    archive_survey(survey=survey, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is put away; its answers stay") % {"name": survey.name})
    return redirect("audience:survey_list", workspace=request.workspace.slug)


@page(Can.SEE_AUDIENCE)
def survey_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """The results, and what people wrote; htmx gets the results alone."""
    survey = survey_here(request, pk)
    context = {"survey": survey, **_results(request, survey), **_addresses(survey)}
    template = "audience/_survey_results.html" if request.htmx else "audience/survey_detail.html"
    return render(request, template, context)


def _results(request: MemberRequest, survey: Survey) -> dict[str, Any]:
    group = request.GET.get("score", "")
    group = group if group in NpsGroup.values else ""
    found = Paginator(comments_of(survey, request.member, group), COMMENTS_A_PAGE)
    comments = found.get_page(request.GET.get("page"))
    answers = {value.answer_id: value.answer for value in comments}
    add_uses(list(answers.values()), request.member)
    scores = score_of_answers(list(answers.values()))
    for value in comments:
        value.answer, value.score = answers[value.answer_id], scores.get(value.answer_id)  # type: ignore[attr-defined]  # for the template
    return {
        "results": results_of(survey, request.member),
        "comments": comments,
        "group": group,
        "groups": NpsGroup.choices,
    }


def _addresses(survey: Survey) -> dict[str, str]:
    """Where the survey stands: its page, and the HTML that puts it into a frame on another site."""
    if not survey.pk:
        return {}
    args = [survey_token(survey)]
    frame = settings.BASE_URL + reverse("audience:survey_frame", args=args)
    snippet = f'<iframe src="{frame}" title="{escape(survey.title)}" width="100%" height="640"></iframe>'
    return {"address": settings.BASE_URL + reverse("audience:survey_page", args=args), "snippet": snippet}


@page(Can.SEE_AUDIENCE)
def answer_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """One answer: everything that was said, what was made of it, and what the same person said before."""
    seen = SurveyAnswer.objects.seen_by(request.member).select_related("survey", "contact")
    answer = get_object_or_404(seen, pk=pk)
    add_uses([answer], request.member)
    others = seen.none() if answer.contact is None else seen.filter(survey=answer.survey, contact=answer.contact)
    context = {
        "answer": answer,
        "values": answer.values.select_related("question").order_by("question__position", "question"),
        "others": others.exclude(pk=pk).order_by("-at", "-pk"),
    }
    return render(request, "audience/answer_detail.html", context)
