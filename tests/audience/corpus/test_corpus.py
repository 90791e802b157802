"""Every ugly file is taken as far as it can be, or refused as a whole with a sentence."""

from datetime import datetime, timedelta
from itertools import count

import pytest

from audience.intake import run_import
from audience.models import Contact, ContactImport, ImportState
from emailops.lib.errors import DomainError
from tests.audience.corpus.files import CORPUS, Ugly
from tests.factories.imports import started
from workspaces.models import Member

pytestmark = pytest.mark.django_db
READABLE = [ugly for ugly in CORPUS if ugly.people or ugly.refused or ugly.name == "a header alone"]
BROKEN = [ugly for ugly in CORPUS if ugly not in READABLE]


def _run(ugly: Ugly, by: Member, now: datetime, *, is_dry_run: bool = False) -> ContactImport:
    ticks = count()
    found = started(ugly.raw, by=by, now=now, name=ugly.filename, is_dry_run=is_dry_run)
    run_import(found.pk, lambda: now + timedelta(milliseconds=next(ticks)))
    found.refresh_from_db()
    return found


def test_there_are_at_least_forty_of_them() -> None:
    assert len(CORPUS) >= 40
    assert len({ugly.name for ugly in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("ugly", READABLE, ids=lambda ugly: ugly.name)
def test_what_can_be_taken_is_taken(ugly: Ugly, lead: Member, now: datetime) -> None:
    found = _run(ugly, lead, now)

    reasons = list(found.refusals.order_by("line").values_list("reason", flat=True))
    assert (found.state, found.message) == (ImportState.DONE, "")
    assert dict(Contact.objects.values_list("address", "first_name")) == ugly.people
    assert len(reasons) == found.refused_count == len(ugly.refused)
    assert all(expected in reason for expected, reason in zip(ugly.refused, reasons, strict=True)), reasons


@pytest.mark.parametrize("ugly", READABLE, ids=lambda ugly: ugly.name)
def test_a_dry_run_foretells_it_and_writes_nobody(ugly: Ugly, lead: Member, now: datetime) -> None:
    found = _run(ugly, lead, now, is_dry_run=True)

    assert found.state == ImportState.CHECKED
    assert (found.created_count, found.refused_count) == (len(ugly.people), len(ugly.refused))
    assert not Contact.objects.exists()


@pytest.mark.parametrize("ugly", BROKEN, ids=lambda ugly: ugly.name)
def test_what_is_no_table_is_refused_with_a_sentence(ugly: Ugly, lead: Member, now: datetime) -> None:
    with pytest.raises(DomainError, match=ugly.broken):
        _run(ugly, lead, now)

    assert not ContactImport.objects.exists()
