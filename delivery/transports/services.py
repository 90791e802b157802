"""Verbs on mail servers that people use: add, change, switch off, remove, try."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from campaigns.models import Sender
from delivery.fates import RelayTrouble
from delivery.messages import UTF8_QP, envelope_sender
from delivery.models import Run, SpeedLimit, Transport, TransportKind, TransportTrial, WarmUp
from delivery.transports import rules
from delivery.transports.choice import Health, WayOut, keep_grant, mail_over, note_success, note_trouble
from delivery.transports.explain import Stage
from delivery.transports.refusals import TransportRefused
from delivery.transports.trial import FAILED, Step, Trial
from emailops.lib.mailurl import SMTP_BACKEND, MailSettings
from emailops.lib.queue import enqueue
from emailops.lib.vault import Unreadable, seal_for, secret_of
from workspaces.audit import record
from workspaces.models import Member, Workspace

MOST_SENDERS = 5  # that a trial asks for
TRIAL_PATIENCE = timedelta(minutes=5)  # after which nobody expects an answer any more; longer than all its timeouts
HEALTHY: dict[str, Any] = {"failures": 0, "trouble": "", "needs_attention": False, "retry_at": None}


@transaction.atomic
def add_transport(
    *, workspace: Workspace, kind: str, by: Member, now: datetime, wanted: Mapping[str, Any]
) -> Transport:
    """Add a mail server; mail may leave through it from now on.

    `wanted` has fields of `Transport` by name, secrets as text, and `provider_settings` as a mapping. Raises
    `TransportRefused`.
    """
    transport = Transport(workspace=workspace, kind=kind)
    _write(transport, wanted)
    rules.check(transport)
    _save(transport)
    record("transport.added", transport, by=by, now=now, where=transport.where, weight=transport.weight)
    return transport


@transaction.atomic
def change_transport(*, transport: Transport, by: Member, now: datetime, wanted: Mapping[str, Any]) -> Transport:
    """Change what `wanted` names, as in `add_transport`; an empty secret stays as it is.

    Where mail would be handed over elsewhere, or less protected, secrets must be given again: who got hold of a
    session could else have them sent to a server of his own. Changing how it is reached forgets former trouble. Raises
    `TransportRefused`.
    """
    transport = _locked(transport)
    before = rules.seen(transport)
    given = {name for name, value in wanted.items() if name in rules.SECRETS and value}
    options = options_of(transport)
    _write(transport, wanted)
    rules.check(transport)
    rules.check_retyped(transport, before, given, options, wanted.get("provider_settings") or {})
    changed = rules.changed(before, transport) | given | rules.changed_options(options, options_of(transport))
    if not changed:
        return transport
    if changed - rules.HARMLESS:
        transport.version += 1
        for name, value in HEALTHY.items():
            setattr(transport, name, value)
    _save(transport)
    record("transport.changed", transport, by=by, now=now, changed=sorted(changed), where=transport.where)
    return transport


def _write(transport: Transport, wanted: Mapping[str, Any]) -> None:
    """Put what is wanted onto the row. Secrets that its way of signing in does not use are dropped."""
    for name in wanted.keys() & rules.fields_of(transport):
        setattr(transport, name, wanted[name])
    for name in rules.SECRETS:
        if wanted.get(name):
            seal_for(transport, name, wanted[name])
        if name not in rules.secrets_used(transport):
            setattr(transport, name, b"")
    if transport.kind == TransportKind.PROVIDER and (transport.pk is None or "provider_settings" in wanted):
        given = wanted.get("provider_settings") or {}
        options = rules.merged_options(transport.provider, options_of(transport), given)
        seal_for(transport, "provider_settings", json.dumps(options, sort_keys=True))


def options_of(transport: Transport) -> dict[str, str]:
    """What a provider's backend is made with, secrets too; empty where they can no longer be read."""
    try:
        found: dict[str, str] = json.loads(secret_of(transport, "provider_settings") or "{}")
    except Unreadable:
        return {}
    return found


def _save(transport: Transport) -> None:
    try:
        with transaction.atomic():
            transport.save()
    except IntegrityError as error:
        if "transport_name_once" not in str(error):
            raise
        words = _("There is a mail server of this name already.")
        raise TransportRefused(words, fields={"name": [words]}) from error


def _locked(transport: Transport) -> Transport:
    found = Transport.objects.select_for_update(of=("self",)).select_related("workspace").filter(pk=transport.pk)
    row = found.first()
    if row is None:
        raise TransportRefused(_("This mail server was removed meanwhile."))
    return row


