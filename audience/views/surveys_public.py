"""Surveys as readers see them: a page, and a frame for other sites. No sign-in, no cookie, no script needed.

Mail scanners open every link and some fill in forms: a GET, with whatever answer it carries, is never kept.
"""

from collections.abc import Mapping
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation.trans_real import parse_accept_lang_header

from audience.forms.surveys import AnswerForm
from audience.models import Survey, SurveyAnswer, SurveyQuestion
from audience.services.opt_ins import language_of
from audience.services.survey_answers import (
    AnsweredAlready,
    Guest,
    Sheet,
    answer_on,
    focus_of,
    guest_of,
    latest_of,
    new_sheet,
    next_questions,
    numbers_in,
    require_pace,
    sheet_of,
    take_answer,
)
from audience.services.survey_questions import current_questions
from audience.views.public import evidence_of, open_door
from audience.views.signup_public import ANYWHERE
from emailops.lib.languages import speaking_to
from workspaces.http import UNPROCESSABLE, shown_on

LONGEST_WISH = 200  # letters of a header


@open_door
def survey_page(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the questions, one of them with the answer that a link chose; POST keeps what was answered."""
    return _answered(request, token, is_frame=False)


@csp_replace({"frame-ancestors": [ANYWHERE]})  # type: ignore[arg-type]  # it is typed for views without parameters
@open_door
def survey_frame(request: HttpRequest, token: str) -> HttpResponse:
    """The same without anything around it, for a frame on any site."""
    response = _answered(request, token, is_frame=True)
    response.xframe_options_exempt = True  # as Django's own decorator marks it
    return response


def _answered(request: HttpRequest, token: str, *, is_frame: bool) -> HttpResponse:
    guest = guest_of(token, in_frame=is_frame)
    language = _language(request, guest)
    with speaking_to(language):
        page = _Page(request, guest, token, language, is_frame=is_frame)
        return page.posted() if request.method == "POST" else page.opened()


def _language(request: HttpRequest, guest: Guest) -> str:
    """The reader's own, or of somebody unknown the browser's, where the survey has words in it."""
    if guest.contact is not None:
        return language_of(guest.contact.language, guest.survey.workspace)
    ours = {guest.survey.workspace.language, *guest.survey.words}
    wished = parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()[:LONGEST_WISH])
    found = (code.partition("-")[0] for code, _weight in wished)
    return next((code for code in found if code in ours), guest.survey.workspace.language)


class _Page:
    """One visit of a survey's page."""

    def __init__(self, request: HttpRequest, guest: Guest, token: str, language: str, *, is_frame: bool) -> None:
        self.request, self.guest, self.token, self.language = request, guest, token, language
        self.is_frame = is_frame
        self.now = timezone.now()
        self.survey: Survey = guest.survey
        self.questions = current_questions(self.survey)

    def opened(self) -> HttpResponse:
        """Nothing is kept, whoever opens it and however often."""
        if not self.survey.may_answer_again and (before := latest_of(self.guest)):
            return self._thanks(before=before)
        wanted, value = self.request.GET.get("q", ""), self.request.GET.get("v", "")
        focus, chosen = focus_of(self.questions, wanted, value)
        asked = next_questions(self.questions, (), {}, focus)
        form = AnswerForm(questions=asked, chosen={focus: chosen} if focus else {})
        return self._form(form, new_sheet(self.survey, self.now), is_chosen=bool(focus))

    def posted(self) -> HttpResponse:
        stamp = self.request.POST.get("sheet", "")
        sheet = sheet_of(self.survey, stamp, self.now, is_known=self.guest.contact is not None)
        asked = [question for question in self.questions if self._was_shown(question)]
        form = AnswerForm(self.request.POST, questions=asked)
        if not form.is_valid():
            return self._form(form, stamp)
        if sheet is None:
            return self._form(form, new_sheet(self.survey, self.now), is_asked_again=True)
        if form.is_trapped:
            return self._thanks()
        return self._kept(form, sheet, stamp)

    def _was_shown(self, question: SurveyQuestion) -> bool:
        return str(question.pk) in self.request.POST.getlist("asked")

    def _kept(self, form: AnswerForm, sheet: Sheet, stamp: str) -> HttpResponse:
        require_pace(self.guest, evidence_of(self.request)["ip"])
        with shown_on(form):
            try:
                take_answer(
                    guest=self.guest, given=form.given, ticket=sheet.ticket, now=self.now, language=self.language
                )
            except AnsweredAlready:
                return self._thanks(before=latest_of(self.guest))
        if form.errors:
            return self._form(form, stamp)
        return self._next(sheet, stamp)

    def _next(self, sheet: Sheet, stamp: str) -> HttpResponse:
        """What follows from what was said, or thanks."""
        answer = answer_on(self.survey, sheet)
        asked = answer.asked if answer else []
        left = next_questions(self.questions, asked, numbers_in(answer))
        if not left:
            return self._thanks()
        return self._form(AnswerForm(questions=left), stamp, is_kept=True)

    def _form(self, form: AnswerForm, stamp: str, **said: bool) -> HttpResponse:
        context = {**self._context(), "form": form, "sheet": stamp, "is_form": True, **said}
        status = UNPROCESSABLE if form.is_bound and form.errors else 200
        return render(self.request, "public/survey.html", context, status=status)

    def _thanks(self, before: SurveyAnswer | None = None) -> HttpResponse:
        context = {**self._context(), "before": before}
        return render(self.request, "public/survey_thanks.html", context)

    def _context(self) -> dict[str, Any]:
        route = "audience:survey_frame" if self.is_frame else "audience:survey_page"
        return {
            "business": self.survey.workspace,
            "survey": self.survey,
            "words": words_of(self.survey),
            "words_language": self.language,
            "is_frame": self.is_frame,
            "target": reverse(route, args=[self.token]),
        }


def words_of(survey: Survey) -> Mapping[str, str]:
    """What a survey says in the language of now."""
    return {part: survey.said(part) for part in ("title", "intro", "button", "thanks")}
