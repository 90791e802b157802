"""Links of a story to other stories and to segments."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from sprints.forms.talk import LinkForm, SegmentsForm
from sprints.models import StoryLink
from sprints.services import story_links
from sprints.services.story_links import LinkRefused
from sprints.views.around import story_or_404, to_story
from workspaces.http import MemberRequest, action
from workspaces.permissions import Can

EDIT = Can.EDIT_STORIES
PART = "links"


@action(EDIT)
def story_link_add(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what this story is to another one."""
    story = story_or_404(request, pk)
    form = LinkForm(request.POST, of=story)
    if not form.is_valid():
        raise LinkRefused(_("Choose another story of this workspace."))
    source, kind, target = form.ends(story)
    story_links.link_stories(source=source, kind=kind, target=target, by=request.member, now=request.now)
    return to_story(request, pk, PART)


@action(EDIT)
def story_link_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a link away; `of` is the story on whose page that was done."""
    links = StoryLink.objects.for_workspace(request.workspace)
    link = get_object_or_404(links.select_related("source__workspace", "target__workspace"), pk=pk)
    of = link.target_id if request.POST.get("of") == str(link.target_id) else link.source_id
    story_links.unlink_stories(link=link, by=request.member, now=request.now)
    return to_story(request, of, PART)


@action(EDIT)
def story_segments(request: MemberRequest, pk: int) -> HttpResponse:
    """Say which segments a story is about."""
    story, form = story_or_404(request, pk), SegmentsForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        raise LinkRefused(_("Choose segments of this workspace."))
    story_links.set_segments(story=story, segments=form.cleaned_data["segments"], by=request.member, now=request.now)
    return to_story(request, pk, PART)
