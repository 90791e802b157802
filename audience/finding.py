"""Finding contacts: what somebody narrows the list by, in pages that cost the same wherever one stands."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.fields.json import KeyTextTransform

from audience.attributes import AttributeRefused, stored_value
from audience.models import (
    AttributeKind,
    Consent,
    Contact,
    ContactProfile,
    ContactQuerySet,
    Lifecycle,
    ListMembership,
    Segment,
    SuppressionReason,
)
from audience.models.contacts import Meanings, prefix_query
from audience.segments.comparing import text_condition
from audience.segments.compile import contacts_in
from audience.segments.definition import read_definition
from audience.services.attributes import current_attributes
from workspaces.models import Member, Workspace

EXACT_UP_TO = 10_000  # beyond it a count reads too much for a page, and an estimate says as much to a person
LARGEST_ID = 2**63 - 1
LONGEST_TEXT = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class ContactFilter:
    """What the list is narrowed by; empty fields ask nothing.

    `seller` is an id or "none"; `suppressed` is "yes", "no" or a reason; `lifecycle` is a number of `Lifecycle`;
    `attribute` is a key, asked together with its `value` as people write it.
    """

    q: str = ""
    list: str = ""
    tag: str = ""
    consent: str = ""
    suppressed: str = ""
    seller: str = ""
    lifecycle: str = ""
    segment: str = ""
    attribute: str = ""
    value: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> "ContactFilter":
        """From an address or from what was stored. What makes no sense asks nothing."""
        text = {part.name: str(given.get(part.name) or "").replace("\0", "")[:LONGEST_TEXT] for part in fields(cls)}
        for name in ("list", "segment"):
            text[name] = text[name] if text[name].isdecimal() else ""
        text["seller"] = text["seller"] if text["seller"].isdecimal() or text["seller"] == "none" else ""
        text["consent"] = text["consent"] if text["consent"] in Consent else ""
        text["suppressed"] = text["suppressed"] if text["suppressed"] in {"yes", "no", *SuppressionReason} else ""
        stages = {str(stage.value) for stage in Lifecycle}
        text["lifecycle"] = text["lifecycle"] if text["lifecycle"] in stages else ""
        text["value"] = text["value"].strip() if text["attribute"] else ""
        text["attribute"] = text["attribute"] if text["value"] else ""
        return cls(**{**text, "tag": " ".join(text["tag"].split()).lower(), "q": text["q"].strip()})

    @property
    def asks(self) -> dict[str, str]:
        """What is asked, by name."""
        return {name: value for name, value in asdict(self).items() if value}


def found_contacts(
    member: Member, wanted: ContactFilter, now: datetime, among: ContactQuerySet | None = None
) -> ContactQuerySet:
    """The contacts that this member sees and the filter asks for, in no order; of a segment those `among` these alone.

    Raises `SegmentBroken` for a segment that does not work.
    """
    found = _meant(Contact.objects.seen_by(member), wanted.q, member)
    for name, value in wanted.asks.items():
        if name in _CONDITIONS:
            found = found.filter(_CONDITIONS[name](value))
    if wanted.attribute:
        found = _with_value(found, member.workspace, wanted.attribute, wanted.value)
    if wanted.segment:
        segment = Segment.objects.for_workspace(member.workspace).current().filter(pk=_key(wanted.segment)).first()
        if segment is None:
            return found.none()
        inside = contacts_in(member.workspace, read_definition(segment.definition), now, among=among)
        found = found.filter(pk__in=inside.order_by().values("pk"))
    return found


def _meant(people: ContactQuerySet, words: str, member: Member) -> ContactQuerySet:
    """Whoever has exactly this address; else those who have words that begin with these."""
    if not words:
        return people
    exact = people.filter(address=words.lower())
    return exact if "@" in words and exact.exists() else people.matching(words, _meanings(member.workspace))


def _meanings(workspace: Workspace) -> Meanings:
    """Choices are kept by their key, and people know them by their labels, each in his or her own language."""
    labels = {
        (label.lower(), str(choice["key"]))
        for definition in current_attributes(workspace).values()
        for choice in definition.choices
        for label in (choice["label"], *choice.get("labels", {}).values())
    }
    return lambda word: sorted({key for label, key in labels if any(w.startswith(word) for w in label.split())})


def _with_value(people: ContactQuerySet, workspace: Workspace, key: str, value: str) -> ContactQuerySet:
    """Whose attribute is just this, a text whatever its capitals. Nobody has what cannot be a value of it.

    A text is first looked for by its words, which have an index.
    """
    definition = current_attributes(workspace).get(key)
    try:
        stored = stored_value(definition, value) if definition else None
    except AttributeRefused:
        stored = None
    if definition is None or stored is None:
        return people.none()
    if definition.kind != AttributeKind.TEXT:
        return people.filter(attributes__contains={key: stored})
    among = people.matching(stored) if prefix_query(stored) else people
    return among.filter(text_condition(KeyTextTransform(key, "attributes"), "is", stored))


def _key(text: str) -> int:
    """An id as it was typed; one that no row can have finds nothing."""
    return min(int(text), LARGEST_ID)


def _on_list(value: str) -> Q:
    return Q(Exists(ListMembership.objects.filter(contact=OuterRef("pk"), contact_list_id=_key(value))))


def _suppressed(value: str) -> Q:
    if value in {"yes", "no"}:
        return Q(suppression="") if value == "no" else ~Q(suppression="")
    return Q(suppression=value)


def _looked_after(value: str) -> Q:
    return Q(seller=None) if value == "none" else Q(seller_id=_key(value))


def _in_stage(value: str) -> Q:
    """Without a profile somebody is new."""
    profiles = ContactProfile.objects.filter(contact=OuterRef("pk"))
    if int(value) == Lifecycle.NEW:
        return ~Q(Exists(profiles.exclude(lifecycle=Lifecycle.NEW)))
    return Q(Exists(profiles.filter(lifecycle=int(value))))


_CONDITIONS = {
    "list": _on_list,
    "tag": lambda value: Q(tags__contains=[value]),
    "consent": lambda value: Q(consent=value),
    "suppressed": _suppressed,
    "seller": _looked_after,
    "lifecycle": _in_stage,
}


@dataclass(frozen=True, slots=True)
class Headcount:
    """How many people; a large number is what PostgreSQL's planner expects."""

    number: int
    is_exact: bool


