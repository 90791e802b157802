"""What the views around a story share: finding it, and going back to its page."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from sprints.models import Story
from workspaces.http import MemberRequest


def story_or_404(request: MemberRequest, pk: int) -> Story:
    return get_object_or_404(Story.objects.for_workspace(request.workspace).with_plan(), pk=pk)


def to_story(request: MemberRequest, pk: int, part: str = "") -> HttpResponse:
    """To the page of a story, to one of its parts; htmx follows, and takes the part that it asked for."""
    address = reverse("sprints:story_detail", kwargs={"workspace": request.workspace.slug, "pk": pk})
    return redirect(f"{address}#{part}" if part else address)
