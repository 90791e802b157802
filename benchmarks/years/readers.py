"""The people of the company, by the million: names that thousands share, attributes, tags, lists, consent."""

from typing import Any

from benchmarks.years.ground import Ground

CONTACTS = """
    INSERT INTO audience_contact (workspace_id, email, address, external_id, first_name, last_name, language, time_zone,
        country, city, phone, tags, attributes, seller_id, consent, consent_at, suppression, created_at, updated_at)
    SELECT %(workspace)s, address, address, CASE WHEN n %% 3 = 0 THEN 'C' || 100000 + n ELSE '' END, first, last,
        (ARRAY['bg','en',''])[1 + n %% 3], CASE WHEN n %% 4 = 0 THEN 'Europe/Sofia' ELSE '' END, 'BG',
        (ARRAY['Sofia','Sofia','Sofia','Varna','Plovdiv','Burgas','Ruse','Pleven'])[1 + h %% 8],
        CASE WHEN n %% 3 = 1 THEN '+35988' || 1000000 + n ELSE '' END,
        CASE WHEN n %% 5 > 0 THEN ARRAY[]::text[] WHEN n %% 20 = 0 THEN ARRAY['regular', 'tag ' || h %% 60]
            ELSE ARRAY['tag ' || h %% 60] END,
        jsonb_strip_nulls(jsonb_build_object(
            'skin_type', CASE WHEN h %% 3 > 0 THEN (ARRAY['dry','oily','normal','sensitive'])[1 + h / 7 %% 4] END,
            'birthday', CASE WHEN h %% 2 = 0 THEN to_char(date '1950-01-01' + h %% 20000, 'YYYY-MM-DD') END,
            'loyalty_points', h %% 900, 'vip', CASE WHEN h %% 50 = 0 THEN true END)),
        CASE WHEN n %% 33 = 0 THEN %(seller)s END,
        CASE WHEN n %% 5 = 0 THEN 'unknown' ELSE 'given' END, CASE WHEN n %% 5 > 0 THEN %(now)s END,
        CASE WHEN n %% 50 = 0 THEN (ARRAY['bounced','unsubscribed','complained','manual'])[1 + n / 50 %% 4] ELSE '' END,
        %(now)s - (n %% 1000) * interval '1 day' - (h %% 86400) * interval '1 second', %(now)s
    FROM (
        SELECT n, h, first, last, lower(first || '.' || last) || n || '@' ||
            CASE WHEN n %% 5 < 2 THEN 'mail.example' WHEN n %% 5 = 2 THEN 'post.example'
                ELSE 'mail' || n %% 500 || '.example' END AS address
        FROM (
            SELECT n, hashint4(n) & 2147483647 AS h,
                (ARRAY['Anna','Boris','Clara','Dimitar','Elena','Filip','Galia','Hristo','Ivan','Julia','Kalina','Lora',
                    'Maria','Nikola','Olga','Petar','Rada','Stefan','Teodora','Vasil'])[1 + hashint4(n + 3) %% 10 + 9]
                AS first,
                (ARRAY['Petr','Ivan','Georgi','Dimitr','Nikol','Stoyan','Todor','Iliev','Vasil','Kostad','Mihayl','Pop',
                    'Angel','Marin','Hristoz','Yord','Stef','Ruse','Zlat','Bor'])[1 + hashint4(n + 5) %% 10 + 9]
                || (ARRAY['ov','ova','ski','ska','inov','inova','enko','iev','ieva','ev'])[1 + n %% 10]
                || (ARRAY['','a','ich','in'])[1 + n / 11 %% 4] AS last
            FROM generate_series(1, %(count)s) AS n
        ) AS named
    ) AS addressed
"""
ALIKE = """
    UPDATE audience_contact c SET phone = '+35988' || 1000000 + %(count)s
    WHERE c.workspace_id = %(workspace)s AND c.id > %(before)s AND (c.id - %(before)s) %% (%(count)s / 5 + 1) = 7
"""
SUPPRESSED = """
    INSERT INTO audience_suppression (workspace_id, address_hash, reason, note, at)
    SELECT workspace_id, {hash}, suppression, '', %(now)s
    FROM audience_contact WHERE workspace_id = %(workspace)s AND suppression <> '' AND id > %(before)s
    ON CONFLICT DO NOTHING
"""
CONSENTS = """
    INSERT INTO audience_consententry (workspace_id, contact_id, "to", consent, source, wording, evidence, at,
        form_version)
    SELECT workspace_id, id, 'mail', 'given', 'import', 'At the till', '{}', created_at, ''
    FROM audience_contact WHERE workspace_id = %(workspace)s AND consent = 'given' AND id > %(before)s
"""
MEMBERSHIPS = """
    INSERT INTO audience_listmembership (workspace_id, contact_list_id, contact_id, added_at, source)
    SELECT c.workspace_id, l.id, c.id, c.created_at, 'import'
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS k FROM audience_contactlist
          WHERE workspace_id = %(workspace)s) AS l
    JOIN audience_contact c ON c.workspace_id = %(workspace)s AND c.id > %(before)s AND c.id %% (l.k * l.k + 1) = 0
    ON CONFLICT DO NOTHING
"""
TOPICS = """
    INSERT INTO audience_topicconsent (workspace_id, topic_id, contact_id, consent, at)
    SELECT c.workspace_id, t.id, c.id, CASE WHEN c.id %% 9 = 0 THEN 'withdrawn' ELSE 'given' END, c.created_at
    FROM audience_topic t
    JOIN audience_contact c ON c.workspace_id = %(workspace)s AND c.id > %(before)s AND (c.id + t.id) %% 5 = 0
    WHERE t.workspace_id = %(workspace)s
"""
STATEMENTS = (CONTACTS, ALIKE, CONSENTS, MEMBERSHIPS, TOPICS)


def gather(ground: Ground) -> None:
    """Write as many people as are asked for: every other one is on the first list, fewer on each further one."""
    from django.db import connection, transaction
    from django.db.models import Max

    from audience.models import Contact
    from audience.models.suppression import address_hash_keys, address_hash_sql

    _lists(ground)
    values: dict[str, Any] = {
        "workspace": ground.workspace.pk,
        "now": ground.now,
        "count": ground.mass.contacts,
        "seller": _seller(ground),
        "before": Contact.objects.aggregate(last=Max("pk"))["last"] or 0,
        **address_hash_keys(),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (*STATEMENTS, SUPPRESSED.replace("{hash}", address_hash_sql("address"))):
            cursor.execute(statement, values)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE audience_contact")


def _lists(ground: Ground) -> None:
    """A dozen lists, however many the company has."""
    from audience.models import ContactList

    ContactList.objects.bulk_create(
        (ContactList(workspace=ground.workspace, name=f"Evening at the shop {n}") for n in range(ground.mass.lists)),
        ignore_conflicts=True,
    )


def _seller(ground: Ground) -> int:
    """The seller who looks after some of them."""
    from workspaces.models import Member
    from workspaces.permissions import Role

    sellers = Member.objects.for_workspace(ground.workspace).active().filter(role=Role.SELLER)
    return int(sellers.order_by("pk")[0].pk)
