"""What the people got and did: mails of years in the ledger, opens and clicks, events, orders, answers of a survey."""

from collections.abc import Iterable
from typing import Any

from benchmarks.years.ground import Ground

MAILS = 0.4  # of all that happened; about as much again are reactions to them, and the rest events
RUNS = 32  # the newest of them went to everybody who may be written to
BUSIEST = 300  # events of the newest person, whose page is asked for

VERSIONS = """
    INSERT INTO campaigns_contentversion (workspace_id, campaign_id, number, subject, preheader, format, source, html,
        fingerprint, created_by_id, created_at)
    SELECT workspace_id, id, 1, name, 'Six weeks of soap', 'html', '<p>Soap</p>', '<p>Soap</p>', md5(id::text),
        created_by_id, created_at
    FROM campaigns_campaign WHERE id = ANY(%(campaigns)s)
"""
CAMPAIGNS = """
    UPDATE campaigns_campaign c SET state = 'sent', content_id = v.id, sender_id = s.id,
        launched_at = c.created_at, finished_at = c.created_at + interval '1 hour'
    FROM campaigns_contentversion v, (SELECT min(id) AS id FROM campaigns_sender WHERE workspace_id = %(workspace)s) s
    WHERE v.campaign_id = c.id AND c.id = ANY(%(campaigns)s)
"""
SENT = """
    INSERT INTO delivery_run (workspace_id, campaign_id, content_id, state, epoch, matched_count, trouble, started_at,
        planned_at, finished_at, unknown_policy)
    SELECT workspace_id, id, content_id, 'done', 1, 0, '', launched_at, launched_at, finished_at, 'hold'
    FROM campaigns_campaign WHERE id = ANY(%(campaigns)s)
"""
DELIVERIES = """
    INSERT INTO delivery_delivery (workspace_id, run_id, contact_id, address, state, reason, attempt, reply_text,
        reply_code, decided_at)
    SELECT c.workspace_id, r.id, c.id, c.address,
        CASE WHEN h %% 200 = 0 THEN 'failed' WHEN h %% 90 = 0 THEN 'skipped' ELSE 'sent' END,
        CASE WHEN h %% 200 = 0 THEN 'refused' WHEN h %% 90 = 0 THEN 'paused' ELSE '' END,
        1, CASE WHEN h %% 200 = 0 THEN '550 5.1.1 no such user' ELSE '' END, 250,
        r.started_at + (h %% 3600) * interval '1 second'
    FROM (SELECT id, started_at, row_number() OVER (ORDER BY started_at DESC, id) AS k FROM delivery_run
          WHERE campaign_id = ANY(%(campaigns)s)) r
    JOIN LATERAL (
        SELECT *, hashint8(id * 1000 + r.k) & 2147483647 AS h FROM audience_contact
        WHERE workspace_id = %(workspace)s AND consent = 'given' AND suppression = '') c
        ON r.k = 1 OR c.h %% 1000 < %(share)s
"""
HITS = """
    INSERT INTO delivery_hit (workspace_id, run_id, delivery_id, contact_id, kind, url, at, nature, signals,
        rules_version, user_agent, network)
    SELECT d.workspace_id, d.run_id, d.id, d.contact_id, k.kind,
        CASE WHEN k.kind = 'click' THEN 'https://shop.example/' || d.id %% 9 ELSE '' END,
        least(%(now)s, d.decided_at + (d.id %% 2880) * interval '1 minute'),
        CASE WHEN d.id %% 9 = 0 THEN 'machine' ELSE 'human' END, '[]', 1, '', ''
    FROM delivery_delivery d
    CROSS JOIN (VALUES ('open', 60), ('click', 20), ('click', 6), ('click', 3)) AS k (kind, percent)
    WHERE d.run_id IN (SELECT id FROM delivery_run WHERE campaign_id = ANY(%(campaigns)s)) AND d.state = 'sent'
        AND (hashint8(d.id) & 2147483647) %% 100 < k.percent
"""
EVENTS = """
    INSERT INTO audience_event (workspace_id, contact_id, name, occurred_at, value, properties, external_id, source)
    SELECT %(workspace)s, %(first)s + (hashint4(n) & 2147483647) %% %(contacts)s,
        (ARRAY['page_viewed','page_viewed','added_to_cart','quiz_taken'])[1 + n %% 4],
        %(now)s - (n %% 40000) * interval '13 minutes', NULL::numeric,
        jsonb_build_object('path', '/products/' || n %% 100, 'device', (ARRAY['phone','desktop'])[1 + n %% 2]), '',
        'site'
    FROM generate_series(1, %(events)s) AS n
    UNION ALL
    SELECT %(workspace)s, %(last)s, 'page_viewed', %(now)s - n * interval '31 minutes', NULL, '{"path": "/"}', '',
        'site'
    FROM generate_series(1, %(busiest)s) AS n
"""
ORDERS = """
    INSERT INTO audience_order (workspace_id, contact_id, external_id, status, placed_at, total, properties, updated_at)
    SELECT %(workspace)s, %(first)s + (hashint4(n) & 2147483647) %% (%(contacts)s / 4 + 1), 'years-' || n,
        (ARRAY['paid','sent','sent','returned'])[1 + n %% 4], %(now)s - (n %% 40000) * interval '17 minutes',
        10 + n %% 90, '{}', %(now)s
    FROM generate_series(1, %(contacts)s / 2) AS n
"""
LINES = """
    INSERT INTO audience_orderline (workspace_id, order_id, sku, name, category, quantity, price)
    SELECT o.workspace_id, o.id, 'S-' || (o.id + k) %% 80, 'Soap ' || (o.id + k) %% 80, 'Soap', 1, o.total / 2
    FROM audience_order o CROSS JOIN generate_series(1, 2) AS k
    WHERE o.workspace_id = %(workspace)s AND o.external_id LIKE 'years-%%'
"""
PLACED = """
    INSERT INTO audience_event (workspace_id, contact_id, name, occurred_at, value, properties, external_id)
    SELECT workspace_id, contact_id, 'order_placed', placed_at, total, '{}', external_id
    FROM audience_order WHERE workspace_id = %(workspace)s AND external_id LIKE 'years-%%'
        AND status IN ('paid', 'sent')
"""
ANSWERS = """
    INSERT INTO audience_surveyanswer (workspace_id, survey_id, contact_id, source, asked, language, is_latest, at,
        changed_at)
    SELECT %(workspace)s, %(survey)s, %(first)s + n, 'mail', %(questions)s, 'en', true,
        %(now)s - n * interval '3 minutes', %(now)s - n * interval '3 minutes'
    FROM generate_series(1, %(contacts)s / 20) AS n
"""
VALUES = """
    INSERT INTO audience_answervalue (workspace_id, answer_id, question_id, number, choices, text)
    SELECT a.workspace_id, a.id, q.id,
        CASE WHEN q.kind IN ('nps','rating') THEN 1 + a.id %% CASE WHEN q.kind = 'nps' THEN 10 ELSE 5 END END,
        CASE WHEN q.kind IN ('choice','several') THEN ARRAY[q.choices -> 0 ->> 'key'] ELSE ARRAY[]::text[] END,
        CASE WHEN q.kind IN ('short','long') THEN 'I like the soap best' ELSE '' END
    FROM audience_surveyanswer a JOIN audience_surveyquestion q ON q.survey_id = a.survey_id
    WHERE a.survey_id = %(survey)s AND a.contact_id >= %(first)s
        AND q.kind <> 'yes_no'
"""
MATCHED = """
    UPDATE delivery_run r SET matched_count = (SELECT count(*) FROM delivery_delivery d WHERE d.run_id = r.id)
    WHERE r.campaign_id = ANY(%(campaigns)s)
"""
MAILED = (VERSIONS, CAMPAIGNS, SENT, DELIVERIES, MATCHED, HITS)
DONE = (EVENTS, ORDERS, LINES, PLACED, ANSWERS, VALUES)


