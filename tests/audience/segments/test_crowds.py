"""Indexes of the people whom the attributes in a kept rule mean, made and dropped in a real database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from audience.models import AttributeDefinition, AttributeKind, Contact, Segment
from audience.segments import crowds, expecting, indexes
from audience.segments.compile import contacts_in
from audience.segments.definition import read_definition
from tests.factories.audience import AttributeFactory, ContactFactory, SegmentFactory
from workspaces.models import Workspace

pytestmark = pytest.mark.django_db(transaction=True)
IN_SOFIA = {"field": "attribute.place", "op": "is", "value": "So'fia %"}
MANY_POINTS = {"field": "attribute.points", "op": "more_than", "value": 50}
ON_PRO = {"field": "attribute.plan", "op": "any_of", "value": ["pro"]}
NOT_ON_PRO = {"field": "attribute.plan", "op": "none_of", "value": ["pro"]}
NEVER, ALWAYS = 2.0, -1.0
CONSENTING = {"field": "consent", "op": "any_of", "value": ["given"]}


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MANY", 2)
    monkeypatch.setattr(expecting, "COMMON", NEVER)  # what PostgreSQL expects of four contacts is worth nothing


@pytest.fixture(autouse=True)
def left_as_found() -> Iterator[None]:
    """A table keeps its indexes when its rows are gone."""
    yield
    AttributeDefinition.objects.update(asked_at=None)
    Segment.objects.update(archived_at=datetime(2100, 1, 1, tzinfo=UTC))
    for workspace in Workspace.objects.all():
        indexes._tend_workspace(workspace, datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def shop(workspace: Workspace) -> Workspace:
    """A few people on two plans, in two places."""
    AttributeFactory.create(workspace=workspace, key="place", kind=AttributeKind.TEXT)
    AttributeFactory.create(workspace=workspace, key="points", kind=AttributeKind.NUMBER)
    AttributeFactory.create(workspace=workspace, key="born", kind=AttributeKind.DATE)
    choices = [{"key": key, "label": key.title()} for key in ("free", "pro")]
    AttributeFactory.create(workspace=workspace, key="plan", kind=AttributeKind.CHOICE, choices=choices)
    for plan, points, place in (
        ("pro", 60, "So'fia %"),
        ("pro", 40, "Varna"),
        ("free", 70, "So'fia %"),
        ("pro", 90, ""),
    ):
        attributes = {"plan": plan, "points": points, "place": place}
        ContactFactory.create(workspace=workspace, consent="given", attributes=attributes)
    return workspace


def _rule(*conditions: dict[str, Any], match: str = "all") -> dict[str, Any]:
    return {"version": 2, "match": match, "rules": list(conditions)}


def _kept(workspace: Workspace, *conditions: dict[str, Any], match: str = "all") -> Segment:
    kept: Segment = SegmentFactory.create(workspace=workspace, definition=_rule(*conditions, match=match))
    return kept


def _there() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE 'contact\\_crowd\\_%%'", [])
        return {name for (name,) in cursor.fetchall()}


def _plan(workspace: Workspace, now: datetime, *conditions: dict[str, Any]) -> str:
    people = contacts_in(workspace, read_definition(_rule(*conditions)), now).order_by().values("pk")
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        # Only that of the attributes is left to choose from.
        cursor.execute("BEGIN; DROP INDEX contact_attributes; DROP INDEX contact_newest; DROP INDEX contact_reachable")
        for definition in AttributeDefinition.objects.all():
            cursor.execute(f'DROP INDEX IF EXISTS "{indexes.name_of(definition)}"')
        statement, values = people.query.sql_with_params()
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("ROLLBACK; RESET enable_seqscan")
    return plan


@pytest.mark.parametrize(
    "conditions", [[IN_SOFIA], [MANY_POINTS], [ON_PRO], [NOT_ON_PRO], [ON_PRO, MANY_POINTS], [IN_SOFIA, NOT_ON_PRO]]
)
def test_who_fits_the_attributes_of_a_kept_rule_is_read_from_its_index_alone(
    shop: Workspace, now: datetime, conditions: list[dict[str, Any]]
) -> None:
    _kept(shop, *conditions, CONSENTING)

    indexes.tend(now)

    (name,) = _there()
    assert f"Index Only Scan using {name}" in _plan(shop, now, *conditions, CONSENTING)


def test_a_rule_of_the_builder_that_stands_in_a_box_gets_the_same_index(shop: Workspace, now: datetime) -> None:
    _kept(shop, ON_PRO, MANY_POINTS)
    loose = crowds.wanted(shop, now)
    Segment.objects.all().delete()
    _kept(shop, {"match": "all", "rules": [ON_PRO, MANY_POINTS]}, {"match": "any", "rules": [IN_SOFIA, CONSENTING]})

    boxed = crowds.wanted(shop, now)

    assert len(boxed) == 1
    assert boxed == loose


def test_a_slow_rule_that_nobody_keeps_is_promised_no_index(shop: Workspace, now: datetime) -> None:
    _kept(shop, ON_PRO)

    kept, other = (
        indexes.is_crowd_being_made(shop, read_definition(_rule(condition)), now) for condition in (ON_PRO, IN_SOFIA)
    )

    assert (kept, other) == (True, False)


def test_the_same_people_belong_with_the_index_and_without(shop: Workspace, now: datetime) -> None:
    rule = read_definition(_rule(ON_PRO, MANY_POINTS))
    _kept(shop, ON_PRO, MANY_POINTS)
    before = set(contacts_in(shop, rule, now))

    indexes.tend(now)

    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        after = set(contacts_in(shop, rule, now))
        cursor.execute("RESET enable_seqscan")
    assert (len(before), after) == (2, before)


def test_a_contact_written_later_comes_and_goes_at_once(shop: Workspace, now: datetime) -> None:
    rule = read_definition(_rule(ON_PRO, MANY_POINTS))
    _kept(shop, ON_PRO, MANY_POINTS)
    indexes.tend(now)
    contact = Contact.objects.for_workspace(shop).get(attributes__points=40)

    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        Contact.objects.filter(pk=contact.pk).update(attributes={"plan": "pro", "points": 51})
        came = contact in contacts_in(shop, rule, now)
        Contact.objects.filter(pk=contact.pk).update(attributes={"plan": "free", "points": 51})
        stayed = contact in contacts_in(shop, rule, now)
        cursor.execute("RESET enable_seqscan")

    assert (came, stayed) == (True, False)


@pytest.mark.parametrize(
    ("match", "condition"),
    [
        ("any", ON_PRO),
        ("none", ON_PRO),
        ("any", CONSENTING),
        ("all", {"field": "attribute.born", "op": "in_last_days", "value": 10}),
        ("all", {"field": "attribute.born", "op": "anniversary_today"}),
        ("all", {"field": "attribute.place", "op": "one_of", "value": [f"Village {n}" for n in range(1000)]}),
        ("all", {"field": "attribute.gone", "op": "is", "value": "1"}),
    ],
)
def test_rules_whose_attributes_do_not_settle_who_belongs_get_none(
    shop: Workspace, now: datetime, match: str, condition: dict[str, Any]
) -> None:
    _kept(shop, condition, match=match)

    indexes.tend(now)

    assert _there() == set()


def test_what_changes_from_day_to_day_is_left_to_the_moment_of_asking(shop: Workspace, now: datetime) -> None:
    _kept(shop, ON_PRO, {"field": "attribute.born", "op": "in_last_days", "value": 10})
    alone = crowds.wanted(shop, now)

    Segment.objects.all().delete()
    _kept(shop, ON_PRO)

    assert len(alone) == 1
    assert crowds.wanted(shop, now) == alone


def test_a_rule_without_attributes_gets_the_index_of_its_consent(shop: Workspace, now: datetime) -> None:
    _kept(shop, CONSENTING, {"field": "first_name", "op": "is_set"})

    indexes.tend(now)

    (name,) = _there()
    assert f"Index Only Scan using {name}" in _plan(shop, now, CONSENTING)


def test_where_most_people_consent_the_index_holds_the_others(
    shop: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expecting, "COMMON", ALWAYS)
    Contact.objects.filter(attributes__plan="free").update(consent="withdrawn")
    _kept(shop, CONSENTING)

    indexes.tend(now)

    (name,) = _there()
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = %s", [name])
        assert cursor.fetchone() == (1.0,)


def test_an_index_stays_as_it_was_made_when_the_share_of_those_who_fit_changes(
    shop: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kept(shop, CONSENTING)
    indexes.tend(now)
    before = _there()
    monkeypatch.setattr(expecting, "COMMON", ALWAYS)

    indexes.tend(now)

    assert _there() == before


def test_two_rules_that_compare_the_same_attributes_share_an_index(shop: Workspace, now: datetime) -> None:
    _kept(shop, ON_PRO, CONSENTING)
    _kept(shop, ON_PRO)

    indexes.tend(now)

    assert len(_there()) == 1


def test_a_rule_that_is_put_away_takes_its_index_with_it(shop: Workspace, now: datetime) -> None:
    kept = _kept(shop, ON_PRO)
    indexes.tend(now)
    before = _there()
    Segment.objects.filter(pk=kept.pk).update(archived_at=now)

    indexes.tend(now)

    assert (len(before), _there()) == (1, set())


def test_the_rules_kept_for_longest_have_theirs_when_there_are_too_many(
    shop: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crowds, "MOST", 1)
    _kept(shop, ON_PRO)
    first = set(crowds.wanted(shop, now))
    _kept(shop, MANY_POINTS)

    indexes.tend(now)

    assert _there() == first


def test_few_contacts_need_none(shop: Workspace, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "MANY", 5)
    _kept(shop, ON_PRO)

    indexes.tend(now)

    assert _there() == set()


def test_one_that_a_dead_worker_left_half_made_is_made_anew(shop: Workspace, now: datetime) -> None:
    _kept(shop, ON_PRO)
    indexes.tend(now)
    (name,) = _there()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name])

    indexes.tend(now)

    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", [name])
        assert cursor.fetchone() == (True,)
