"""Comments of a story, who follows it and who works on it."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from sprints.forms.talk import CommentForm, CommentTextForm, HelpersForm, SwitchForm
from sprints.models import StoryComment
from sprints.services import comments, watching
from sprints.services.comments import CommentRefused
from sprints.services.watching import HelpersRefused
from sprints.views.around import story_or_404, to_story
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

SEE, EDIT = Can.SEE_SPRINTS, Can.EDIT_STORIES


@action(EDIT)
def comment_add(request: MemberRequest, pk: int) -> HttpResponse:
    """Say something about a story."""
    story, form = story_or_404(request, pk), CommentForm(request.POST, by=request.member)
    if not form.is_valid():
        raise CommentRefused(_("A comment needs words, and not more than ten thousand letters."))
    comments.write_comment(
        story=story, text=form.cleaned_data["text"], audience=form.readers, by=request.member, now=request.now
    )
    return to_story(request, pk, "talk")


def _comment(request: MemberRequest, pk: int) -> StoryComment:
    """One that this member may read; for others it does not exist."""
    readable = StoryComment.objects.for_workspace(request.workspace).for_reader(request.member)
    return get_object_or_404(readable.select_related("story", "author__user", "workspace"), pk=pk)


@page(EDIT, EDIT)
def comment_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Other words for one's own comment."""
    comment = _comment(request, pk)
    if request.method == "GET" and (comment.author_id != request.member.pk or comment.removed_at):
        return to_story(request, comment.story_id, "talk")
    form = CommentTextForm(request.POST or None, initial={"text": comment.text})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            comments.change_comment(comment=comment, text=form.cleaned_data["text"], by=request.member, now=request.now)
            return to_story(request, comment.story_id, f"comment-{pk}")
    context = {"comment": comment, "story": comment.story, "form": form}
    return render(request, "sprints/comment_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(SEE)
def comment_versions(request: MemberRequest, pk: int) -> HttpResponse:
    """What a comment said before it was changed."""
    comment = _comment(request, pk)
    context = {"comment": comment, "story": comment.story, "versions": comment.versions.order_by("-until", "-pk")}
    return render(request, "sprints/comment_versions.html", context)


@action(EDIT)
def comment_remove(request: MemberRequest, pk: int) -> HttpResponse:
    comment = _comment(request, pk)
    comments.remove_comment(comment=comment, by=request.member, now=request.now)
    return to_story(request, comment.story_id, f"comment-{pk}")


@action(SEE)
def story_watch(request: MemberRequest, pk: int) -> HttpResponse:
    """Follow a story, or stop; an empty answer stops."""
    story, form = story_or_404(request, pk), SwitchForm(request.POST)
    is_watching = form.is_valid() and form.cleaned_data["on"]
    watching.watch(story=story, member=request.member, is_watching=is_watching, now=request.now)
    return to_story(request, pk, "people")


@action(EDIT)
def story_helpers(request: MemberRequest, pk: int) -> HttpResponse:
    """Say who works on it beside the lead."""
    story, form = story_or_404(request, pk), HelpersForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        raise HelpersRefused(_("Only members of the workspace can work on a story."))
    watching.set_helpers(story=story, members=form.cleaned_data["helpers"], by=request.member, now=request.now)
    return to_story(request, pk, "people")
