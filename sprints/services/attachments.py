"""Verbs on the files of a story."""

from datetime import datetime

from django.conf import settings
from django.core.files import File
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.filetypes import media_type_of, safe_name
from sprints.broadcast import tell_story
from sprints.models import Attachment, Story
from sprints.ordering import one_at_a_time
from workspaces.audit import record
from workspaces.models import Member, Workspace

MEGABYTE = 1024 * 1024


class AttachmentRefused(DomainError):
    """The file is too large, of a kind we do not keep, or there is no room for it."""

    code = "attachment_refused"


@transaction.atomic
def attach(*, story: Story, file: File[bytes], name: str, by: Member, now: datetime) -> Attachment:
    """Keep a file with a story.

    Raises `AttachmentRefused` for one that is empty, too large, of a kind that is not kept (its content says which), or
    for which the workspace has no room left.
    """
    media_type, size = _checked(file)
    one_at_a_time(story.workspace_id)
    _require_room(story.workspace, size)
    made = Attachment(
        workspace=story.workspace,
        story=story,
        name=safe_name(name),
        media_type=media_type,
        size=size,
        uploaded_by=by,
        uploaded_at=now,
    )
    made.file.save(made.name, file, save=False)
    try:
        with transaction.atomic():
            made.save()
            record("story.attached", story, by=by, now=now, name=made.name, size=size)
    except Exception:
        made.file.storage.delete(str(made.file.name))  # a row that is not there must not leave its file behind
        raise
    tell_story(story)
    return made


def _checked(file: File[bytes]) -> tuple[str, int]:
    size = file.size or 0
    if not size:
        raise AttachmentRefused(_("This file is empty."), fields={"file": [_("Empty.")]})
    if size > settings.ATTACHMENT_MEGABYTES * MEGABYTE:
        raise AttachmentRefused(
            _("A file has at most %(most)d MB. Keep it elsewhere and link to it.")
            % {"most": settings.ATTACHMENT_MEGABYTES},
            fields={"file": [_("Too large.")]},
        )
    media_type = media_type_of(file)
    if media_type not in settings.ATTACHMENT_TYPES:
        raise AttachmentRefused(
            _("Files of this kind are not kept. Pictures, PDF, Office files, texts and ZIP are."),
            fields={"file": [_("Of a kind that is not kept.")]},
        )
    return media_type, size


def room_used(workspace: Workspace) -> int:
    """Bytes of all files of the workspace."""
    total: int | None = Attachment.objects.for_workspace(workspace).aggregate(total=Sum("size"))["total"]
    return total or 0


def _require_room(workspace: Workspace, size: int) -> None:
    most = settings.ATTACHMENTS_MEGABYTES * MEGABYTE
    if room_used(workspace) + size > most:
        raise AttachmentRefused(
            _("The workspace has room for %(most)d MB of files, and this one does not fit. Remove some first.")
            % {"most": settings.ATTACHMENTS_MEGABYTES},
            fields={"file": [_("No room.")]},
        )


@transaction.atomic
def remove_attachment(*, attachment: Attachment, by: Member, now: datetime) -> None:
    """Delete a file for ever; that it was there stays in the history."""
    storage, path, story = attachment.file.storage, str(attachment.file.name), attachment.story
    record("story.attachment_removed", story, by=by, now=now, name=attachment.name)
    attachment.delete()
    transaction.on_commit(lambda: storage.delete(path))
    tell_story(story)
