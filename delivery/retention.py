"""What the ledger lets go by rule, and whom a send still needs."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from audience.models import Handling
from audience.retention import Keeping, register_hold, register_keeping
from delivery.models import PENDING, Delivery, Feedback, Hit, RunState
from workspaces.models import Workspace

UNDER_WAY = (RunState.PLANNING, RunState.SENDING, RunState.PAUSED)


def _is_being_sent_to() -> Q:
    """Contacts for whom a mail waits, also in a send that pauses."""
    waiting = Delivery.objects.filter(contact=OuterRef("pk"), state__in=PENDING, run__state__in=UNDER_WAY)
    return Q(Exists(waiting))


def _devices(workspace: Workspace, before: datetime) -> "QuerySet[Hit]":
    told = ~Q(user_agent="") | ~Q(network="")
    return Hit.objects.for_workspace(workspace).filter(told, at__lt=before)


def _drop_devices(rows: "QuerySet[Hit]", now: datetime) -> int:
    return rows.update(user_agent="", network="")


def _reactions(workspace: Workspace, before: datetime) -> "QuerySet[Hit]":
    return Hit.objects.for_workspace(workspace).filter(at__lt=before, contact__isnull=False)


def _drop_readers(rows: "QuerySet[Hit]", now: datetime) -> int:
    return rows.update(contact=None, user_agent="", network="")


def _replies(workspace: Workspace, before: datetime) -> "QuerySet[Delivery]":
    """The ledger of each run goes with the day on which the run began: no index holds the day of a row."""
    ours = Delivery.objects.for_workspace(workspace).filter(run__started_at__lt=before)
    return ours.exclude(reply_text="").exclude(state__in=PENDING)


def _drop_replies(rows: "QuerySet[Delivery]", now: datetime) -> int:
    return rows.update(reply_text="")


def _reports(workspace: Workspace, before: datetime) -> "QuerySet[Feedback]":
    return Feedback.objects.for_workspace(workspace).filter(at__lt=before).exclude(words="")


def _drop_words(rows: "QuerySet[Feedback]", now: datetime) -> int:
    return rows.update(words="")


def register_keepings() -> None:
    register_hold(_is_being_sent_to)
    anonymise = Handling.ANONYMISE
    for key, label, what, days, rows, do in (
        (
            "reader_devices",
            _("Programs and networks of readers"),
            _("By which program and from which network a mail was opened or a link followed. The reaction stays."),
            30,
            _devices,
            _drop_devices,
        ),
        (
            "reactions",
            _("Opens and clicks of each person"),
            _("Campaigns keep their figures; who opened and clicked goes."),
            730,
            _reactions,
            _drop_readers,
        ),
        (
            "server_replies",
            _("Words of receiving servers"),
            _("They often hold the address. Code and outcome stay."),
            90,
            _replies,
            _drop_replies,
        ),
        (
            "reports",
            _("Words of bounces and complaints"),
            _("That and when they came stays."),
            90,
            _reports,
            _drop_words,
        ),
    ):
        register_keeping(Keeping(key, label, what, days, 1, rows, {anonymise: do}, lambda row: f"{row.pk}"))