def tell_deeds(ground: Ground) -> None:
    """As many mails, reactions and events as are asked for, and the profiles that follow from them."""
    from django.db import connection

    from audience.profiles import rebuild_profiles

    if not ground.mass.contacts:
        return
    values = {"workspace": ground.workspace.pk, "now": ground.now, "busiest": BUSIEST, **_extent(ground)}
    _write(MAILED, values)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM delivery_delivery) + (SELECT count(*) FROM delivery_hit)")
        values["events"] = max(ground.mass.events - cursor.fetchone()[0], 0)
    _write(DONE, values)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        rebuild_profiles(ground.workspace, ground.now)
        cursor.execute("VACUUM ANALYZE")


def _write(statements: Iterable[str], values: dict[str, Any]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        # Of millions of rows made to fit, each would be looked up once more for each of its keys.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement, values)


def _extent(ground: Ground) -> dict[str, Any]:
    """Who they are, which mails went to them, and how many in a thousand got one of those."""
    from audience.models import Contact, Survey
    from campaigns.models import Campaign

    cancelled = Campaign.objects.for_workspace(ground.workspace).filter(state="cancelled", run=None)
    mails = list(cancelled.order_by("-created_at", "pk").values_list("pk", flat=True)[:RUNS])
    people = Contact.objects.for_workspace(ground.workspace).order_by("-pk").values_list("pk", flat=True)
    last, contacts = people[0], ground.mass.contacts
    survey = Survey.objects.for_workspace(ground.workspace).filter(is_anonymous=False, status="open").latest("pk")
    each = ground.mass.events * MAILS / max(len(mails), 1)
    return {
        "campaigns": mails,
        "contacts": contacts,
        "first": last - contacts + 1,
        "last": last,
        "share": round(1000 * each / contacts),
        "survey": survey.pk,
        "questions": list(survey.questions.order_by("pk").values_list("pk", flat=True)),
    }
