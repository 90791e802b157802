"""A story made of what a reader answered to a survey."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience.models import SurveyAnswer
from sprints.forms.stories import NewStoryForm
from sprints.services.answer_stories import first_draft, stories_of, story_of_answer
from sprints.services.stories import Parts
from workspaces.http import UNPROCESSABLE, MemberRequest, page, shown_on
from workspaces.permissions import Can


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_answer(request: MemberRequest, pk: int) -> HttpResponse:
    """The form of a new story, begun with the reader's words; the story that there is already, if there is one."""
    answers = SurveyAnswer.objects.seen_by(request.member).select_related("workspace", "survey", "contact")
    answer = get_object_or_404(answers, pk=pk)
    if request.method != "POST" and (made := stories_of([answer]).get(answer.pk)):
        return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=made.pk)
    form = NewStoryForm(request.POST or None, workspace=request.workspace, initial=first_draft(answer))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            parts = Parts(criteria=form.cleaned_data["criteria"].splitlines())
            story = story_of_answer(
                answer=answer, fields=form.fields_written, parts=parts, by=request.member, now=request.now
            )
            messages.success(request, _("Story written, and tied to the answer"))
            return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=story.pk)
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "sprints/story_form.html", {"form": form, "story": None}, status=status)
