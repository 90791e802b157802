"""A chunk of rows into the tables: COPY into a temporary table, then a handful of statements for all rows together.

Each row brings an id that its contact will have if it is new. Where no row of the chunk is known, which is the usual
case of a first import, the ids are right from the beginning and nothing has to be looked up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, Self

from django.db import connection
from django.utils.translation import gettext as _

from audience.imports.forgetting import ERASED_ROW
from audience.intake.reading import COPIED, TEXTS, Chunk, same_address
from audience.models import (
    Consent,
    Contact,
    ContactImport,
    ImportMode,
    Suppression,
    SuppressionReason,
    address_hash,
)
from emailops.lib.bulk import Json, copy_rows

STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS import_row (
    contact_id bigint, line integer, email text, address text, key bigint, suppression text,
    external_id text, first_name text, last_name text, language text, time_zone text, country text, city text,
    phone text, tags text[], attributes jsonb, agreed_on text, was text
);
TRUNCATE import_row
"""
STAGED = ("contact_id", "suppression", *COPIED)
ONE_AT_A_TIME = 0x1337  # class of advisory locks: the imports of one workspace are written one after the other


@dataclass(slots=True)
class Written:
    """What became of a chunk, in people."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class Stages:
    """Called on the way: when the database alone has to work, and when what is left are lists, consent and topics."""

    handed_over: Callable[[], None]
    people_written: Callable[[], None]


class Writer(Protocol):
    """One import's way of writing."""

    def for_one_chunk(self) -> Self:
        """Apart from other chunks that are being written at the same time."""

    def take(self, chunk: Any, now: datetime, stages: Stages) -> Written:
        """Write the chunk; rows that turn out to be refused are added to it. Inside the caller's transaction."""


