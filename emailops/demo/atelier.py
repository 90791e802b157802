"""Atelier Nord, a pottery that Elena helps in her spare time: small, new, and nobody else's business."""

from datetime import date, timedelta
from decimal import Decimal

from audience.models import Consent
from audience.segments.definition import Group
from audience.services import create_list, create_segment
from campaigns.services import add_sender
from emailops.demo.audience import READER_COLUMNS, Intake, as_csv, bring_in_file, on_list, reader_rows
from emailops.demo.crowd import Crowd, Reader
from emailops.demo.mails import MailTeller
from emailops.demo.people import PEOPLE, STUDIO_OWNER, bring_in
from emailops.demo.post import PostOffice
from emailops.demo.reactions import Audience
from emailops.demo.shop import Shop
from emailops.demo.sprints import SprintTeller, read_tale
from emailops.demo.stage import Calendar, Stage, at
from strategy.models import Direction, GoalKind, ReadingSource, Unit
from strategy.services import define_kpi, enter_reading, measure_history, set_goal, state_principle
from workspaces.models import User
from workspaces.permissions import Role
from workspaces.services import create_workspace

NEIGHBOURS = 84
VISITORS = (9, 12, 11, 16)  # on the open Saturdays of the last months
AGREED = "Tell me when the studio is open. Four times a year at most."


def tell(calendar: Calendar, users: dict[str, User]) -> None:
    """The few weeks since Freja opened the workspace and asked Elena in."""
    start = calendar.start_of(1)
    founded = at(start - timedelta(days=40), "10:00")
    owner = create_workspace(
        name="Atelier Nord",
        user=users[STUDIO_OWNER.key],
        role=Role.OWNER,
        now=founded,
        time_zone="Europe/Sofia",
        postal_address="Atelier Nord\n7 Tsar Shishman Street\n1000 Sofia, Bulgaria",
    )
    elena = bring_in(PEOPLE[0], users["elena"], by=owner, now=founded + timedelta(days=1))
    stage = Stage(owner.workspace, calendar, {"freja": owner, "elena": elena})
    readers = Crowd(seed=23).readers(NEIGHBOURS, born_before=founded.date())
    _bring_neighbours(stage, readers)
    _set_direction(stage, start)
    _tell_sprint(stage, readers)


def _bring_neighbours(stage: Stage, readers: list[Reader]) -> None:
    now = at(stage.calendar.start_of(1) - timedelta(days=36), "16:00")
    workspace, by = stage.workspace, stage.lead
    stage.lists["visitors"] = create_list(
        workspace=workspace, name="Visitors", description="The guest book of the studio.", by=by, now=now
    )
    stage.segments["neighbours"] = create_segment(
        workspace=workspace,
        name="Guest book",
        description="Everybody who wrote an address into the guest book.",
        definition=Group("all", (on_list(stage, "visitors"),)),
        by=by,
        now=now,
    )
    content = as_csv(READER_COLUMNS, reader_rows(readers), spoilt=(("unreadable", "Mira", "", "en", "Sofia"),))
    bring_in_file(stage, Intake("guest-book.csv", "visitors", Consent.GIVEN, AGREED, "elena"), content, now)
    add_sender(workspace=workspace, name="Freja, Atelier Nord", email="freja@ateliernord.example", by=by, now=now)


def _set_direction(stage: Stage, start: date) -> None:
    now = at(start - timedelta(days=10), "11:00")
    workspace, by, owner = stage.workspace, stage.lead, stage.owner
    visits = define_kpi(
        workspace=workspace, name="Visitors on open Saturdays", unit=Unit.COUNT, champion=owner, by=by, now=now
    )
    for months_ago, visitors in enumerate(reversed(VISITORS)):
        day = start - timedelta(days=16 + 28 * months_ago)
        enter_reading(kpi=visits, day=day, value=Decimal(visitors), source=ReadingSource.ENTERED, by=owner, now=now)
    stage.kpis["clicks"] = define_kpi(
        workspace=workspace, name="Click rate, 30 days", unit=Unit.RATE, champion=by, by=by, now=now,
        direction=Direction.UP, source="mail.click_rate", window_days=30,
    )  # fmt: skip
    stage.goals["visits"] = set_goal(
        workspace=workspace,
        name="Forty people on an open Saturday",
        kpi=visits,
        champion=owner,
        by=by,
        now=now,
        kind=GoalKind.REPUTATIONAL,
        why="With forty people in the yard nobody feels that they have to buy something.",
        baseline=Decimal(12),
        target=Decimal(40),
        start_date=start - timedelta(days=60),
        due_date=start + timedelta(days=60),
    )
    state_principle(
        workspace=workspace,
        rule="An invitation is not an advert",
        reason="People come to see, not to be sold to.",
        example="No prices in the mail, and coffee for those who buy nothing.",
        owner=owner,
        by=by,
        now=now,
    )


def _tell_sprint(stage: Stage, readers: list[Reader]) -> None:
    crowd = {reader.email.lower(): reader for reader in readers}
    audience = Audience(stage, Shop(stage, seed=1), crowd, seed=2)
    teller = SprintTeller(stage, 1, read_tale("atelier"))
    teller.tell_plan()
    teller.tell_work(MailTeller(stage, PostOffice(stage, crowd), audience))
    stage.diary.on(stage.calendar.now, audience.report)
    stage.diary.play(stage.calendar.now)
    for kpi in stage.kpis.values():
        measure_history(kpi=kpi, now=stage.calendar.now, days=10)
