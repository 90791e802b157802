"""The fields of every contact, its lists and topics, other segments and the random share."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import F, Func, IntegerField, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.db.models.lookups import LessThan
from django.utils.translation import gettext as _

from audience.models import (
    Consent,
    ContactList,
    Frequency,
    ListMembership,
    Segment,
    SuppressionReason,
    Topic,
    TopicConsent,
)
from audience.segments.comparing import Compare, choice_column, day_column, moment_column, text_column
from audience.segments.definition import Group, read_definition
from audience.segments.fields import Ask, Choice, Field, Kind, Test
from workspaces.models import Language, Member, Workspace

SHARES = 10_000  # a hundredth of a percent is the finest share
ALWAYS, MAY_BE_WRITTEN_TO = "always", "none"


def contact_fields(workspace: Workspace) -> Iterator[Field]:
    """Fixed fields of every contact."""
    group, zone = _("Contact"), workspace.zone
    for column, label in (
        ("email", _("E-mail address")),
        ("first_name", _("First name")),
        ("last_name", _("Last name")),
        ("external_id", _("Id in your CRM")),
        ("phone", _("Phone")),
        ("city", _("City")),
        ("country", _("Country")),
        ("time_zone", _("Time zone")),
    ):
        yield Field(column, label, group, Kind.TEXT, _of_contact(text_column(column)))
    yield _choice("language", _("Language"), group, Language.choices)
    yield Field("tags", _("Tags"), group, Kind.TAGS, _tagged)
    yield Field("created_at", _("Contact since"), group, Kind.DATE, _of_contact(moment_column("created_at", zone)))
    if sellers := [Choice(seller.pk, str(seller)) for seller in _sellers(workspace)]:
        yield Field(
            "seller", _("Looked after by"), group, Kind.CHOICE, _of_contact(choice_column("seller_id")), sellers
        )


def _sellers(workspace: Workspace) -> Iterable[Member]:
    return Member.objects.filter(workspace=workspace).select_related("user").order_by("pk")


def consent_fields(workspace: Workspace) -> Iterator[Field]:
    """What somebody agreed to, and how often."""
    group, zone = _("Consent"), workspace.zone
    yield _choice("consent", _("Marketing consent"), group, Consent.choices)
    since = _of_contact(moment_column("consent_at", zone))
    yield Field("consent_at", _("Consent last changed"), group, Kind.DATE, since)
    yield _choice("tracking", _("Consent to tracking"), group, Consent.choices)
    often = [(value or ALWAYS, label) for value, label in Frequency.choices]
    yield _choice("frequency", _("How often"), group, often, blank=ALWAYS)
    yield Field("paused_until", _("Not before"), group, Kind.DATE, _of_contact(day_column("paused_until", zone)))
    reasons = [(MAY_BE_WRITTEN_TO, _("No, may be written to")), *SuppressionReason.choices]
    yield _choice("suppression", _("Never write"), group, reasons, blank=MAY_BE_WRITTEN_TO)


def list_fields(workspace: Workspace) -> Iterator[Field]:
    """The lists a contact is on."""
    lists = ContactList.objects.for_workspace(workspace).filter(archived_at=None).order_by("name", "pk")
    choices = [Choice(found.pk, found.name) for found in lists]
    on_list = ListMembership.objects.for_workspace(workspace)

    def build(ask: Ask) -> Test:
        return Test(rows=on_list.filter(contact_list__in=ask.value), is_single=len(ask.value) == 1)

    if choices:
        yield Field("list", _("List"), _("Lists"), Kind.CHOICE, build, choices)


def topic_fields(workspace: Workspace) -> Iterator[Field]:
    """The topics somebody chose or left."""
    topics = Topic.objects.for_workspace(workspace).filter(archived_at=None).order_by("position", "name")
    choices = [Choice(topic.pk, topic.name) for topic in topics]
    if choices:
        group, said = _("Topics"), TopicConsent.objects.for_workspace(workspace)
        chosen, left = said.filter(consent=Consent.GIVEN), said.filter(consent=Consent.WITHDRAWN)
        yield Field("topic", _("Chosen topic"), group, Kind.CHOICE, _topic(chosen), choices)
        yield Field("topic_left", _("Topic left"), group, Kind.CHOICE, _topic(left), choices)


def _topic(said: Any) -> Callable[[Ask], Test]:
    return lambda ask: Test(rows=said.filter(topic__in=ask.value), is_single=len(ask.value) == 1)


def segment_fields(workspace: Workspace) -> Iterator[Field]:
    """Other segments, put in as the rules that they are."""
    found = dict(
        Segment.objects.for_workspace(workspace).current().order_by("name", "pk").values_list("pk", "definition")
    )
    names = dict(Segment.objects.filter(pk__in=found).values_list("pk", "name"))
    choices = [Choice(key, names[key]) for key in found]

    def rule(key: int) -> Group:
        return read_definition(found[key])

    if choices:
        yield Field("segment", _("Segment"), _("Segments"), Kind.CHOICE, _never_built, choices, expand=rule)


def _never_built(_ask: Ask) -> Test:
    return Test()


def share_fields(_workspace: Workspace) -> Iterator[Field]:
    """A share of the people drawn by chance, the same ones at each look: for hold-outs and trials."""
    yield Field("share", _("Random share"), _("Chance"), Kind.SHARE, _drawn)


def _drawn(ask: Ask) -> Test:
    """MD5 because its value is the same in each version of PostgreSQL; nothing is kept secret by it."""
    percent, seed = ask.value
    drawn = Func(
        Concat(Value(f"{seed}:"), Cast(F("pk"), TextField()), output_field=TextField()),
        template=f"mod(('x' || substr(md5(%(expressions)s), 1, 8))::bit(32)::bigint, {SHARES})",
        output_field=IntegerField(),
    )
    slow = _("A share by chance draws a lot for each contact.")
    return Test(contact=Q(LessThan(drawn, round(percent * SHARES / 100))), slow=slow)


def _tagged(ask: Ask) -> Test:
    if ask.op == "is_set":
        return Test(contact=~Q(tags=[]))
    return Test(contact=Q(**{f"tags__{'contains' if ask.op == 'every_of' else 'overlap'}": ask.value}))


def _choice(column: str, label: str, group: str, choices: Iterable[tuple[Any, Any]], blank: str = "") -> Field:
    offered = [Choice(value, str(shown)) for value, shown in choices]
    return Field(column, label, group, Kind.CHOICE, _of_contact(choice_column(column, blank)), offered)


def _of_contact(compare: Compare) -> Callable[[Ask], Test]:
    return lambda ask: Test(contact=compare(ask))