@dataclass(frozen=True, slots=True)
class Merge:
    """One import's way of writing: which columns, and what wins."""

    found: ContactImport
    columns: frozenset[str]
    has_attributes: bool
    params: dict[str, Any] = field(default_factory=dict)

    def for_one_chunk(self) -> Self:
        return replace(self, params={})

    def take(self, chunk: Chunk, now: datetime, stages: Stages) -> Written:
        """Write the chunk; rows that turn out to be refused are added to it. Inside the caller's transaction."""
        self._prepare(chunk, now)
        if not chunk.incoming:
            return Written()
        reasons = self._suppressions(chunk)
        _refuse_erased(chunk, reasons)
        if not chunk.incoming:
            return Written()
        self._stage(chunk, reasons)
        self._refuse_met_before(chunk)
        stages.handed_over()
        written = self._count_only(chunk) if self.found.is_dry_run else self._write(chunk)
        stages.people_written()
        if not self.found.is_dry_run:
            self._say_where_they_belong()
        written.suppressed = sum(1 for address in reasons if address in chunk.incoming)
        return written

    def _prepare(self, chunk: Chunk, now: datetime) -> None:
        self.params.clear()
        self.params.update(
            workspace=self.found.workspace_id,
            found=self.found.pk,
            now=now,
            consent=self.found.consent,
            consent_at=None if self.found.consent == Consent.UNKNOWN else now,
            by=self.found.created_by_id,
            lists=self.found.list_ids,
            topics=self.found.topic_ids,
            source=f"import {self.found.pk}",
            wording=self.found.consent_wording,
            evidence=Json(self._evidence()),
        )
        if "external_id" in self.columns:
            _refuse_taken_ids(self.found, chunk)

    def _evidence(self) -> dict[str, Any]:
        evidence: dict[str, Any] = {"import": self.found.pk, "file": self.found.filename}
        if self.found.consent == Consent.GIVEN:
            evidence["where"] = self.found.consent_source
            if self.found.consented_on:
                evidence["agreed_on"] = self.found.consented_on.isoformat()
        return evidence

    def _suppressions(self, chunk: Chunk) -> dict[str, str]:
        """Why we never write to them, by address."""
        all_of_them = Suppression.objects.for_workspace(self.found.workspace)
        if not all_of_them.exists():
            return {}
        hashes = {address_hash(address): address for address in chunk.incoming}
        rows = all_of_them.filter(address_hash__in=hashes).values_list("address_hash", "reason")
        return {hashes[found]: reason for found, reason in rows}

    def _stage(self, chunk: Chunk, reasons: Mapping[str, str]) -> None:
        _run(STAGE, {})
        may_add = self.found.mode != ImportMode.UPDATE and not self.found.is_dry_run
        ids = _new_ids(len(chunk.incoming)) if may_add else range(-1, -len(chunk.incoming) - 1, -1)
        pairs = zip(ids, chunk.incoming.values(), strict=True)
        copy_rows(
            "import_row", STAGED, "".join(f"{pk}\t{reasons.get(row.address, '')}\t{row.copied}" for pk, row in pairs)
        )

    def _refuse_met_before(self, chunk: Chunk) -> None:
        """An address that an earlier chunk of the same file held."""
        met = "INSERT INTO audience_importedaddress SELECT %(found)s, key, line FROM import_row ON CONFLICT DO NOTHING"
        if _run(met, self.params) == len(chunk.incoming):
            return
        again = _rows(
            "SELECT i.address, met.line FROM import_row i JOIN audience_importedaddress met"
            " ON met.import_id = %(found)s AND met.key = i.key AND met.line <> i.line",
            self.params,
        )
        self._refuse(chunk, {address: same_address(line) for address, line in again})

    def _refuse(self, chunk: Chunk, why: Mapping[str, str]) -> None:
        for address, reason in why.items():
            chunk.refuse(chunk.incoming[address], reason)
        _run("DELETE FROM import_row WHERE address = ANY(%(gone)s)", {"gone": list(why)})

    def _count_only(self, chunk: Chunk) -> Written:
        _run(MATCH.format(lock=""), self.params)
        self._refuse_unknown(chunk)
        [(known, changed)] = _rows(
            f"SELECT count(*), count(*) FILTER (WHERE {self._differs()})"  # noqa: S608  names of columns, all ours
            " FROM import_row i JOIN audience_contact c ON c.id = i.contact_id",
            self.params,
        )
        updated = 0 if self.found.mode == ImportMode.INSERT else changed
        return Written(len(chunk.incoming) - known, updated, known - updated)

    def _write(self, chunk: Chunk) -> Written:
        created = 0 if self.found.mode == ImportMode.UPDATE else _run(ADD, self.params)
        updated, rest = 0, len(chunk.incoming) - created
        if rest:
            _run(MATCH.format(lock="ORDER BY c.address FOR UPDATE OF c"), self.params)
            self._refuse_unknown(chunk)
            rest = len(chunk.incoming) - created
            if self.found.mode == ImportMode.INSERT:
                _run("DELETE FROM import_row WHERE was IS NOT NULL", {})
            else:
                updated = _run(self._update(), self.params)
        return Written(created, updated, rest - updated)

    def _refuse_unknown(self, chunk: Chunk) -> None:
        if self.found.mode == ImportMode.UPDATE:
            unknown = _rows("SELECT address FROM import_row WHERE contact_id < 0", {})
            reason = _("There is no contact with this address, and this import adds nobody.")
            self._refuse(chunk, {address: reason for (address,) in unknown})

    def _merged(self) -> dict[str, str]:
        """For each column of the contact that is written, what it becomes."""
        first, second = ("c", "i") if self.found.fills_gaps else ("i", "c")
        merged = {
            name: f"COALESCE(NULLIF({first}.{name}, ''), {second}.{name})" for name in TEXTS if name in self.columns
        }
        merged["suppression"] = "COALESCE(NULLIF(c.suppression, ''), i.suppression)"
        if self.has_attributes:
            merged["attributes"] = f"{second}.attributes || {first}.attributes"
        if "tags" in self.columns:
            merged["tags"] = (
                "CASE WHEN c.tags::text[] @> i.tags THEN c.tags::text[] ELSE c.tags::text[]"
                " || ARRAY(SELECT tag FROM unnest(i.tags) tag WHERE tag <> ALL(c.tags::text[])) END"
            )
        if self.found.consent == Consent.GIVEN:
            merged["consent"] = "CASE WHEN c.consent = 'unknown' THEN 'given' ELSE c.consent END"
            merged["consent_at"] = "CASE WHEN c.consent = 'unknown' THEN %(now)s ELSE c.consent_at END"
        return merged

    def _differs(self) -> str:
        merged = self._merged()
        now = ", ".join(f"c.{name}{'::text[]' if name == 'tags' else ''}" for name in merged)
        return f"({', '.join(merged.values())}) IS DISTINCT FROM ({now})"

    def _update(self) -> str:
        written = ", ".join(f"{name} = {value}" for name, value in self._merged().items())
        return (
            f"UPDATE audience_contact c SET {written}, updated_at = %(now)s FROM import_row i"  # noqa: S608
            f" WHERE c.id = i.contact_id AND i.was IS NOT NULL AND {self._differs()}"
        )

    def _say_where_they_belong(self) -> None:
        _run(LOG_GIVEN if self.found.consent == Consent.GIVEN else LOG_UNKNOWN, self.params)
        if self.found.list_ids:
            _run(ON_LISTS, self.params)
        if self.found.topic_ids:
            _run(ON_TOPICS, self.params)


def wait_for_other_imports(found: ContactImport) -> None:
    """Have the people of the workspace written by this import alone, until the transaction ends."""
    _run("SELECT pg_advisory_xact_lock(%(lock)s, %(of)s)", {"lock": ONE_AT_A_TIME, "of": found.workspace_id})


