"""What members are told of sprints, planning poker, retrospectives, stand-ups and ideas, in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sprints import telling_poker, telling_team
from sprints.markup import excerpt, mentions_in
from sprints.models import Idea, IdeaState, PokerSession, RetroAction, SprintState, StandUpEntry
from sprints.notice_groups import MINE, TOGETHER
from workspaces.models import Member, Notice
from workspaces.notices.kinds import NoticeKind, Tell, Told
from workspaces.permissions import Can, Role

Detail = dict[str, Any]


def _always(words: Any) -> Tell:
    return lambda _member, notices: {notice.pk: Told(str(words)) for notice in notices}


def _by_detail(say: Callable[[Detail], str]) -> Tell:
    return lambda _member, notices: {notice.pk: Told(say(notice.detail)) for notice in notices}


def _sprint_step(detail: Detail) -> str:
    if detail["step"] == SprintState.CLOSED:
        return _("closed the sprint: %(done)d of %(committed)d points") % {
            "done": detail["done"] or 0,
            "committed": detail["committed"] or 0,
        }
    return _("started the sprint") if detail["step"] == SprintState.RUNNING else _("cancelled the sprint")


def _invited(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """With the number of stories, and the deadline if there is one."""
    ids = {notice.about_id for notice in notices}
    found = PokerSession.objects.for_workspace(member.workspace).filter(pk__in=ids).prefetch_related("items")
    words = {session.pk: _asked_to_vote(session) for session in found}
    return {notice.pk: Told(words[notice.about_id]) for notice in notices if notice.about_id in words}


def _asked_to_vote(session: PokerSession) -> str:
    count = len(session.items.all())
    said = ngettext("asks you to estimate %(count)d story", "asks you to estimate %(count)d stories", count)
    said = said % {"count": count}
    if session.deadline_at is None:
        return said
    until = date_format(session.deadline_at, "SHORT_DATETIME_FORMAT")
    return _("%(asked)s by %(until)s") % {"asked": said, "until": until}


def _poker_over(_member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """Nobody ended what ended by its deadline."""
    ended, passed = _("ended planning poker"), _("turned the cards: the time to vote is over")
    return {notice.pk: Told(ended if notice.by_id else passed) for notice in notices}


def _overdue(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    found = RetroAction.objects.for_workspace(member.workspace).filter(pk__in={notice.about_id for notice in notices})
    days = {action.pk: action.due_date for action in found if action.due_date}
    words = _("reminds you: it was to be done by %(day)s")
    return {
        notice.pk: Told(words % {"day": date_format(days[notice.about_id], "DATE_FORMAT")})
        for notice in notices
        if notice.about_id in days
    }


def _at_stand_up(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """With the answer that mentions the reader; what was taken back meanwhile is not told."""
    wanted = {notice.detail["entry"] for notice in notices}
    entries = StandUpEntry.objects.for_workspace(member.workspace).filter(pk__in=wanted)
    quotes = {entry.pk: _answer_to(member, entry) for entry in entries}
    return {
        notice.pk: Told(_("mentioned you at the stand-up"), excerpt(quotes[notice.detail["entry"]]))
        for notice in notices
        if quotes.get(notice.detail["entry"])
    }


def _answer_to(member: Member, entry: StandUpEntry) -> str:
    answers = (entry.in_the_way, entry.today, entry.yesterday)
    return next((answer for answer in answers if mentions_in(answer, [str(member)])), "")


def _idea_answered(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """With the reason of a no."""
    found = Idea.objects.for_workspace(member.workspace).filter(pk__in={notice.about_id for notice in notices})
    reasons = dict(found.values_list("pk", "reason"))
    return {
        notice.pk: Told(ANSWERS[notice.detail["state"]](), excerpt(reasons.get(notice.about_id, "")))
        for notice in notices
    }


ANSWERS: dict[str, Callable[[], str]] = {
    IdeaState.ACCEPTED: lambda: _("made a story of your idea"),
    IdeaState.MERGED: lambda: _("added your idea to a story"),
    IdeaState.DECLINED: lambda: _("declined your idea"),
}

SEE, EDIT = Can.SEE_SPRINTS, Can.EDIT_STORIES
TEAM_KINDS = [
    NoticeKind(
        telling_team.STAND_UP_MENTIONED,
        11,
        MINE,
        gettext_lazy("A stand-up mentions me"),
        "timer",
        SEE,
        _at_stand_up,
        is_urgent=True,
    ),
    NoticeKind(
        telling_team.ACTION_GIVEN,
        32,
        MINE,
        gettext_lazy("I am given an action of a retrospective"),
        "flag",
        SEE,
        _always(gettext_lazy("gave you this to do")),
    ),
    NoticeKind(
        telling_team.ACTION_OVERDUE,
        33,
        MINE,
        gettext_lazy("An action of mine is overdue"),
        "calendar-days",
        SEE,
        _overdue,
        is_urgent=True,
    ),
    NoticeKind(
        telling_team.IDEA_ANSWERED, 34, MINE, gettext_lazy("An idea of mine is answered"), "inbox", SEE, _idea_answered
    ),
    NoticeKind(
        telling_poker.INVITED,
        60,
        TOGETHER,
        gettext_lazy("I am asked to planning poker"),
        "spade",
        EDIT,
        _invited,
        is_urgent=True,
    ),
    NoticeKind(
        telling_poker.OWING,
        61,
        TOGETHER,
        gettext_lazy("Planning poker waits for my vote"),
        "spade",
        EDIT,
        _always(gettext_lazy("waits for your vote")),
        is_urgent=True,
    ),
    NoticeKind(telling_poker.OVER, 62, TOGETHER, gettext_lazy("Planning poker is over"), "spade", EDIT, _poker_over),
    NoticeKind(
        telling_team.RETRO_BEGUN,
        70,
        TOGETHER,
        gettext_lazy("A retrospective begins"),
        "history",
        EDIT,
        _always(gettext_lazy("began the retrospective")),
        is_urgent=True,
    ),
    NoticeKind(
        telling_team.SPRINT_STEP,
        71,
        TOGETHER,
        gettext_lazy("A sprint starts, is closed or cancelled"),
        "square-kanban",
        SEE,
        _by_detail(_sprint_step),
    ),
    NoticeKind(
        telling_team.IDEA_RECEIVED,
        72,
        TOGETHER,
        gettext_lazy("An idea comes in"),
        "inbox",
        Can.PLAN_SPRINTS,
        _always(gettext_lazy("has an idea")),
        roles=frozenset({Role.LEAD}),
    ),
]
