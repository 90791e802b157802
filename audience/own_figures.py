"""What the audience app has counted for its pages."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet

from audience.duplicates import duplicate_figures
from audience.figures import HOURLY, Figures, Numbers, figures_of, kept_figures, register_figures
from audience.models import (
    Consent,
    Contact,
    ContactList,
    ListMembership,
    Order,
    Segment,
    SignupForm,
    Site,
    SiteVisitor,
    Source,
    Topic,
    TopicConsent,
)
from audience.segments.counting import count_in
from audience.segments.definition import SegmentBroken, read_definition
from audience.segments.fields import fields_of
from audience.tags import tag_figures
from workspaces.models import Workspace


def _contacts(workspace: Workspace, now: datetime) -> Numbers:
    """How many people said what about mail."""
    rows = Contact.objects.for_workspace(workspace).order_by().values_list("consent").annotate(Count("pk"))
    return dict.fromkeys(Consent.values, 0) | dict(rows)


def people_known(workspace: Workspace, now: datetime) -> Numbers:
    """How many people there are, by what they said about mail."""
    return figures_of(workspace, "contacts", now).numbers


def _lists(workspace: Workspace, now: datetime) -> Numbers:
    lists = ContactList.objects.for_workspace(workspace).filter(archived_at=None)
    rows = ListMembership.objects.filter(contact_list__in=lists).order_by()
    return _by_id(lists, rows.values_list("contact_list").annotate(Count("pk")), 0)


def with_sizes(lists: Iterable[ContactList], workspace: Workspace, now: datetime) -> tuple[list[ContactList], Figures]:
    """Lists with `people`, and of when that is. Two queries, and one for each list that is newer than the figures."""
    found, figures = list(lists), figures_of(workspace, "lists", now)
    for one in found:
        one.people = people_on(one, figures)  # type: ignore[attr-defined]  # for templates
    return found, figures


def people_on(contact_list: ContactList, figures: Figures) -> int:
    """The size of a list as the figures have it; of one that is newer, counted now."""
    known = figures.numbers.get(str(contact_list.pk))
    return contact_list.memberships.count() if known is None else int(known)


def _topics(workspace: Workspace, now: datetime) -> Numbers:
    topics = Topic.objects.for_workspace(workspace).filter(archived_at=None)
    rows = TopicConsent.objects.filter(topic__in=topics).order_by().values_list("topic")
    counted = rows.annotate(yes=Count("pk", filter=Q(consent=Consent.GIVEN)), no=Count("pk", filter=_NO))
    return _by_id(topics, ((key, (yes, no)) for key, yes, no in counted), (0, 0))


_NO = Q(consent=Consent.WITHDRAWN)


def with_answers(topics: Iterable[Topic], workspace: Workspace, now: datetime) -> tuple[list[Topic], Figures]:
    """Topics with how many said `yes` and `no`, and of when that is. A topic that is newer has none yet."""
    found, figures = list(topics), figures_of(workspace, "topics", now)
    for one in found:
        one.yes, one.no = figures.numbers.get(str(one.pk), (0, 0))  # type: ignore[attr-defined]  # for templates
    return found, figures


def _forms(workspace: Workspace, now: datetime) -> Numbers:
    confirmed = Count("requests", filter=Q(requests__confirmed_at__isnull=False))
    rows = SignupForm.objects.for_workspace(workspace).order_by().annotate(sent=Count("requests"), done=confirmed)
    return {str(key): (sent, done) for key, sent, done in rows.values_list("pk", "sent", "done")}


def with_requests(forms: Iterable[SignupForm], workspace: Workspace, now: datetime) -> tuple[list[SignupForm], Figures]:
    """Forms with how often they were `submitted` and `confirmed`, and of when that is."""
    found, figures = list(forms), figures_of(workspace, "forms", now)
    for one in found:
        one.submitted, one.confirmed = figures.numbers.get(str(one.pk), (0, 0))  # type: ignore[attr-defined]  # for templates
    return found, figures


def _sites(workspace: Workspace, now: datetime) -> Numbers:
    sites = Site.objects.for_workspace(workspace)
    rows = SiteVisitor.objects.filter(site__in=sites).order_by().values_list("site")
    counted = rows.annotate(all=Count("pk"), unknown=Count("pk", filter=Q(contact=None)))
    orders = Order.objects.for_workspace(workspace).filter(source=Source.SITE).count()
    return {**_by_id(sites, ((key, (all_, none)) for key, all_, none in counted), (0, 0)), "orders": orders}


def _segments(workspace: Workspace, now: datetime) -> Numbers:
    fields = fields_of(workspace)
    found: Numbers = {}
    for segment in Segment.objects.for_workspace(workspace).current().order_by("pk"):
        try:
            people = count_in(workspace, read_definition(segment.definition), now, fields)
        except SegmentBroken:
            continue
        found[str(segment.pk)] = (people, _rule_of(segment))
    return found


def _rule_of(segment: Segment) -> str:
    """Changes with the rule: what was counted for the one before is not told for the next."""
    return segment.updated_at.isoformat()


def kept_sizes(workspace: Workspace, now: datetime) -> Figures:
    """The sizes of segments that a worker counted lately, for `size_in`; without any where nobody did. One query."""
    return kept_figures(workspace, "segments", now) or Figures({})


def size_in(figures: Figures, segment: Segment) -> int | None:
    """How many people a segment had when it was counted; None for a rule that was not."""
    people, rule = figures.numbers.get(str(segment.pk), (None, ""))
    return people if rule == _rule_of(segment) else None


def _by_id(rows: "QuerySet[Any]", counted: Iterable[tuple[int, Any]], nothing: Any) -> Numbers:
    """What was counted, by id as a text, and `nothing` for those of which there is none."""
    return {str(key): nothing for key in rows.values_list("pk", flat=True)} | {str(key): n for key, n in counted}


def register_own_figures() -> None:
    for kind, counting in {
        "contacts": _contacts,
        "lists": _lists,
        "topics": _topics,
        "forms": _forms,
        "sites": _sites,
        "segments": _segments,
        "tags": tag_figures,
    }.items():
        register_figures(kind, counting)
    register_figures("duplicates", duplicate_figures, every=HOURLY)
