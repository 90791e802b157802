"""The questions of a survey: ask, change, put in order, ask no more, each with its preview."""

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience.forms.surveys import AnswerForm, QuestionForm
from audience.models import QuestionKind, Survey, SurveyQuestion
from audience.models.surveys import CHOOSING_KINDS
from audience.services.survey_questions import add_question, change_question, move_question, remove_question
from audience.views.surveys import survey_here
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


def _question(request: MemberRequest, pk: int) -> SurveyQuestion:
    found = SurveyQuestion.objects.for_workspace(request.workspace).filter(archived_at=None, survey__archived_at=None)
    return get_object_or_404(found.select_related("survey__workspace", "attribute"), pk=pk)


def _new(survey: Survey) -> SurveyQuestion:
    return SurveyQuestion(workspace=survey.workspace, survey=survey, kind=QuestionKind.NPS)


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def question_new(request: MemberRequest, survey_pk: int) -> HttpResponse:
    return _save(request, _new(survey_here(request, survey_pk)))


@page(Can.EDIT_AUDIENCE, Can.EDIT_AUDIENCE)
def question_edit(request: MemberRequest, pk: int) -> HttpResponse:
    return _save(request, _question(request, pk))


def _save(request: MemberRequest, question: SurveyQuestion) -> HttpResponse:
    form = _form(request, question, request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            if question.pk:
                change_question(question=question, asked=form.asked, by=request.member, now=request.now)
            else:
                add_question(survey=question.survey, asked=form.asked, by=request.member, now=request.now)
            messages.success(request, _("Question saved"))
            return redirect("audience:survey_edit", workspace=request.workspace.slug, pk=question.survey_id)
    context = {"form": form, "question": question, "survey": question.survey, **_preview(question)}
    return render(request, "audience/question_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


def _form(request: MemberRequest, question: SurveyQuestion, data: QueryDict | None) -> QuestionForm:
    return QuestionForm(data, workspace=request.workspace, question=question)


def _preview(question: SurveyQuestion) -> dict[str, AnswerForm]:
    return {"shown": AnswerForm(questions=[question] if question.text else [], auto_id="preview-%s")}


@page(Can.EDIT_AUDIENCE)
def question_preview(request: MemberRequest, survey_pk: int) -> HttpResponse:
    """What readers would see of the question in the form; keeps nothing."""
    question = _new(survey_here(request, survey_pk))
    question.pk = 0
    form = _form(request, question, request.GET)
    form.is_valid()
    asked = form.asked
    question.kind, question.text, question.is_required = asked.kind, asked.text, asked.is_required
    if asked.kind in CHOOSING_KINDS:
        question.choices = [{"key": str(n), **choice} for n, choice in enumerate(asked.choices)]
    return render(request, "audience/_question_preview.html", {"survey": question.survey, **_preview(question)})


@action(Can.EDIT_AUDIENCE)
def question_move(request: MemberRequest, pk: int) -> HttpResponse:
    question = _question(request, pk)
    up = request.POST.get("to") == "up"
    move_question(question=question, up=up, by=request.member, now=request.now)
    return redirect("audience:survey_edit", workspace=request.workspace.slug, pk=question.survey_id)


@action(Can.EDIT_AUDIENCE)
def question_remove(request: MemberRequest, pk: int) -> HttpResponse:
    question = _question(request, pk)
    remove_question(question=question, by=request.member, now=request.now)
    messages.success(request, _("The question is asked no more"))
    return redirect("audience:survey_edit", workspace=request.workspace.slug, pk=question.survey_id)
