"""What follows from behaviour: one narrow row a contact, and one a contact and day, which segments read.

Facts stand where they are written: events and orders here, mails and reactions downstream. A profile is always made
anew from all facts of its contact. So refreshing twice, late or in any order does no harm, and a reaction that turns
out to be a machine's leaves the profile at the next look.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from django.db import connection, transaction
from django.db.models import F, QuerySet

from audience.models import EARNING, Contact, Lifecycle
from workspaces.models import Workspace

AT_ONCE = 5000
Kind = Literal["sent", "open", "click"]
FactSource = Callable[[], "QuerySet[Any, Any]"]
_sources: dict[Kind, tuple[FactSource, str]] = {}

LOYAL_ORDERS = 3
ACTIVE_DAYS, QUIET_DAYS, LAPSED_DAYS = 90, 270, 365
RECENCY_DAYS = (30, 90, 180, 365)
FREQUENCY_ORDERS = (2, 3, 4, 5)
MONEY_SUMS = (50, 100, 250, 500)


def register_facts(kind: Kind, source: FactSource, moment: str) -> None:
    """Have mails and reactions counted: rows with a `contact` that is set, and the column of their moment."""
    _sources[kind] = (source, moment)


def refresh_profiles(contact_ids: Iterable[int], now: datetime) -> int:
    """Make the profiles of these contacts anew from all that is known. Returns how many. Idempotent."""
    ids, done = iter(sorted(set(contact_ids))), 0
    while part := list(islice(ids, AT_ONCE)):
        with transaction.atomic():
            # In the order of their keys, so that two workers with common contacts wait instead of dying.
            known = list(
                Contact.objects.filter(pk__in=part).order_by("pk").select_for_update(no_key=True)
                .values_list("pk", flat=True)
            )  # fmt: skip
            _write(known, now)
        done += len(known)
    return done


def rebuild_profiles(workspace: Workspace, now: datetime) -> int:
    """Make all profiles of a workspace anew, some thousands at a time. Returns how many."""
    return sum(refresh_profiles(part, now) for part in _all_contacts(workspace))


def _all_contacts(workspace: Workspace) -> Iterator[Sequence[int]]:
    last = 0
    contacts = Contact.objects.for_workspace(workspace).order_by("pk").values_list("pk", flat=True)
    while part := list(contacts.filter(pk__gt=last)[:AT_ONCE]):
        yield part
        last = part[-1]


def _write(contact_ids: Sequence[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        facts, values = _facts(contact_ids)
        cursor.execute("DELETE FROM audience_contactday WHERE contact_id = ANY(%s)", [list(contact_ids)])
        cursor.execute(_DAYS.format(facts=facts), values)
        cursor.execute(_PROFILES.format(facts=facts), [Lifecycle.NEW.value, *values, *_of_orders(contact_ids)])
        cursor.execute(_STANDING, {"ids": list(contact_ids), "now": now, **_limits()})


def _of_orders(contact_ids: Sequence[int]) -> list[Any]:
    ids = list(contact_ids)
    return [ids, [str(status) for status in EARNING], ids, ids]


def _facts(contact_ids: Sequence[int]) -> tuple[str, list[Any]]:
    """The mails and reactions of these contacts as one table (contact_id, kind, at), and its parameters."""
    values: list[Any] = []
    parts = ["SELECT NULL::bigint AS contact_id, NULL::text AS kind, NULL::timestamptz AS at WHERE false"]
    for kind, (source, moment) in _sources.items():
        rows = source().filter(contact__in=list(contact_ids)).order_by().values_list(F("contact_id"), F(moment))
        statement, given = rows.query.sql_with_params()
        parts.append(f"SELECT contact_id, '{kind}', at FROM ({statement}) AS {kind}_facts (contact_id, at)")  # noqa: S608  names of our own
        values += given
    return " UNION ALL ".join(parts), values


_DAYS = """
    INSERT INTO audience_contactday (workspace_id, contact_id, day, sent, opens, clicks)
    SELECT c.workspace_id, f.contact_id, (f.at AT TIME ZONE 'UTC')::date,
           least(count(*) FILTER (WHERE f.kind = 'sent'), 32767),
           least(count(*) FILTER (WHERE f.kind = 'open'), 32767),
           least(count(*) FILTER (WHERE f.kind = 'click'), 32767)
    FROM ({facts}) AS f JOIN audience_contact c ON c.id = f.contact_id
    WHERE f.at IS NOT NULL
    GROUP BY 1, 2, 3
