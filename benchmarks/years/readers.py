"""The people of the company: by the hundred thousand, with attributes, a list, a consent record and a profile."""

from typing import Any

from benchmarks.years.ground import Ground

CONTACTS = """
    INSERT INTO audience_contact (workspace_id, email, address, external_id, first_name, last_name, language, time_zone,
        city, country, tags, attributes, consent, consent_at, suppression, created_at, updated_at)
    SELECT %(workspace)s, 'reader' || n || '@mail' || n %% 500 || '.example',
        'reader' || n || '@mail' || n %% 500 || '.example', '',
        (ARRAY['Anna','Boris','Clara','Dimitar','Elena'])[1 + n %% 5] || n %% 1000, 'Last' || n / 7,
        (ARRAY['bg','en',''])[1 + n %% 3], '', (ARRAY['Sofia','Varna','Plovdiv','Burgas'])[1 + n %% 4], 'BG',
        CASE WHEN n %% 20 = 0 THEN ARRAY['regular'] ELSE ARRAY[]::text[] END,
        jsonb_build_object('city', (ARRAY['Sofia','Varna','Plovdiv','Burgas'])[1 + n %% 4], 'points', n %% 900),
        CASE WHEN n %% 5 = 0 THEN 'unknown' ELSE 'given' END, %(now)s,
        CASE WHEN n %% 50 = 0 THEN 'bounce' ELSE '' END, %(now)s - (n %% 1000) * interval '1 day', %(now)s
    FROM generate_series(1, %(count)s) AS n
"""
PROFILES = """
    INSERT INTO audience_contactprofile (contact_id, workspace_id, last_sent_at, last_open_at, last_click_at,
        sent_count, open_count, click_count, order_count, order_sum, first_order_at, last_order_at, lifecycle, rfm)
    SELECT id, workspace_id, %(now)s - id %% 200 * interval '1 day', %(now)s - id %% 300 * interval '1 day',
        %(now)s - id %% 400 * interval '1 day', 40, id %% 30, id %% 10, 0, 0, NULL, NULL, 1 + id %% 4, 0
    FROM audience_contact WHERE workspace_id = %(workspace)s AND email LIKE 'reader%%@mail%%.example'
"""
MEMBERSHIPS = """
    INSERT INTO audience_listmembership (workspace_id, contact_list_id, contact_id, added_at, source)
    SELECT workspace_id, %(list)s, id, %(now)s, 'import'
    FROM audience_contact WHERE workspace_id = %(workspace)s AND id %% 2 = 0
    ON CONFLICT DO NOTHING
"""
CONSENTS = """
    INSERT INTO audience_consententry (workspace_id, contact_id, "to", consent, source, wording, evidence, at)
    SELECT workspace_id, id, 'mail', 'given', 'import', 'At the till', '{}', %(now)s
    FROM audience_contact
    WHERE workspace_id = %(workspace)s AND consent = 'given' AND email LIKE 'reader%%@mail%%.example'
"""


def gather(ground: Ground) -> None:
    """Write as many people as are asked for, into the first of the company's lists every other one."""
    from django.db import connection

    from audience.models import ContactList

    first = ContactList.objects.for_workspace(ground.workspace).order_by("pk")[0]
    values: dict[str, Any] = {
        "workspace": ground.workspace.pk,
        "now": ground.now,
        "count": ground.mass.contacts,
        "list": first.pk,
    }
    with connection.cursor() as cursor:
        for statement in (CONTACTS, PROFILES, MEMBERSHIPS, CONSENTS):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE audience_contact")
        cursor.execute("VACUUM ANALYZE audience_contactprofile")
