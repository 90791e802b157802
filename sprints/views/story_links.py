"""Links of a story to other stories and to segments."""

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from sprints.backlog_filters import with_words
from sprints.forms.talk import LinkForm, SegmentsForm
from sprints.models import Story, StoryLink
from sprints.services import story_links
from sprints.services.story_links import LinkRefused
from sprints.views.around import story_or_404, to_story
from workspaces.http import MemberRequest, action, page
from workspaces.permissions import Can

EDIT = Can.EDIT_STORIES
PART = "links"
OFFERED = 10


@page(EDIT)
def story_find(request: MemberRequest, pk: int) -> HttpResponse:
    """Other stories with the words that are being typed into a field, as its choices."""
    story = story_or_404(request, pk)
    others = Story.objects.for_workspace(request.workspace).filter(dropped_at=None).exclude(pk=story.pk)
    found = with_words(others, request.GET.get("story", "")).order_by(F("done_at").desc(nulls_first=True), "-number")
    return render(request, "sprints/_story_choices.html", {"stories": found[:OFFERED]})


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
