"""Eight segments of the usual kinds, count and first page of people, over many contacts and what they did."""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks.ground import new_member, run

CAMPAIGNS, SENT_TO, DAYS, PAGE = 40, 10, 400, 25  # each mail went to every tenth contact
CLICKED = 20  # the campaign that is asked about, in the middle of them

FILL = {
    "contacts": """
        INSERT INTO audience_contact (workspace_id, email, address, external_id, first_name, last_name, language,
            time_zone, attributes, consent, suppression, created_at, updated_at)
        SELECT %(workspace)s, 'r' || n || '@mail.example', 'r' || n || '@mail.example', '',
            'First' || n, 'Last' || n, (ARRAY['bg','en',''])[1 + n %% 3], '',
            jsonb_build_object('city',
                (ARRAY['Sofia','Varna','Plovdiv','Burgas','Ruse'])[1 + (hashint4(n) & 2147483647) %% 5],
                'points', (hashint4(n + 7) & 2147483647) %% 900,
                'plan', (ARRAY['free','basic','pro'])[1 + (n / 7) %% 3]),
            CASE WHEN n %% 5 = 0 THEN 'unknown' ELSE 'given' END, CASE WHEN n %% 50 = 0 THEN 'bounce' ELSE '' END,
            %(now)s - (n %% 1000) * interval '1 day', %(now)s
        FROM generate_series(1, %(contacts)s) AS n""",
    "deliveries": """
        INSERT INTO delivery_delivery (workspace_id, run_id, contact_id, address, state, reason, attempt, reply_text,
            decided_at)
        SELECT %(workspace)s, r.id, c.id, c.address, 'sent', '', 1, '', r.started_at
        FROM (SELECT id, started_at, row_number() OVER (ORDER BY id) AS k FROM delivery_run
              WHERE workspace_id = %(workspace)s) r
        JOIN audience_contact c ON c.workspace_id = %(workspace)s
            AND (hashint8(c.id * 1000 + r.k) & 2147483647) %% %(sent_to)s = 0""",
    "hits": """
        INSERT INTO delivery_hit (workspace_id, run_id, delivery_id, contact_id, kind, url, at, nature, signals,
            rules_version, user_agent, network)
        SELECT %(workspace)s, d.run_id, d.id, d.contact_id, k.kind,
            CASE WHEN k.kind = 'click' THEN 'https://shop.example/' || d.id %% 9 ELSE '' END,
            d.decided_at + (d.id %% 2880) * interval '1 minute',
            CASE WHEN d.id %% 9 = 0 THEN 'machine' ELSE 'human' END, '[]', 1, '', ''
        FROM delivery_delivery d
        CROSS JOIN (VALUES ('open', 60), ('click', 20), ('click', 6), ('click', 3)) AS k (kind, percent)
        WHERE d.workspace_id = %(workspace)s AND (hashint8(d.id) & 2147483647) %% 100 < k.percent""",
    "events": """
        INSERT INTO audience_event (workspace_id, contact_id, name, occurred_at, value, properties, external_id)
        SELECT %(workspace)s, %(first)s + (hashint4(n) & 2147483647) %% %(contacts)s,
            (ARRAY['visited','added_to_cart','quiz_taken'])[1 + n %% 3],
            %(now)s - (n %% %(days)s) * interval '1 day', NULL, jsonb_build_object('page', n %% 100), ''
        FROM generate_series(1, %(events)s) AS n""",
    "orders": """
        INSERT INTO audience_order (workspace_id, contact_id, external_id, status, placed_at, total, properties,
            updated_at)
        SELECT %(workspace)s, %(first)s + (hashint4(n) & 2147483647) %% (%(contacts)s / 4), 'o' || n,
            (ARRAY['paid','sent','sent','returned'])[1 + n %% 4], %(now)s - (n %% %(days)s) * interval '1 day',
            10 + n %% 90, '{}', %(now)s
        FROM generate_series(1, %(contacts)s / 2) AS n""",
}


def rules(campaign: int) -> dict[str, dict[str, Any]]:
    """The eight by name."""
    opened = {"field": "mail.opened", "op": "in_last_days", "value": 30}
    reachable = {"field": "consent", "op": "any_of", "value": ["given"]}
    of_campaign = [{"property": "campaign", "op": "any_of", "value": [campaign]}]
    clicked = {"field": "mail.clicked", "op": "ever", "where": of_campaign}
    in_sofia = {"field": "attribute.city", "op": "is", "value": "Sofia"}
    return {
        "opened in 30 days, may be written to": _all(reachable, opened),
        "opened in 30 days, clicked a campaign, city": _all(opened, clicked, in_sofia),
        "clicked a campaign": _all(clicked),
        "not opened in 90 days": _all({"field": "mail.opened", "op": "not_in_last_days", "value": 90}),
        "three clicks in 60 days": _all({"field": "mail.clicked", "op": "at_least", "value": 3, "days": 60}),
        "plan, points over 50, opened in 30 days": _all(
            {"field": "attribute.plan", "op": "any_of", "value": ["pro"]},
            {"field": "attribute.points", "op": "more_than", "value": 50},
            opened,
        ),
        "orders for 100 in 180 days, the last within 60": _all(
            {"field": "order", "op": "sum_at_least", "value": 100, "days": 180},
            {"field": "profile.last_order_at", "op": "in_last_days", "value": 60},
        ),
        "opened, except buyers and those who clicked": _all(
            opened,
            {
                "match": "any",
                "negate": True,
                "rules": [{"field": "order", "op": "in_last_days", "value": 30}, clicked],
            },
        ),
    }


