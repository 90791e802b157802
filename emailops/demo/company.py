"""Maren & Moss, a small shop for natural cosmetics in Sofia: the order in which its story is told.

Everything is told through the services the product itself uses, each at the time at which it happened, counted back
from now. The same day tells the same story.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db import connection, transaction
from django.utils import timezone

from audience.profiles import rebuild_profiles
from emailops.demo import atelier
from emailops.demo.cadence import tell_rhythm
from emailops.demo.forgetting import tell_forgetting
from emailops.demo.mails import MailTeller
from emailops.demo.opening import Opening
from emailops.demo.owner import OwnerTeller
from emailops.demo.people import PASSWORD, PEOPLE, found_shop, invite_lena, make_users
from emailops.demo.poker import tell_poker
from emailops.demo.post import PostOffice
from emailops.demo.reactions import Audience
from emailops.demo.readers import show_the_brand, somebody_asks
from emailops.demo.shop import Shop
from emailops.demo.sprints import ask_about_next, tell_sprints
from emailops.demo.stage import FIRST_SPRINT, RUNNING_SPRINT, Calendar, Stage, at
from emailops.demo.standups import tell_stand_ups
from emailops.demo.strategy import tell_strategy
from emailops.demo.survey import SurveyTeller
from emailops.demo.talk import tell_talk
from emailops.lib.queue import silence
from insights.services import fold
from workspaces.models import Workspace

__all__ = ["PASSWORD", "PEOPLE", "seed_if_empty", "tell"]

Say = Callable[[str], object]


def seed_if_empty(say: Say) -> None:
    """Tell the company's story when there is no workspace yet; all of it or nothing."""
    if Workspace.objects.exists():
        return
    say("Telling the story of a sample company (about a minute, only this once) …")
    with silence(), transaction.atomic():
        tell(timezone.now(), say)


def tell(now: datetime, say: Say = lambda _line: None) -> None:
    """Everything, in the order in which it happened. Rings no bell and sends no mail if called in `silence`."""
    calendar = Calendar(now)
    users = make_users()
    cast = found_shop(users, at(calendar.founded, "09:30"))
    atelier.tell(Calendar(now, running=1), users)
    stage = Stage(cast["elena"].workspace, calendar, cast)
    shop = Shop(stage, seed=7)
    opening = Opening(stage, shop, seed=3)
    readers = Audience(stage, shop, opening.crowd, seed=11)
    opening.tell()
    tell_strategy(stage)
    tell_sprints(stage, MailTeller(stage, PostOffice(stage, opening.crowd), readers))
    tell_stand_ups(stage)
    ask_about_next(stage)
    tell_poker(stage)
    tell_rhythm(stage)
    tell_talk(stage)
    OwnerTeller(stage).tell()
    SurveyTeller(stage).tell()
    _tell_nights(stage, shop, readers)
    stage.diary.on(calendar.in_sprint(RUNNING_SPRINT, "2 11:00"), partial(invite_lena, stage.lead))
    stage.diary.on(at(calendar.founded, "10:30"), partial(show_the_brand, stage))
    stage.diary.on(calendar.now, partial(somebody_asks, stage))
    stage.diary.on(calendar.now, partial(tell_forgetting, stage))  # last: the shop still reports on whoever is there
    _play(stage, say)
    fold(now)
    # What sends and the passing of time make of profiles is the work of tasks, and those are silenced.
    for workspace in Workspace.objects.all():
        rebuild_profiles(workspace, now)


def _tell_nights(stage: Stage, shop: Shop, readers: Audience) -> None:
    """Every night at three the shop reports the day before; readers' doings are taken down with it."""
    day = stage.calendar.founded
    while day < stage.calendar.today:
        day += timedelta(days=1)
        stage.diary.on(at(day, "03:00"), shop.report)
        stage.diary.on(at(day, "03:05"), readers.report)
    stage.diary.on(stage.calendar.now, shop.report)
    stage.diary.on(stage.calendar.now, readers.report)


def _play(stage: Stage, say: Say) -> None:
    say("  People, contacts and orders …")
    stage.diary.play(at(stage.calendar.start_of(FIRST_SPRINT), "00:00"))
    _know_the_tables()
    for number in range(FIRST_SPRINT, RUNNING_SPRINT + 1):
        say(f"  Sprint {number} …")
        stage.diary.play(min(stage.calendar.now, at(stage.calendar.start_of(number + 1), "00:00")))
        _know_the_tables()


def _know_the_tables() -> None:
    """Autovacuum cannot see what is not committed yet, so the planner would take full tables for empty ones."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
