"""What members are told of stories and approvals, in words; comments only to those who may read them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sprints import telling
from sprints.markup import excerpt
from sprints.models import ApprovalMessage, Blocker, OutcomeVerdict, Sprint, Story, StoryComment, StoryStatus
from sprints.notice_groups import FOLLOWED, MINE
from sprints.notice_places import register_all_places
from sprints.notices_team import TEAM_KINDS
from workspaces.models import Member, Notice
from workspaces.notices.kinds import NoticeKind, Tell, Told, register_kind
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


def _mine_to_clear(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """With what is in the way."""
    found = Blocker.objects.for_workspace(member.workspace).filter(pk__in={row.detail["blocker"] for row in notices})
    reasons = dict(found.values_list("pk", "reason"))
    given, cleared = _("asks you to clear what is in the way"), _("cleared what was in the way")
    return {
        notice.pk: Told(given if notice.detail["is_blocked"] else cleared, reasons.get(notice.detail["blocker"], ""))
        for notice in notices
    }


def _planned(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """By the number of the sprint, which never changes."""
    ids = {notice.detail.get(name) for notice in notices for name in ("sprint", "left")}
    found = Sprint.objects.for_workspace(member.workspace).filter(pk__in=ids - {None})
    numbers = dict(found.values_list("pk", "number"))
    return {notice.pk: Told(_went(notice.detail, numbers)) for notice in notices}


def _went(detail: Detail, numbers: Mapping[int, int]) -> str:
    to, left = numbers.get(detail.get("sprint") or 0), numbers.get(detail.get("left") or 0)
    if detail.get("is_dropped"):
        return _("dropped it")
    if to is not None:
        return _("put it into sprint %(number)d") % {"number": to}
    if left is not None:
        return _("took it out of sprint %(number)d") % {"number": left}
    return _("put it back into the backlog")


def _blocked(detail: Detail) -> str:
    return _("says that something is in the way") if detail["is_blocked"] else _("says that nothing is in the way")


def _changed(detail: Detail) -> str:
    names = [str(Story._meta.get_field(name).verbose_name) for name in detail["fields"]]  # type: ignore[union-attr]
    return _("changed: %(fields)s") % {"fields": ", ".join(names)}


def _moved(detail: Detail) -> str:
    return _("moved it to “%(column)s”") % {"column": detail.get("name") or StoryStatus(detail["column"]).label}


def _measured(detail: Detail) -> str:
    return _("measured what came of it: %(verdict)s") % {"verdict": OutcomeVerdict(detail["verdict"]).label}


SEE = Can.SEE_SPRINTS
KINDS = [
    NoticeKind(
        telling.MENTIONED,
        10,
        MINE,
        gettext_lazy("Somebody mentions me"),
        "at-sign",
        SEE,
        _comments(gettext_lazy("mentioned you")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.ASKED,
        20,
        MINE,
        gettext_lazy("My decision is asked for"),
        "clipboard-check",
        Can.DECIDE,
        _each(lambda _detail: _("asks for your decision")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.DECIDED,
        21,
        MINE,
        gettext_lazy("The owner decided on what I work on"),
        "gavel",
        SEE,
        _each(lambda _detail: _("decided")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.SAID,
        22,
        MINE,
        gettext_lazy("Questions and answers about an approval"),
        "message-square",
        SEE,
        _messages,
        is_urgent=True,
    ),
    NoticeKind(
        telling.FOLLOWED,
        23,
        MINE,
        gettext_lazy("What I asked about changed"),
        "history",
        SEE,
        _each(lambda detail: str(FOLLOWED_WORDS[detail["what"]])),
        is_urgent=True,
    ),
    NoticeKind(
        telling.NAMED,
        24,
        MINE,
        gettext_lazy("I see to a condition of an approval"),
        "list-checks",
        SEE,
        _each(lambda _detail: _("named you for a condition")),
        is_urgent=True,
    ),
    NoticeKind(
        telling.ASSIGNED,
        30,
        MINE,
        gettext_lazy("I am given a story or a step"),
        "user-plus",
        SEE,
        _each(lambda _detail: _("gave you work")),
    ),
    NoticeKind(
        telling.MINE_TO_CLEAR,
        31,
        MINE,
        gettext_lazy("Something in the way is mine to clear, or it is cleared"),
        "octagon-alert",
        SEE,
        _mine_to_clear,
        is_urgent=True,
    ),
    NoticeKind(
        telling.COMMENTED,
        40,
        FOLLOWED,
        gettext_lazy("Comments"),
        "message-square",
        SEE,
        _comments(gettext_lazy("wrote a comment")),
    ),
    NoticeKind(
        telling.BLOCKED, 50, FOLLOWED, gettext_lazy("It is blocked or freed"), "octagon-alert", SEE, _each(_blocked)
    ),
    NoticeKind(telling.MOVED, 51, FOLLOWED, gettext_lazy("It moves on the board"), "arrow-right", SEE, _each(_moved)),
    NoticeKind(telling.CHANGED, 52, FOLLOWED, gettext_lazy("It is changed"), "pen-line", SEE, _each(_changed)),
    NoticeKind(
        telling.PLANNED,
        53,
        FOLLOWED,
        gettext_lazy("It goes into a sprint, or out of one"),
        "calendar-days",
        SEE,
        _planned,
    ),
    NoticeKind(
        telling.MEASURED,
        55,
        FOLLOWED,
        gettext_lazy("Its verdict is there"),
        "chart-no-axes-column",
        SEE,
        _each(_measured),
    ),
]


def register_notices() -> None:
    """Make the kinds of this app known, and where their objects are."""
    for kind in [*KINDS, *TEAM_KINDS]:
        register_kind(kind)
    register_all_places()
