"""What the audience app lets go by rule."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from audience.erasing.sales import keep_sales
from audience.imports.forgetting import delete_file
from audience.models import (
    ORDER_EVENT,
    AnswerValue,
    BulkEditPast,
    Consent,
    ConsentEntry,
    Contact,
    ContactImport,
    Event,
    Handling,
    ImportRefusal,
    OptInRequest,
    Order,
    SiteVisitor,
    Source,
    SurveyAnswer,
)
from audience.profiles import refresh_profiles
from audience.retention import Keeping, free_to_go, register_keeping
from audience.services.erasures import forget_quietly
from audience.services.opt_ins import KEPT as UNCONFIRMED
from workspaces.models import SystemMail, SystemMailState, Workspace


def masked(address: str) -> str:
    """Enough of an address to recognise one's own rows in a preview: `a…@example.org`."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…{at}{domain}"


NETWORK = ("ip", "user_agent")


def _delete(rows: "QuerySet[Any]", now: datetime) -> int:
    return rows.delete()[0]


def _unconfirmed(workspace: Workspace, before: datetime) -> "QuerySet[OptInRequest]":
    return OptInRequest.objects.for_workspace(workspace).filter(confirmed_at=None, asked_at__lt=before)


def _submissions(workspace: Workspace, before: datetime) -> "QuerySet[OptInRequest]":
    return OptInRequest.objects.for_workspace(workspace).filter(confirmed_at__lt=before)


def _inactive(workspace: Workspace, before: datetime) -> "QuerySet[Contact]":
    """People without consent of whom nothing was heard since: no change, event, order, answer, visit, open or click."""
    people = Contact.objects.for_workspace(workspace).exclude(consent=Consent.GIVEN)
    quiet = people.filter(created_at__lt=before, updated_at__lt=before).exclude(
        Q(profile__last_open_at__gte=before)
        | Q(profile__last_click_at__gte=before)
        | Q(Exists(Event.objects.filter(contact=OuterRef("pk"), occurred_at__gte=before)))
        | Q(Exists(Order.objects.filter(contact=OuterRef("pk"), placed_at__gte=before)))
        | Q(Exists(SurveyAnswer.objects.filter(contact=OuterRef("pk"), at__gte=before)))
        | Q(Exists(SiteVisitor.objects.filter(contact=OuterRef("pk"), seen_at__gte=before)))
    )
    return free_to_go(quiet)


def _forget_people(rows: "QuerySet[Contact]", now: datetime) -> int:
    return sum(forget_quietly(contact=contact, now=now) for contact in rows.select_related("workspace").order_by("pk"))


def _events(workspace: Workspace, before: datetime) -> "QuerySet[Event]":
    """Without those that say that an order earned money: they stand and go with the order."""
    orders = Order.objects.filter(workspace=OuterRef("workspace"), external_id=OuterRef("external_id"))
    ours = Event.objects.for_workspace(workspace).filter(occurred_at__lt=before)
    return ours.exclude(Q(name=ORDER_EVENT) & Exists(orders))


def _site_reports(workspace: Workspace, before: datetime) -> "QuerySet[Event]":
    return _events(workspace, before).filter(source=Source.SITE)


def _orders(workspace: Workspace, before: datetime) -> "QuerySet[Order]":
    return Order.objects.for_workspace(workspace).filter(placed_at__lt=before)


def _delete_orders(rows: "QuerySet[Order]", now: datetime) -> int:
    found = list(rows.select_related("workspace").prefetch_related("lines").order_by("pk"))
    for workspace, numbers in _by_workspace(found).items():
        Event.objects.filter(workspace=workspace, name=ORDER_EVENT, external_id__in=numbers).delete()
    Order.objects.filter(pk__in=[order.pk for order in found]).delete()
    refresh_profiles({order.contact_id for order in found}, now)
    return len(found)


