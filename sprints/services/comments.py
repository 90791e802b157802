"""Verbs on comments: write, change, take back. What only the team reads never reaches the owner."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.broadcast import tell_story
from sprints.markup import mentions_in
from sprints.models import Audience, CommentVersion, Story, StoryComment
from sprints.services.watching import follow
from sprints.telling import tell_comment, tell_mentioned
from workspaces.audit import record
from workspaces.models import Member, Workspace
from workspaces.permissions import Can

LONGEST_COMMENT = 10_000


class CommentRefused(DomainError):
    """The comment cannot be written, changed or taken back as asked."""

    code = "comment_refused"


@transaction.atomic
def write_comment(*, story: Story, text: str, audience: Audience, by: Member, now: datetime) -> StoryComment:
    """Say something about a story, and tell its followers and those who are mentioned with `@name`.

    Writer and mentioned follow the story from now on. Raises `CommentRefused` for no words or too many, for a comment
    to the team by somebody who does not belong to it, and for a mention of somebody who could not read it.
    """
    text = _checked(text)
    if audience == Audience.TEAM and not by.may(Can.SEE_TEAM):
        raise CommentRefused(_("You read what everybody reads, so that is what you can write."))
    mentioned = _mentioned(story.workspace, text, audience)
    comment = StoryComment.objects.create(
        workspace=story.workspace, story=story, author=by, audience=audience, text=text, written_at=now
    )
    comment.mentioned.set(mentioned)
    follow(story, [by, *mentioned])
    record("story.commented", story, by=by, now=now, comment=comment.pk, audience=audience)
    tell_comment(comment, mentioned, by, now)
    tell_story(story)
    return comment


def _checked(text: str) -> str:
    text = text.strip().replace("\r\n", "\n")
    if not text:
        raise CommentRefused(_("Write something first."), fields={"text": [_("Empty.")]})
    if len(text) > LONGEST_COMMENT:
        raise CommentRefused(
            _("A comment has at most %(most)d letters. Attach a file instead.") % {"most": LONGEST_COMMENT},
            fields={"text": [_("Too long.")]},
        )
    return text


def people_to_mention(workspace: Workspace, audience: Audience) -> dict[str, Member]:
    """Whom a comment can mention, by name: whoever may read it. Of namesakes the one who came first. One query."""
    found = Member.objects.for_workspace(workspace).active().order_by("joined_at", "pk")
    return {str(member): member for member in reversed(found) if _reads(member, audience)}


def _reads(member: Member, audience: str) -> bool:
    return member.may(Can.SEE_TEAM if audience == Audience.TEAM else Can.SEE_SPRINTS)


def _mentioned(workspace: Workspace, text: str, audience: str) -> list[Member]:
    everybody = people_to_mention(workspace, Audience.EVERYBODY)
    found = [everybody[name] for name in sorted(mentions_in(text, everybody))]
    outside = [member for member in found if not _reads(member, audience)]
    if outside:
        raise CommentRefused(
            _("%(name)s does not read what is only for the team. Share the comment, or take the @ away.")
            % {"name": outside[0]},
            fields={"text": [_("Mentions somebody who cannot read it.")]},
        )
    return found


@transaction.atomic
def change_comment(*, comment: StoryComment, text: str, by: Member, now: datetime) -> None:
    """Change the words of one's own comment; those before are kept beside it. The same words change nothing.

    Raises `CommentRefused` for somebody else's comment, one that was taken back, and as `write_comment` does.
    """
    comment = _locked(comment)
    if comment.author_id != by.pk:
        raise CommentRefused(_("Only who wrote a comment can change it."))
    text = _checked(text)
    if text == comment.text:
        return
    mentioned = _mentioned(comment.workspace, text, comment.audience)
    known = set(comment.mentioned.values_list("pk", flat=True))
    CommentVersion.objects.create(workspace=comment.workspace, comment=comment, text=comment.text, until=now)
    comment.text, comment.edited_at = text, now
    comment.save(update_fields=["text", "edited_at"])
    comment.mentioned.set(mentioned)
    record("story.comment_changed", comment.story, by=by, now=now, comment=comment.pk)
    fresh = [member for member in mentioned if member.pk not in known]
    follow(comment.story, fresh)
    tell_mentioned(comment, fresh, by, now)
    tell_story(comment.story)


@transaction.atomic
def remove_comment(*, comment: StoryComment, by: Member, now: datetime) -> None:
    """Take a comment back: its words and their earlier versions are gone, its place and its author stay.

    Raises `CommentRefused` for somebody who neither wrote it nor manages the workspace, or was removed already.
    """
    comment = _locked(comment)
    if comment.author_id != by.pk and not by.may(Can.MANAGE_WORKSPACE):
        raise CommentRefused(_("Only who wrote a comment, or who manages the workspace, can remove it."))
    comment.versions.all().delete()
    comment.mentioned.clear()
    comment.text, comment.removed_at, comment.removed_by = "", now, by
    comment.save(update_fields=["text", "removed_at", "removed_by"])
    record("story.comment_removed", comment.story, by=by, now=now, comment=comment.pk)
    tell_story(comment.story)


def _locked(comment: StoryComment) -> StoryComment:
    """The comment as it stands now, until the transaction ends."""
    rows = StoryComment.objects.select_for_update(of=("self",)).select_related("story__workspace", "workspace")
    found = rows.get(pk=comment.pk)
    if found.removed_at is not None:
        raise CommentRefused(_("This comment was taken back."))
    return found