@transaction.atomic
def switch_transport(*, transport: Transport, on: bool, by: Member, now: datetime) -> None:
    """Let mail leave this way, or no longer. Repeating changes nothing; workers look anew within 20 seconds."""
    if Transport.objects.filter(pk=transport.pk, is_enabled=not on).update(is_enabled=on):
        record("transport.enabled" if on else "transport.disabled", transport, by=by, now=now)


@transaction.atomic
def remove_transport(*, transport: Transport, by: Member, now: datetime) -> None:
    """Remove a mail server, its secrets, its limits and its warm-up for good.

    Raises `TransportRefused` while a send may be using it.
    """
    transport = _locked(transport)
    if transport.is_enabled and Run.objects.for_workspace(transport.workspace).active().exists():
        words = _("A campaign is being sent and may be using this mail server. Switch it off first, then remove it.")
        raise TransportRefused(words)
    record("transport.removed", transport, by=by, now=now, where=transport.where)
    for about_it in (SpeedLimit, WarmUp):
        about_it.objects.for_workspace(transport.workspace).filter(transport_id=transport.pk).delete()
    transport.delete()


@transaction.atomic
def ask_to_try(*, transport: Transport, with_mail: bool, by: Member, now: datetime) -> TransportTrial:
    """Have a worker try a mail server and, `with_mail`, send a test mail to `by`. Raises `TransportRefused`."""
    transport = _locked(transport)
    if with_mail and settings.MAIL_SANDBOX:
        raise TransportRefused(_("The mail sandbox is on, so nothing may leave. Try it without a test mail."))
    if transport.trials.filter(finished_at=None, asked_at__gt=now - TRIAL_PATIENCE).exists():
        raise TransportRefused(_("This mail server is being tried right now. The result is about to come."))
    trial = TransportTrial.objects.create(
        workspace=transport.workspace, transport=transport, asked_by=by, with_mail=with_mail, asked_at=now
    )
    record("transport.tried", transport, by=by, now=now, with_mail=with_mail)
    enqueue("delivery.try_transport", trial_id=trial.pk)
    return trial


def run_trial(*, trial: TransportTrial, now: datetime) -> None:
    """Try a mail server and write down how it went; what it shows of its health counts. Repeating changes nothing."""
    if trial.finished_at is not None:
        return
    transport = trial.transport
    senders, to = _senders(trial.workspace), trial.asked_by.user.email
    try:
        wanted = mail_over(transport)
    except RelayTrouble as trouble:
        step = Step(Stage.SETTINGS, transport.where, FAILED, "settings_incomplete", str(trouble))
        _finish(trial, [step], now)
        note_trouble(_way(transport, None), trouble, now)
        return
    tried = Trial(wanted, senders, to)
    steps = tried.go(_letter(transport, senders[0], to) if trial.with_mail else None)
    if wanted.grant and tried.mail.grant and tried.mail.grant != wanted.grant:
        keep_grant(transport, tried.mail.grant)
    _finish(trial, steps, now)
    _conclude(transport, tried, now)


def _finish(trial: TransportTrial, steps: list[Step], now: datetime) -> None:
    open_one = TransportTrial.objects.filter(pk=trial.pk, finished_at=None)
    open_one.update(steps=[step.as_json() for step in steps], finished_at=now)


def _conclude(transport: Transport, tried: Trial, now: datetime) -> None:
    way = _way(transport, tried.mail)
    was_mailed = any(step.stage == Stage.MESSAGE and step.is_passed for step in tried.steps)
    if tried.trouble is not None:
        note_trouble(way, tried.trouble, now)
    elif was_mailed or not tried.mail.provider:  # without a mail a provider does not look at the key
        note_success(way, now)


def _way(transport: Transport, mail: MailSettings | None) -> WayOut:
    health = Health(transport.version, transport.failures, transport.is_in_trouble, transport.last_ok_at)
    return WayOut(transport.pk, transport.name, mail or MailSettings(SMTP_BACKEND), 1, transport.signs_itself, health)


def _senders(workspace: Workspace) -> list[str]:
    """The addresses that mail of the workspace is from; the installation's own before there are any."""
    rows = Sender.objects.for_workspace(workspace).filter(archived_at=None).order_by("pk")
    addresses = list(dict.fromkeys(envelope_sender(row) for row in rows))[:MOST_SENDERS]
    return addresses or [parseaddr(settings.DEFAULT_FROM_EMAIL)[1]]


def _letter(transport: Transport, sender: str, to: str) -> EmailMultiAlternatives:
    words = _("This is a test of the mail server “%(name)s”. It has arrived, so the server takes mail from you.")
    subject = _("[Test] Mail server “%(name)s”") % {"name": transport}
    letter = EmailMultiAlternatives(subject, words % {"name": transport}, sender, [to])
    letter.encoding = UTF8_QP
    return letter