def _run(statement: str, params: Mapping[str, Any]) -> int:
    """How many rows it wrote."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        count: int = cursor.rowcount
    return count


def _rows(statement: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _new_ids(count: int) -> Sequence[int]:
    found = _rows("SELECT nextval('audience_contact_id_seq') FROM generate_series(1, %(count)s)", {"count": count})
    return [pk for (pk,) in found]


def _refuse_erased(chunk: Chunk, reasons: dict[str, str]) -> None:
    """Who asked to be forgotten is not brought back by a file, not even as somebody never to write to."""
    for address in [address for address, reason in reasons.items() if reason == SuppressionReason.ERASED]:
        chunk.refuse(chunk.incoming[address], ERASED_ROW)
        del reasons[address]


def _refuse_taken_ids(found: ContactImport, chunk: Chunk) -> None:
    """Refuse rows whose external id belongs to a contact with another address, or stands twice in the chunk."""
    wanted: dict[str, str] = {}
    for incoming in list(chunk.incoming.values()):
        external_id = incoming.external_id
        if external_id and wanted.setdefault(external_id, incoming.address) != incoming.address:
            chunk.refuse(incoming, _("The id “%(id)s” stands twice in the file.") % {"id": external_id})
    taken = Contact.objects.for_workspace(found.workspace).filter(external_id__in=wanted)
    for external_id, address in taken.values_list("external_id", "address"):
        if address != wanted[external_id]:
            incoming = chunk.incoming[wanted[external_id]]
            chunk.refuse(incoming, _("The id “%(id)s” belongs to another contact.") % {"id": external_id})


# By address: whoever else writes the same people waits in the same order, and so never for ever.
ADD = f"""
INSERT INTO audience_contact (
    id, workspace_id, email, address, suppression, {", ".join(TEXTS)}, tags, attributes,
    consent, consent_at, created_at, updated_at
)
SELECT contact_id, %(workspace)s, email, address, suppression, {", ".join(TEXTS)}, tags, attributes,
       %(consent)s, %(consent_at)s, %(now)s, %(now)s
FROM import_row ORDER BY address
ON CONFLICT (workspace_id, address) DO NOTHING
"""  # noqa: S608  names of columns, all ours
MATCH = """
UPDATE import_row i SET contact_id = known.id, was = known.consent
FROM (
    SELECT c.id, c.address, c.consent FROM audience_contact c
    JOIN import_row r ON r.address = c.address AND r.contact_id <> c.id
    WHERE c.workspace_id = %(workspace)s {lock}
) known
WHERE known.address = i.address
"""
LOG = """
INSERT INTO audience_consententry (workspace_id, contact_id, "to", consent, source, wording, evidence, by_id, at)
SELECT %(workspace)s, i.contact_id, 'mail', %(consent)s, 'import', %(wording)s,
       %(evidence)s::jsonb || jsonb_build_object('line', i.line)
       || CASE WHEN i.agreed_on = '' THEN '{}' ELSE jsonb_build_object('agreed_on', i.agreed_on) END,
       %(by)s, %(now)s
FROM import_row i
"""
LOG_GIVEN = LOG + "WHERE i.was IS NULL OR i.was = 'unknown'"
LOG_UNKNOWN = (
    LOG
    + """WHERE i.was IS NULL OR i.was = 'unknown'
    AND NOT EXISTS (SELECT FROM audience_consententry said WHERE said.contact_id = i.contact_id)"""
)
ON_LISTS = """
INSERT INTO audience_listmembership (workspace_id, contact_list_id, contact_id, added_at, source)
SELECT %(workspace)s, chosen.id, i.contact_id, %(now)s, %(source)s
FROM import_row i CROSS JOIN unnest(%(lists)s::bigint[]) AS chosen(id) ORDER BY chosen.id, i.contact_id
ON CONFLICT DO NOTHING
"""
ON_TOPICS = """
WITH said AS (
    INSERT INTO audience_topicconsent (workspace_id, topic_id, contact_id, consent, at)
    SELECT %(workspace)s, chosen.id, c.id, 'given', %(now)s
    FROM import_row i JOIN audience_contact c ON c.id = i.contact_id AND c.consent = 'given' AND c.suppression = ''
    CROSS JOIN unnest(%(topics)s::bigint[]) AS chosen(id)
    ON CONFLICT DO NOTHING
    RETURNING topic_id, contact_id
)
INSERT INTO audience_consententry
    (workspace_id, contact_id, "to", topic_id, consent, source, wording, evidence, by_id, at)
SELECT %(workspace)s, said.contact_id, 'topic', said.topic_id, 'given', 'import', %(wording)s, %(evidence)s,
       %(by)s, %(now)s
FROM said
"""
