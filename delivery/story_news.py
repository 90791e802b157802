"""Telling the followers of a story that the mail made for it went out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from delivery.models import Run
from delivery.story_sends import story_sends
from sprints.notice_groups import FOLLOWED
from sprints.sends import register_sends
from sprints.telling import watchers
from workspaces.models import Member, Notice
from workspaces.notices.kinds import NoticeKind, Told, register_kind
from workspaces.notices.telling import notify
from workspaces.permissions import Can

SENT = "story.sent"


def tell_sent(run: Run, count: int, now: datetime) -> None:
    """Tell those who follow the story of a campaign to how many people it was sent."""
    story = run.campaign.story
    notify(SENT, story, to=watchers(story), by=None, now=now, campaign=run.campaign_id, count=count)


def _sent(member: Member, notices: Sequence[Notice]) -> Mapping[int, Told]:
    """With the name of the mail."""
    found = Campaign.objects.for_workspace(member.workspace)
    names = dict(found.filter(pk__in={notice.detail["campaign"] for notice in notices}).values_list("pk", "name"))
    return {
        notice.pk: Told(_words(names[notice.detail["campaign"]], notice.detail["count"]))
        for notice in notices
        if notice.detail["campaign"] in names
    }


def _words(name: str, count: int) -> str:
    said = ngettext("sent “%(name)s” to %(count)s person", "sent “%(name)s” to %(count)s people", count)
    return said % {"name": name, "count": intcomma(count)}


def register_story_news() -> None:
    """What the pages of stories and retrospectives, and their followers, learn of sends."""
    register_sends(story_sends)
    register_kind(NoticeKind(SENT, 54, FOLLOWED, _("A mail made for it was sent"), "send", Can.SEE_CAMPAIGNS, _sent))