def _all(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"version": 2, "match": "all", "rules": list(parts)}


def bench(options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds for the count and for the first page of each segment, over all rounds."""
    workspace, now, campaign = fill(options.contacts, options.events)
    shown: list[dict[str, Any]] = []
    counts: list[float] = []
    pages: list[float] = []
    for name, rule in rules(campaign).items():
        people, counted, paged = _asked(workspace, rule, now, options.rounds)
        shown.append({"segment": name, "people": people, "count_ms": _row(counted), "page_ms": _row(paged)})
        counts, pages = counts + counted, pages + paged
    every = counts + pages
    return {
        "contacts": options.contacts,
        "events": options.events,
        "p50_ms": statistics.median(every),
        "p95_ms": _p95(every),
        "count_p95_ms": _p95(counts),
        "page_p95_ms": _p95(pages),
        "segments": shown,
    }


def _row(times: list[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(times), 1), "p95": round(_p95(times), 1)}


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]


def _asked(workspace: Any, rule: dict[str, Any], now: Any, rounds: int) -> tuple[int, list[float], list[float]]:
    from audience.segments.compile import contacts_in
    from audience.segments.counting import count_in
    from audience.segments.definition import read_definition
    from audience.segments.fields import fields_of
    from audience.segments.newest import newest_in

    definition, fields = read_definition(rule), fields_of(workspace)
    people = count_in(workspace, definition, now, fields)

    def page() -> list[Any]:
        return newest_in(lambda among: contacts_in(workspace, definition, now, fields, among=among), workspace, PAGE)

    page()
    counted = [_timed(lambda: count_in(workspace, definition, now, fields)) for _round in range(rounds)]
    return people, counted, [_timed(page) for _round in range(rounds)]


def _timed(do: Callable[[], Any]) -> float:
    start = time.perf_counter()
    do()
    return (time.perf_counter() - start) * 1000


def fill(contacts: int, events: int) -> tuple[Any, Any, int]:
    """A workspace with this much in it. Of the events a fifth are visits, the others mails sent, opened, clicked."""
    from django.db import connection
    from django.utils import timezone

    from audience.models import AttributeKind, Contact
    from audience.profiles import rebuild_profiles
    from audience.services import define_attribute

    member, now = new_member(), timezone.now()
    workspace = member.workspace
    for label, kind in (("City", AttributeKind.TEXT), ("Points", AttributeKind.NUMBER)):
        define_attribute(workspace=workspace, label=label, kind=kind, by=member, now=now)
    _define_plan(workspace)
    campaigns = _campaigns(member, now)
    values = {"workspace": workspace.pk, "now": now, "contacts": contacts, "days": DAYS, "sent_to": SENT_TO}
    with connection.cursor() as cursor:
        for name, statement in FILL.items():
            if name == "events":
                values |= {"first": Contact.objects.for_workspace(workspace).order_by("pk").values("pk")[0]["pk"]}
                cursor.execute("SELECT (SELECT count(*) FROM delivery_delivery) + (SELECT count(*) FROM delivery_hit)")
                values["events"] = max(events - cursor.fetchone()[0], 0)
            cursor.execute(statement, values)
        cursor.execute("ANALYZE")
        rebuild_profiles(workspace, now)
        _keep_rules(member, campaigns[CLICKED], now)
        cursor.execute("VACUUM ANALYZE")
    return workspace, now, campaigns[CLICKED]


def _keep_rules(member: Any, campaign: int, now: Any) -> None:
    """As segments of the workspace, with the indexes that the task of every five minutes makes for them."""
    from audience.segments.definition import read_definition
    from audience.segments.indexes import tend
    from audience.services import create_segment

    for name, rule in rules(campaign).items():
        create_segment(workspace=member.workspace, name=name, definition=read_definition(rule), by=member, now=now)
    tend(now)


def _define_plan(workspace: Any) -> None:
    from audience.models import AttributeDefinition, AttributeKind

    choices = [{"key": key, "label": key.title()} for key in ("free", "basic", "pro")]
    AttributeDefinition.objects.create(
        workspace=workspace, key="plan", label="Plan", kind=AttributeKind.CHOICE, choices=choices
    )


def _campaigns(member: Any, now: Any) -> list[int]:
    """The campaigns that went out, one every ten days."""
    from benchmarks.stage import write_story_for
    from campaigns.models import ContentFormat
    from campaigns.services import add_sender, create_campaign, write_content
    from delivery.models import Run, RunState

    story = write_story_for(member, 0, now)
    add_sender(workspace=member.workspace, name="Maren", email="maren@letters.example", by=member, now=now)
    made = [create_campaign(story=story, by=member, now=now) for _number in range(CAMPAIGNS)]
    for number, campaign in enumerate(made):
        at = now - timedelta(days=10 * (CAMPAIGNS - number))
        content = write_content(
            campaign=campaign,
            subject="The Moss Letter",
            preheader="Six weeks of soap",
            written_as=ContentFormat.HTML,
            source="<p>Soap</p>",
            by=member,
            now=now,
        )
        Run.objects.create(
            workspace=member.workspace,
            campaign=campaign,
            content=content,
            started_at=at,
            finished_at=at,
            state=RunState.DONE,
        )
    return [campaign.pk for campaign in made]


if __name__ == "__main__":
    run("segments", __doc__, bench, contacts=1_000_000, events=10_000_000, rounds=20)
