"""What is in the way of a story: said on its page, cleared there or wherever it is listed."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from sprints.forms.blockers import BlockerForm
from sprints.models import Blocker, Story
from sprints.services.blockers import block_story, resolve_blocker
from sprints.views.returning import back, wanted_way
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


def blocker_context(story: Story) -> dict[str, Any]:
    """What a story's page shows of blockers: the form of the open one, and those that were before. Two queries."""
    return {
        "block_form": BlockerForm(story=story, blocker=story.blocker),
        "resolved": story.blockers.exclude(resolved_at=None).with_people().order_by("-resolved_at", "-pk"),
    }


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_block(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what is in the way and who clears it."""
    story = get_object_or_404(Story.objects.for_workspace(request.workspace).with_plan(), pk=pk)
    form = BlockerForm(request.POST or None, story=story, blocker=story.blocker)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            block_story(story=story, by=request.member, now=request.now, **form.cleaned_data)
            messages.success(request, _("Marked as blocked"))
            return back(request, "sprints:story_detail", workspace=request.workspace.slug, pk=pk)
    context = {"story": story, "form": form, "next": wanted_way(request.POST) or wanted_way(request.GET)}
    return render(request, "sprints/story_block.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_STORIES)
def blocker_resolve(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that it is no longer in the way."""
    blocker = get_object_or_404(Blocker.objects.for_workspace(request.workspace).with_people(), pk=pk)
    resolve_blocker(blocker=blocker, by=request.member, now=request.now)
    messages.success(request, _("Nothing is in the way any more"))
    return back(request, "sprints:story_detail", workspace=request.workspace.slug, pk=blocker.story_id)
