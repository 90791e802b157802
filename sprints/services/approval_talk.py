"""What is said about a request beside the answer to it: the owner asks, the team answers. It decides nothing."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from sprints.approval_log import tell
from sprints.deciders import answers_for, delegates_of, is_active, may_decide
from sprints.markup import mentions_in
from sprints.models import ApprovalEvent, ApprovalMessage, ApprovalRequest, Audience, DecidedVia
from sprints.services.approval_answers import THROUGH
from sprints.services.comments import people_to_mention
from sprints.telling import tell_message
from workspaces.models import Member
from workspaces.permissions import Can
from workspaces.systemmail import post

LONGEST_MESSAGE = 4000
MOST_AN_HOUR = 20  # of one person about one version: a link that fell into wrong hands must not flood mailboxes


class MessageRefused(DomainError):
    """Nothing was said: no words, too many, too often, or by somebody who has no part in it."""

    code = "message_refused"


def may_speak(request: ApprovalRequest, by: Member, now: datetime) -> bool:
    """Whoever works on the plan may, and whoever answers for it."""
    if by.workspace_id != request.workspace_id or not is_active(by):
        return False
    return by.may(Can.EDIT_STORIES) or answers_for(request, by, now)


@transaction.atomic
def write_message(
    *, request: ApprovalRequest, text: str, by: Member, now: datetime, via: DecidedVia = DecidedVia.MEMBER
) -> ApprovalMessage:
    """Say something about a version. It stands in the log, and is never changed or taken back.

    Told are the one who asked, those who decide, who spoke before, and those mentioned with `@name`; whoever can decide
    on it gets a mail with the link to answer. Raises `MessageRefused`.
    """
    text = _checked(text)
    if not may_speak(request, by, now):
        raise MessageRefused(_("Only who works on the plan, or decides on it, can write here."))
    ApprovalRequest.objects.select_for_update(of=("self",)).get(pk=request.pk)
    _require_calm(request, by, now)
    people = people_to_mention(request.workspace, Audience.EVERYBODY)
    mentioned = [people[name] for name in sorted(mentions_in(text, people))]
    via = DecidedVia.API if by.acting_through else via
    message = ApprovalMessage.objects.create(
        workspace=request.workspace, request=request, author=by, text=text, via=via, written_at=now
    )
    message.mentioned.set(mentioned)
    tell(ApprovalEvent.SAID, request, by=by, now=now, through=THROUGH.get(via, ""), comment=text, message=message.pk)
    _tell_people(message, mentioned)
    return message


def _checked(text: str) -> str:
    text = text.strip().replace("\r\n", "\n")
    if not text:
        raise MessageRefused(_("Write something first."), fields={"text": [_("Empty.")]})
    if len(text) > LONGEST_MESSAGE:
        words = _("A message has at most %(most)d letters.") % {"most": LONGEST_MESSAGE}
        raise MessageRefused(words, fields={"text": [_("Too long.")]})
    return text


def _require_calm(request: ApprovalRequest, by: Member, now: datetime) -> None:
    lately = ApprovalMessage.objects.filter(request=request, author=by, written_at__gt=now - timedelta(hours=1))
    if lately.count() >= MOST_AN_HOUR:
        raise MessageRefused(_("That is a lot within an hour. Wait a little, or talk to each other."))


def _tell_people(message: ApprovalMessage, mentioned: list[Member]) -> None:
    request, now = message.request, message.written_at
    spoke = Member.objects.filter(pk__in=request.messages.values("author")).select_related("user", "workspace")
    people = [request.requested_by, request.approver, *delegates_of(request, now), *spoke, *mentioned]
    people += [request.escalated_to] if request.escalated_to else []
    others = {member.pk: member for member in people if member.pk != message.author_id and is_active(member)}
    deciding = [member for member in others.values() if request.link_works(now) and may_decide(request, member, now)]
    for member in deciding:
        address = member.user.email
        post("sprints.approval_message", workspace=request.workspace, object_id=message.pk, to=address, now=now)
    tell_message(message, list(others.values()), deciding)