def headcount(people: QuerySet[Any]) -> Headcount:
    """Count up to a bound, and estimate what is beyond it. Two queries at most, neither reads more than the bound."""
    plain = people.order_by().values("pk")
    counted = plain[: EXACT_UP_TO + 1].count()
    if counted <= EXACT_UP_TO:
        return Headcount(counted, is_exact=True)
    expected = json.loads(plain.explain(format="JSON"))[0]["Plan"]["Plan Rows"]
    return Headcount(_rounded(max(int(expected), counted)), is_exact=False)


def _rounded(number: int) -> int:
    """To two digits, because an estimate knows no more."""
    unit = 10 ** max(0, len(str(number)) - 2)
    return int(round(number / unit) * unit)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Row]):
    """A page of rows from newest to oldest, and the marks from which its neighbours begin."""

    rows: list[Row]
    newer: str = ""
    older: str = ""


def newest(
    people: QuerySet[Any], given: Mapping[str, Any], size: int, moment: str = "created_at", *, are_few: bool = False
) -> Stretch[Any]:
    """The stretch that `given` asks for by `older` or `newer` than a mark; the first one otherwise.

    `moment` is the column that says how new a row is. One query. Of many it reads as far as the page is long, because
    it begins at a mark and not at a number. Where `are_few` were counted, it finds all of them and then orders them.
    """
    order = _out_of_order(moment) if are_few else F(moment)
    older, newer = _mark(given.get("older", "")), _mark(given.get("newer", ""))
    if newer and not older:
        later = people.filter(_beyond(moment, "gt", newer), **{f"{moment}__gte": newer[0]})
        rows = list(later.order_by(order.asc(), "pk")[: size + 1])
        more = len(rows) > size
        rows = rows[:size][::-1]
        first = _mark_of(rows[0], moment) if rows and more else ""
        return Stretch(rows, first, _mark_of(rows[-1], moment) if rows else "")
    if older:
        people = people.filter(_beyond(moment, "lt", older), **{f"{moment}__lte": older[0]})
    rows = list(people.order_by(order.desc(), "-pk")[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    first = _mark_of(rows[0], moment) if older and rows else ""
    return Stretch(rows, first, _mark_of(rows[-1], moment) if more else "")


def _out_of_order(moment: str) -> CombinedExpression:
    """The same moment, as no index has it.

    PostgreSQL cannot know how few have two words, or a tag and a stage, in common. Where it expects many it would walk
    through everybody from the newest on, and find them at the end of a million.
    """
    return F(moment) + timedelta(0)


def few_or_many(people: ContactQuerySet) -> ContactQuerySet:
    """The same people: few by their ids, for whoever orders and cuts them afterwards. One query."""
    ids = list(people.order_by().values_list("pk", flat=True)[: EXACT_UP_TO + 1])
    return people if len(ids) > EXACT_UP_TO else Contact.objects.filter(pk__in=ids)


def _beyond(moment: str, way: str, mark: tuple[datetime, int]) -> Q:
    at, pk = mark
    return Q(**{f"{moment}__{way}": at}) | Q(**{moment: at, f"pk__{way}": pk})


def _mark_of(row: Any, moment: str) -> str:
    return f"{(getattr(row, moment) - EPOCH) // timedelta(microseconds=1)}-{row.pk}"


def _mark(text: str) -> tuple[datetime, int] | None:
    at, _dash, pk = str(text).partition("-")
    if not (at.isdecimal() and pk.isdecimal() and len(pk) <= len(str(LARGEST_ID))):
        return None
    try:
        return EPOCH + timedelta(microseconds=int(at)), min(int(pk), LARGEST_ID)
    except OverflowError:
        return None
