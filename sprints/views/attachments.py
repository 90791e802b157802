"""Files of a story."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from sprints.downloads import downloaded
from sprints.forms.talk import FileForm
from sprints.models import Attachment
from sprints.services import attachments
from sprints.services.attachments import AttachmentRefused
from sprints.views.around import story_or_404, to_story
from workspaces.http import MemberRequest, action, page
from workspaces.permissions import Can


@action(Can.EDIT_STORIES)
def attachment_add(request: MemberRequest, pk: int) -> HttpResponse:
    story, form = story_or_404(request, pk), FileForm(request.POST, request.FILES)
    if not form.is_valid():
        raise AttachmentRefused(_("Choose a file first."))
    file = form.cleaned_data["file"]
    attachments.attach(story=story, file=file, name=file.name, by=request.member, now=request.now)
    return to_story(request, pk, "files")


def _attachment(request: MemberRequest, pk: int) -> Attachment:
    found = Attachment.objects.for_workspace(request.workspace).select_related("story__workspace", "workspace")
    return get_object_or_404(found, pk=pk)


@page(Can.SEE_SPRINTS)
def attachment_file(request: MemberRequest, pk: int) -> HttpResponse:
    """The file: a picture to be shown, anything else to be saved; with `?save=1` a picture too."""
    return downloaded(_attachment(request, pk), is_shown="save" not in request.GET)


@action(Can.EDIT_STORIES)
def attachment_remove(request: MemberRequest, pk: int) -> HttpResponse:
    attachment = _attachment(request, pk)
    attachments.remove_attachment(attachment=attachment, by=request.member, now=request.now)
    return to_story(request, attachment.story_id, "files")
