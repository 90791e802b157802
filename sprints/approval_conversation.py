"""The conversation about a plan, a mail or a goal over all its versions, as its page shows it, oldest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from sprints.markup import to_html
from sprints.models import ApprovalMessage, ApprovalRequest, ApprovalState, Audience, Story, StoryComment
from sprints.shown_plan import decided_by_words
from workspaces.models import Member

MOST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something said or done. `about` is the story that a comment stands on; without `html` it is something done."""

    at: datetime
    by: Member | None
    words: str
    html: SafeString | None = None
    about: Story | None = None
    pk: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """The newest of it, oldest first; of what was said `older` are not shown."""

    entries: list[Utterance]
    older: int


def conversation_of(request: ApprovalRequest) -> Conversation:
    """What was said about all versions and, with the owner, on their stories; and the versions. Six queries."""
    said = sorted([*_messages(request), *_comments(request)], key=lambda entry: entry.at)
    entries = [*said[-MOST_SHOWN:], *_versions(request)]
    return Conversation(sorted(entries, key=lambda entry: entry.at), max(0, len(said) - MOST_SHOWN))


def _messages(request: ApprovalRequest) -> Iterator[Utterance]:
    versions = ApprovalRequest.objects.about_same(request)
    rows = ApprovalMessage.objects.filter(request__in=versions).select_related("author__user", "request")
    for row in rows.defer("request__snapshot").prefetch_related("mentioned__user").order_by("written_at", "pk"):
        html = to_html(row.text, [str(member) for member in row.mentioned.all()])
        words = "" if row.request_id == request.pk else _("about version %(number)d") % {"number": row.request.version}
        yield Utterance(row.written_at, row.author, words, html, pk=row.pk)


def _comments(request: ApprovalRequest) -> Iterator[Utterance]:
    """What the team shared with the owner on the stories of the plan, since they were written."""
    if request.is_strategy:
        return
    shared = StoryComment.objects.for_workspace(request.workspace).filter(
        story__in=[item["id"] for item in request.items], audience=Audience.EVERYBODY, removed_at=None
    )
    rows = shared.select_related("author__user", "story").prefetch_related("mentioned__user")
    for row in rows.order_by("-written_at", "-pk")[: MOST_SHOWN + 1]:
        html = to_html(row.text, [str(member) for member in row.mentioned.all()])
        yield Utterance(row.written_at, row.author, "", html, row.story)


def _versions(request: ApprovalRequest) -> Iterator[Utterance]:
    versions = ApprovalRequest.objects.about_same(request).with_voices().defer("snapshot").order_by("version")
    for version in versions:
        number = {"number": version.version}
        if version.is_automatic:
            yield Utterance(version.requested_at, None, _("Version %(number)d was sent by itself") % number)
        else:
            yield Utterance(version.requested_at, version.requested_by, _("sent version %(number)d") % number)
        if version.decided_at is not None:
            verdict = {"verdict": version.get_verdict_display(), "name": decided_by_words(version), **number}
            yield Utterance(
                version.decided_at, None, _("%(name)s answered version %(number)d: “%(verdict)s”") % verdict
            )
        elif version.state == ApprovalState.WITHDRAWN and version.superseded_at is not None:
            yield Utterance(version.superseded_at, None, _("Version %(number)d was withdrawn") % number)