def _by_workspace(orders: Iterable[Order]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for order in orders:
        found.setdefault(order.workspace_id, []).append(order.external_id)
    return found


def _take_buyers_out(rows: "QuerySet[Order]", now: datetime) -> int:
    keep_sales(list(rows.select_related("workspace").prefetch_related("lines").order_by("pk")))
    return _delete_orders(rows, now)


def _answers(workspace: Workspace, before: datetime) -> "QuerySet[SurveyAnswer]":
    """Those with a name, or with words in which one may stand."""
    written = AnswerValue.objects.filter(answer=OuterRef("pk")).exclude(text="")
    ours = SurveyAnswer.objects.for_workspace(workspace).filter(at__lt=before)
    return ours.filter(Q(contact__isnull=False) | Exists(written))


def _take_names_out_of_answers(rows: "QuerySet[SurveyAnswer]", now: datetime) -> int:
    """Scores and choices stay, so that results do; who said it and what was written goes."""
    found = list(rows.values_list("pk", flat=True))
    AnswerValue.objects.filter(answer__in=found).exclude(text="").delete()
    return SurveyAnswer.objects.filter(pk__in=found).update(contact=None, mail=None, ticket=None)


def _delete_answers(rows: "QuerySet[SurveyAnswer]", now: datetime) -> int:
    return rows.delete()[1].get(SurveyAnswer._meta.label, 0)


def _files(workspace: Workspace, before: datetime) -> "QuerySet[ContactImport]":
    ended = ContactImport.objects.for_workspace(workspace).filter(created_at__lt=before).exclude(file="")
    return ended.exclude(pk__in=ContactImport.objects.unfinished().values("pk"))


def _delete_files(rows: "QuerySet[ContactImport]", now: datetime) -> int:
    found = list(rows.order_by("pk"))
    for kept in found:
        delete_file(kept)
    return len(found)


def _refused(workspace: Workspace, before: datetime) -> "QuerySet[ImportRefusal]":
    return ImportRefusal.objects.for_workspace(workspace).filter(contact_import__created_at__lt=before)


def _undo(workspace: Workspace, before: datetime) -> "QuerySet[BulkEditPast]":
    return BulkEditPast.objects.for_workspace(workspace).filter(edit__at__lt=before)


def _networks(workspace: Workspace, before: datetime) -> "QuerySet[ConsentEntry]":
    return ConsentEntry.objects.for_workspace(workspace).filter(at__lt=before, evidence__has_any_keys=list(NETWORK))


def _drop_networks(rows: "QuerySet[ConsentEntry]", now: datetime) -> int:
    return rows.update(evidence=RawSQL("evidence - %s::text[]", [list(NETWORK)]))


def _system_mails(workspace: Workspace, before: datetime) -> "QuerySet[SystemMail]":
    ours = SystemMail.objects.for_workspace(workspace).exclude(state=SystemMailState.WAITING)
    return ours.filter(next_attempt_at__lt=before).exclude(to="")


def _drop_recipients(rows: "QuerySet[SystemMail]", now: datetime) -> int:
    return rows.update(to="", error="")


def _address(row: Any) -> str:
    return masked(row.email)


def _of_event(row: Event) -> str:
    return f"{row.name}, {row.occurred_at:%Y-%m-%d}"


def _of_contact(row: Any) -> str:
    return masked(row.contact.email)


OWN_KEEPINGS = (
    Keeping(
        "opt_ins",
        _("Requests that nobody confirmed"),
        _("Who asked for mail and never pressed the button. After 30 days they go in any case."),
        usual_days=14,
        least_days=7,
        rows=_unconfirmed,
        handlings={Handling.DELETE: _delete},
        sample=_address,
        most_days=UNCONFIRMED.days,
    ),
    Keeping(
        "inactive_contacts",
        _("People without consent of whom nothing is heard"),
        _(
            "No consent, and no change, order, event, answer, visit, open or click since. "
            "Nobody for whom a send is running."
        ),
        usual_days=730,
        least_days=90,
        rows=_inactive,
        handlings={Handling.DELETE: _forget_people},
        sample=_address,
    ),
    Keeping(
        "events",
        _("Events"),
        _("What people did elsewhere. Those of orders go with the orders."),
        usual_days=730,
        least_days=30,
        rows=_events,
        handlings={Handling.DELETE: _delete},
        sample=_of_event,
    ),
    Keeping(
        "site_reports",
        _("What web sites report"),
        _("Pages that were seen, and other events from browsers. What unknown visitors did goes after 30 days."),
        usual_days=180,
        least_days=7,
        rows=_site_reports,
        handlings={Handling.DELETE: _delete},
        sample=_of_event,
    ),
    Keeping(
        "orders",
        _("Orders"),
        _("Who bought what. Without the buyers, day, products and money stay for the books."),
        usual_days=3650,
        least_days=365,
        rows=_orders,
        handlings={Handling.ANONYMISE: _take_buyers_out, Handling.DELETE: _delete_orders},
        sample=lambda row: f"{row.external_id}, {row.placed_at:%Y-%m-%d}",
    ),
    Keeping(
        "survey_answers",
        _("Answers to surveys"),
        _("Without the names, scores and choices stay in the results; what was written goes."),
        usual_days=730,
        least_days=30,
        rows=_answers,
        handlings={Handling.ANONYMISE: _take_names_out_of_answers, Handling.DELETE: _delete_answers},
        sample=lambda row: f"{row.at:%Y-%m-%d}",
    ),
    Keeping(
        "submissions",
        _("Forms that were filled in"),
        _("What was typed, and how it came. What follows from it stays with the contact and in the consent log."),
        usual_days=365,
        least_days=30,
        rows=_submissions,
        handlings={Handling.DELETE: _delete},
        sample=_address,
    ),
    Keeping(
        "import_files",
        _("Files of imports"),
        _("The uploads. What was imported and how many rows stays."),
        usual_days=90,
        least_days=1,
        rows=_files,
        handlings={Handling.DELETE: _delete_files},
    ),
    Keeping(
        "import_refusals",
        _("Rows that imports did not take"),
        _("They wait to be mended and imported again."),
        usual_days=90,
        least_days=1,
        rows=_refused,
        handlings={Handling.DELETE: _delete},
        sample=lambda row: f"{row.line}",
    ),
    Keeping(
        "undo",
        _("What could be taken back of changes to many"),
        _("It can be used for seven days only."),
        usual_days=30,
        least_days=7,
        rows=_undo,
        handlings={Handling.DELETE: _delete},
        sample=_of_contact,
    ),
    Keeping(
        "consent_networks",
        _("Network addresses in the consent log"),
        _("From where somebody agreed. The words, the day and the form stay."),
        usual_days=365,
        least_days=30,
        rows=_networks,
        handlings={Handling.ANONYMISE: _drop_networks},
        sample=_of_contact,
    ),
    Keeping(
        "system_mails",
        _("Addresses of mails of the product"),
        _("To whom confirmations and notices went. That they went stays."),
        usual_days=180,
        least_days=7,
        rows=_system_mails,
        handlings={Handling.ANONYMISE: _drop_recipients},
        sample=lambda row: masked(row.to),
    ),
)


def register_own_keepings() -> None:
    for kept in OWN_KEEPINGS:
        register_keeping(kept)