"""
_PROFILES = """
    INSERT INTO audience_contactprofile AS p (
        contact_id, workspace_id, last_sent_at, last_open_at, last_click_at, sent_count, open_count, click_count,
        order_count, order_sum, first_order_at, last_order_at, last_event_at, lifecycle, rfm)
    SELECT c.id, c.workspace_id, m.last_sent_at, m.last_open_at, m.last_click_at,
           coalesce(m.sent, 0), coalesce(m.opens, 0), coalesce(m.clicks, 0),
           coalesce(o.n, 0), coalesce(o.total, 0), o.first_at, o.last_at, e.last_at, %s, 0
    FROM audience_contact c
    LEFT JOIN (
        SELECT contact_id, max(at) FILTER (WHERE kind = 'sent') AS last_sent_at,
               max(at) FILTER (WHERE kind = 'open') AS last_open_at,
               max(at) FILTER (WHERE kind = 'click') AS last_click_at,
               count(*) FILTER (WHERE kind = 'sent') AS sent, count(*) FILTER (WHERE kind = 'open') AS opens,
               count(*) FILTER (WHERE kind = 'click') AS clicks
        FROM ({facts}) AS f GROUP BY 1) m ON m.contact_id = c.id
    LEFT JOIN (
        SELECT contact_id, count(*) AS n, sum(total) AS total, min(placed_at) AS first_at, max(placed_at) AS last_at
        FROM audience_order WHERE contact_id = ANY(%s) AND status = ANY(%s) GROUP BY 1) o ON o.contact_id = c.id
    LEFT JOIN (
        SELECT contact_id, max(occurred_at) AS last_at FROM audience_event WHERE contact_id = ANY(%s) GROUP BY 1
    ) e ON e.contact_id = c.id
    WHERE c.id = ANY(%s)
    ON CONFLICT (contact_id) DO UPDATE SET
        last_sent_at = excluded.last_sent_at, last_open_at = excluded.last_open_at,
        last_click_at = excluded.last_click_at, sent_count = excluded.sent_count, open_count = excluded.open_count,
        click_count = excluded.click_count, order_count = excluded.order_count, order_sum = excluded.order_sum,
        first_order_at = excluded.first_order_at, last_order_at = excluded.last_order_at,
        last_event_at = excluded.last_event_at
"""
# Customers: loyal from the third order on, former a year after the last. Others: active for ninety days after they
# opened, clicked or did something, quiet until nine months, lost then; new while we have not written for ninety days.
_STANDING = """
    UPDATE audience_contactprofile p SET
        lifecycle = CASE
            WHEN p.order_count > 0 AND p.last_order_at <= %(now)s - %(lapsed)s * interval '1 day' THEN %(is_lapsed)s
            WHEN p.order_count >= %(loyal)s THEN %(is_loyal)s
            WHEN p.order_count > 0 THEN %(is_customer)s
            WHEN d.seen > %(now)s - %(active)s * interval '1 day' THEN %(is_active)s
            WHEN d.known > %(now)s - %(active)s * interval '1 day' THEN %(is_new)s
            WHEN coalesce(d.seen, d.known) > %(now)s - %(quiet)s * interval '1 day' THEN %(is_quiet)s
            ELSE %(is_lost)s END,
        rfm = CASE WHEN p.order_count = 0 THEN 0 ELSE
            100 * (5 - width_bucket(
                extract(epoch FROM %(now)s - p.last_order_at)::numeric / 86400, %(recency)s::numeric[]))
            + 10 * (1 + width_bucket(p.order_count::numeric, %(frequency)s::numeric[]))
            + 1 + width_bucket(p.order_sum, %(money)s::numeric[]) END
    FROM (
        SELECT q.contact_id, greatest(q.last_open_at, q.last_click_at, q.last_event_at) AS seen, c.created_at AS known
        FROM audience_contactprofile q JOIN audience_contact c ON c.id = q.contact_id
        WHERE q.contact_id = ANY(%(ids)s)) d
    WHERE d.contact_id = p.contact_id
"""


def _limits() -> dict[str, Any]:
    return {
        **{f"is_{stage.name.lower()}": stage.value for stage in Lifecycle},
        "loyal": LOYAL_ORDERS,
        "active": ACTIVE_DAYS,
        "quiet": QUIET_DAYS,
        "lapsed": LAPSED_DAYS,
        "recency": [Decimal(days) for days in RECENCY_DAYS],
        "frequency": [Decimal(orders) for orders in FREQUENCY_ORDERS],
        "money": [Decimal(money) for money in MONEY_SUMS],
    }
