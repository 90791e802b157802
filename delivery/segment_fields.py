"""What segments can ask about our mails."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from audience.models import ContactDay, ContactProfile
from audience.segments.comparing import text_column
from audience.segments.fields import (
    LOOKED_AT,
    Ask,
    AskedFilter,
    Choice,
    Field,
    Kind,
    Property,
    Test,
    most_frequent,
)
from audience.segments.history import History, Rows
from audience.segments.operators import OPPOSITES
from campaigns.models import Campaign
from delivery.models import Delivery, DeliveryState, Hit, HitKind
from workspaces.models import Workspace

MOST_CAMPAIGNS = 500


def mail_fields(workspace: Workspace) -> Iterator[Field]:
    """Received, opened, clicked. Reactions of machines do not count.

    Without a filter they are answered by the profiles; single mails and links are looked up in the ledger.
    """
    campaigns = Campaign.objects.for_workspace(workspace).filter(run__isnull=False).order_by("-pk")
    offered = [Choice(pk, name) for pk, name in campaigns.values_list("pk", "name")[:MOST_CAMPAIGNS]]
    of_campaign = Property("campaign", _("Campaign"), Kind.CHOICE, offered)
    link = Property("link", _("Link"), Kind.TEXT)
    received = Delivery.objects.for_workspace(workspace).filter(state=DeliveryState.SENT, contact__isnull=False)
    human = Hit.objects.for_workspace(workspace).human().filter(contact__isnull=False)
    for key, label, did, did_not, rows, moment, counted, properties in (
        ("received", _("Received a mail"), _("received a mail"), _("did not receive a mail"),
         received, "decided_at", ("last_sent_at", "sent_count", "sent"), [of_campaign]),
        ("opened", _("Opened a mail"), _("opened a mail"), _("did not open a mail"),
         human.filter(kind=HitKind.OPEN), "at", ("last_open_at", "open_count", "opens"), [of_campaign]),
        ("clicked", _("Clicked in a mail"), _("clicked in a mail"), _("did not click in a mail"),
         human.filter(kind=HitKind.CLICK), "at", ("last_click_at", "click_count", "clicks"), [of_campaign, link]),
    ):  # fmt: skip
        yield Field(
            f"mail.{key}", label, _("Our mails"), Kind.PAST,
            _quick(workspace, History(rows, moment, narrow=narrowed_mails), counted),
            did=did, did_not=did_not, properties=properties, seen=_links_clicked(workspace),
        )  # fmt: skip


def _links_clicked(workspace: Workspace) -> Callable[[str], list[str]]:
    def seen(key: str) -> list[str]:
        clicks = Hit.objects.for_workspace(workspace).filter(kind=HitKind.CLICK).order_by("-at")
        return most_frequent(clicks.values_list("url", flat=True)[:LOOKED_AT]) if key == "link" else []

    return seen


def narrowed_mails(rows: Rows, where: Sequence[AskedFilter]) -> Rows:
    """The deliveries or reactions that all the filters fit."""
    for item in where:
        condition = _condition(item)
        rows = rows.exclude(condition) if item.op in OPPOSITES else rows.filter(condition)
    return rows


def _condition(item: AskedFilter) -> Q:
    if item.property == "campaign":
        return Q(run__campaign__in=item.value)
    return text_column("url")(Ask(OPPOSITES.get(item.op, item.op), item.value, now=None))  # type: ignore[arg-type]  # a text knows no time


def _quick(workspace: Workspace, history: History, columns: tuple[str, str, str]) -> Callable[[Ask], Test]:
    """Asks the profile, for counts within days the contact's days, and the ledger only when filters want it."""
    profiles = ContactProfile.objects.for_workspace(workspace)
    days = ContactDay.objects.for_workspace(workspace)
    last, count, per_day = columns

    def build(ask: Ask) -> Test:
        if ask.where:
            # Of single mails there are few enough: only without a filter is all that ever happened too much.
            return replace(history.build(ask), slow="")
        if ask.op == "at_least" and ask.days is not None:
            return _often(days, ask, per_day)
        return Test(rows=profiles.filter(**_profile_condition(ask, last, count)), is_single=True)

    return build


def _often(days: Rows, ask: Ask, column: str) -> Test:
    since = (ask.now - timedelta(days=ask.days or 0)).date()
    counted = days.filter(day__gt=since, **{f"{column}__gt": 0}).values("contact").annotate(n=Sum(column))
    return Test(rows=counted.filter(n__gte=ask.value).values("contact"), is_grouped=True)


def _profile_condition(ask: Ask, last: str, count: str) -> dict[str, Any]:
    if ask.op == "at_least":
        return {f"{count}__gte": ask.value}
    if ask.op == "ever":
        return {f"{last}__isnull": False}
    return {f"{last}__{'gt' if ask.op == 'in_last_days' else 'lte'}": ask.now - timedelta(days=ask.value)}
