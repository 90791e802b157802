"""What pages and programs ask of a workspace's mail servers."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from delivery.models import Security, SignIn, Transport, TransportTrial
from delivery.transports.advice import STAGE_WORDS, Words, advice_on
from delivery.transports.catalogue import providers
from delivery.transports.services import TRIAL_PATIENCE
from delivery.transports.trial import PASSED
from workspaces.models import Workspace


class TransportState(models.TextChoices):
    """How a mail server is, in one word."""

    READY = "ready", _("Works")
    UNPROVEN = "unproven", _("Not used yet")
    SPARE = "spare", _("Spare")
    RESTING = "resting", _("Resting")
    FALTERING = "faltering", _("Failed last time")
    ATTENTION = "attention", _("Needs you")
    OFF = "off", _("Switched off")


PROTECTION: "dict[str, str | Promise]" = {
    Security.STARTTLS: "STARTTLS",
    Security.TLS: "TLS",
    Security.NONE: _("not encrypted"),
}
TONES = {
    TransportState.READY: "ok",
    TransportState.RESTING: "warn",
    TransportState.FALTERING: "warn",
    TransportState.ATTENTION: "bad",
}


@dataclass(frozen=True, slots=True)
class TransportLine:
    """A mail server as the list shows it. `share` is the fraction of the mail that it gets right now."""

    transport: Transport
    state: TransportState
    share: float

    @property
    def tone(self) -> str:
        return TONES.get(self.state, "")

    @property
    def is_hopeful(self) -> bool:
        """Whether mail can leave this way now or after a rest."""
        return self.state not in {TransportState.OFF, TransportState.ATTENTION}

    @property
    def is_waiting_for_you(self) -> bool:
        """Whether it carries no mail until somebody has looked at it."""
        return self.state == TransportState.ATTENTION

    @property
    def details(self) -> "list[str | Promise]":
        """Where it is, how the way there is protected, and as whom we sign in."""
        transport = self.transport
        if not transport.is_smtp:
            return [self.where]
        user = transport.username if transport.sign_in != SignIn.NONE else ""
        return [self.where, PROTECTION[transport.security], *([user] if user else [])]

    @property
    def where(self) -> "str | Promise":
        known = providers().get(self.transport.provider)
        return known.label if known else self.transport.where


@dataclass(frozen=True, slots=True)
class Overview:
    """All mail servers of a workspace."""

    lines: list[TransportLine]

    @property
    def has_way_out(self) -> bool:
        return not self.lines or any(line.share for line in self.lines)

    @property
    def is_sandboxed(self) -> bool:
        return bool(settings.MAIL_SANDBOX)

    @property
    def installations(self) -> str:
        """Where the installation's mail server is."""
        return str(settings.MAIL.where)


def overview(workspace: Workspace, now: datetime) -> Overview:
    """One query. In the order in which they were added."""
    rows = list(Transport.objects.for_workspace(workspace).order_by("pk"))
    usable = [row for row in rows if row.is_usable(now)]
    whole = sum(row.weight for row in usable)
    spare = usable[0] if usable and not whole else None
    lines = [
        TransportLine(row, _state(row, now, is_needed=row is spare), _share(row, usable, whole, spare)) for row in rows
    ]
    return Overview(lines)


def is_signed_by_others(workspace: Workspace, now: datetime) -> bool:
    """Whether every way that mail may leave signs it, so that we do not. One query."""
    lines = overview(workspace, now).lines
    if settings.MAIL_SANDBOX or not lines:
        return bool(settings.MAIL.provider)
    return all(line.transport.signs_itself or not line.transport.is_smtp for line in lines if line.is_hopeful)


def line_of(transport: Transport, now: datetime) -> TransportLine:
    """One query: its share depends on the others."""
    lines = overview(transport.workspace, now).lines
    return next(line for line in lines if line.transport.pk == transport.pk)


def _share(row: Transport, usable: list[Transport], whole: int, spare: Transport | None) -> float:
    if row not in usable:
        return 0.0
    return row.weight / whole if whole else float(row is spare)


def _state(row: Transport, now: datetime, *, is_needed: bool) -> TransportState:
    if not row.is_enabled:
        return TransportState.OFF
    if row.needs_attention:
        return TransportState.ATTENTION
    if not row.is_usable(now):
        return TransportState.RESTING
    if row.is_in_trouble:
        return TransportState.FALTERING
    if not row.weight and not is_needed:
        return TransportState.SPARE
    return TransportState.READY if row.last_ok_at else TransportState.UNPROVEN


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step of a trial in words."""

    title: Words
    about: str
    is_passed: bool
    cause: str
    what: Words
    remedy: Words
    words: str


@dataclass(frozen=True, slots=True)
class TrialShown:
    """A trial as pages and programs see it: `asked`, `passed`, `failed`, or `lost` if no worker has answered."""

    trial: TransportTrial
    state: str
    steps: list[StepShown]


def last_trial(transport: Transport, now: datetime) -> TrialShown | None:
    """The newest trial of a mail server. One query."""
    newest = transport.trials.select_related("asked_by__user").order_by("-pk").first()
    if newest is None:
        return None
    steps = [
        StepShown(
            STAGE_WORDS.get(step["stage"], step["stage"]),
            step["about"],
            step["state"] == PASSED,
            step["cause"],
            advice_on(step["cause"]).what if step["cause"] else "",
            advice_on(step["cause"]).remedy if step["cause"] else "",
            step["words"],
        )
        for step in newest.steps
    ]
    return TrialShown(newest, _trial_state(newest, steps, now), steps)


def _trial_state(trial: TransportTrial, steps: list[StepShown], now: datetime) -> str:
    if trial.finished_at is None:
        return "lost" if now - trial.asked_at > TRIAL_PATIENCE else "asked"
    return "passed" if all(step.is_passed for step in steps) else "failed"
