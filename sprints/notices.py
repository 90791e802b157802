"""What members are told of stories and approvals, in words; comments only to those who may read them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sprints import telling
from sprints.letters import subject_of
from sprints.markup import excerpt
from sprints.models import ApprovalMessage, ApprovalRequest, Story, StoryComment, StoryStatus
from workspaces.models import Member, Notice
from workspaces.notices.kinds import NoticeKind, Place, Tell, Told, register_kind, register_places
from workspaces.permissions import Can

Detail = dict[str, Any]


def _comments(words: Any) -> Tell:
    """Words with the beginning of the comment; one that the reader may not read, or that is gone, is not told."""

    def tell(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
        wanted = {notice.detail["comment"] for notice in notices}
        readable = StoryComment.objects.for_workspace(member.workspace).for_reader(member).filter(removed_at=None)
        texts = dict(readable.filter(pk__in=wanted).values_list("pk", "text"))
        return {
            notice.pk: Told(str(words), excerpt(texts[notice.detail["comment"]]))
            for notice in notices
            if notice.detail["comment"] in texts
        }

    return tell


def _messages(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """Words with the beginning of what was said about a request."""
    wanted = {notice.detail["message"] for notice in notices}
    texts = dict(
        ApprovalMessage.objects.for_workspace(member.workspace).filter(pk__in=wanted).values_list("pk", "text")
    )
    found = ((notice, texts.get(notice.detail["message"])) for notice in notices)
    return {notice.pk: Told(_("wrote about it"), excerpt(text)) for notice, text in found if text is not None}


FOLLOWED_WORDS = {
    telling.ASKED_AGAIN: gettext_lazy("The plan changed, and the owner is asked about the change"),
    telling.AS_ANSWERED: gettext_lazy("The plan is again as it was answered; nothing is asked"),
    telling.NOT_ASKED: gettext_lazy("The plan changed, but the owner could not be asked about it"),
}


def _each(say: Callable[[Detail], str]) -> Tell:
    return lambda _member, notices: {notice.pk: Told(say(notice.detail)) for notice in notices}


def _blocked(detail: Detail) -> str:
    return _("says that something is in the way") if detail["is_blocked"] else _("says that nothing is in the way")


def _changed(detail: Detail) -> str:
    names = [str(Story._meta.get_field(name).verbose_name) for name in detail["fields"]]  # type: ignore[union-attr]
    return _("changed: %(fields)s") % {"fields": ", ".join(names)}


def _moved(detail: Detail) -> str:
    return _("moved it to “%(column)s”") % {"column": detail.get("name") or StoryStatus(detail["column"]).label}


def _stories(member: Member, ids: Collection[int]) -> dict[int, Place]:
    found = Story.objects.for_workspace(member.workspace).filter(pk__in=ids).only("title")
    return {story.pk: Place(story.title, _href(member, "sprints:story_detail", story.pk)) for story in found}


def _approvals(member: Member, ids: Collection[int]) -> dict[int, Place]:
    found = ApprovalRequest.objects.for_workspace(member.workspace).filter(pk__in=ids)
    return {
        asked.pk: Place(
            _("Approval of %(what)s") % {"what": subject_of(asked)}, _href(member, "sprints:approval_detail", asked.pk)
        )
        for asked in found.select_related("sprint", "story").defer("snapshot")
    }


def _href(member: Member, page: str, pk: int) -> str:
    return reverse(page, kwargs={"workspace": member.workspace.slug, "pk": pk})


SEE = Can.SEE_SPRINTS
KINDS = [
    NoticeKind(
        telling.MENTIONED,
        10,
        gettext_lazy("Somebody mentions me"),
        "at-sign",
        SEE,
        _comments(gettext_lazy("mentioned you")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.ASKED,
        20,
        gettext_lazy("My decision is asked for"),
        "clipboard-check",
        Can.DECIDE,
        _each(lambda _detail: _("asks for your decision")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.DECIDED,
        21,
        gettext_lazy("The owner decided on what I work on"),
        "gavel",
        SEE,
        _each(lambda _detail: _("decided")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.SAID,
        22,
        gettext_lazy("Questions and answers about an approval"),
        "message-square",
        SEE,
        _messages,
        is_urgent=True,
    ),
    NoticeKind(
        telling.FOLLOWED,
        23,
        gettext_lazy("What I asked about changed"),
        "history",
        SEE,
        _each(lambda detail: str(FOLLOWED_WORDS[detail["what"]])),
        is_urgent=True,
    ),
    NoticeKind(
        telling.NAMED,
        24,
        gettext_lazy("I see to a condition of an approval"),
        "list-checks",
        SEE,
        _each(lambda _detail: _("named you for a condition")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.ASSIGNED,
        30,
        gettext_lazy("I am given a story or a step"),
        "user-plus",
        SEE,
        _each(lambda _detail: _("gave you work")),
    ),
    NoticeKind(
        telling.COMMENTED,
        40,
        gettext_lazy("Comments on stories I follow"),
        "message-square",
        SEE,
        _comments(gettext_lazy("wrote a comment")),
    ),
    NoticeKind(
        telling.BLOCKED, 50, gettext_lazy("A story I follow is blocked or freed"), "octagon-alert", SEE, _each(_blocked)
    ),
    NoticeKind(
        telling.MOVED, 51, gettext_lazy("A story I follow moves on the board"), "arrow-right", SEE, _each(_moved)
    ),
    NoticeKind(telling.CHANGED, 52, gettext_lazy("A story I follow is changed"), "pen-line", SEE, _each(_changed)),
]


def register_notices() -> None:
    """Make the kinds of this app known, and where their objects are."""
    for kind in KINDS:
        register_kind(kind)
    register_places("story", _stories)
    register_places("approvalrequest", _approvals)
