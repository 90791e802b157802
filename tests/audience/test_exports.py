"""Tables taken away: the right rows, whole, harmless to a spreadsheet, and fit to be imported again."""

import gzip
import io
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from audience.exports import ExportFormat, ExportRefused, ExportWhat, Wanted, export
from audience.intake import run_import
from audience.models import Contact
from audience.services import ConsentBasis, give_consent, suppress
from tests.factories.audience import AttributeFactory, ContactFactory, MembershipFactory
from tests.factories.imports import started
from workspaces.models import AuditEntry, Member

pytestmark = pytest.mark.django_db


def _taken(by: Member, now: datetime, wanted: Wanted) -> bytes:
    return b"".join(export(workspace=by.workspace, wanted=wanted, by=by, now=now))


def test_contacts_go_out_with_their_attributes_and_come_back_as_they_were(
    lead: Member, outsider: Member, now: datetime
) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="city", label="City")
    ContactFactory.create(
        workspace=lead.workspace, email="ann@example.org", first_name="=1+1", tags=["vip", "shop"],
        attributes={"city": "+Sofia"}, phone="+359881234567",
    )  # fmt: skip
    ContactFactory.create(workspace=outsider.workspace, email="theirs@example.org")
    before = Contact.objects.for_workspace(lead.workspace).values("first_name", "tags", "attributes", "phone").get()
    columns = ("email", "first_name", "tags", "phone", "attribute.city")

    raw = _taken(lead, now, Wanted(columns=columns))

    assert raw.decode("utf-8-sig").splitlines() == [
        "email,first_name,tags,phone,city",
        "ann@example.org,'=1+1,vip; shop,'+359881234567,'+Sofia",
    ]
    Contact.objects.for_workspace(lead.workspace).delete()
    found = started(raw, by=lead, now=now)
    run_import(found.pk, lambda: now + timedelta(seconds=1))
    assert Contact.objects.for_workspace(lead.workspace).values(*before).get() == before


def test_every_column_is_there_unless_some_are_chosen(lead: Member, now: datetime) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="city")

    header = _taken(lead, now, Wanted()).decode("utf-8-sig").splitlines()[0].split(",")

    assert header[0] == "email"
    assert header[-1] == "city"
    assert {"consent", "suppression", "created_at", "time_zone"} <= set(header)


def test_a_column_that_does_not_exist_is_refused_and_nothing_written_down(lead: Member, now: datetime) -> None:
    with pytest.raises(ExportRefused, match="no column “password”"):
        _taken(lead, now, Wanted(columns=("password",)))

    assert not AuditEntry.objects.exists()


def test_only_who_is_on_the_list_goes_out(lead: Member, now: datetime) -> None:
    membership = MembershipFactory.create(contact__workspace=lead.workspace)
    ContactFactory.create(workspace=lead.workspace, email="other@example.org")
    wanted = Wanted(columns=("email",), contact_list=membership.contact_list, form=ExportFormat.JSON_LINES)

    rows = [json.loads(line) for line in _taken(lead, now, wanted).splitlines()]

    assert rows == [{"email": membership.contact.email}]


def test_a_workbook_holds_texts_and_no_formulas(lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=lead.workspace, email="ann@example.org", first_name="=HYPERLINK(1)")
    wanted = Wanted(columns=("email", "first_name", "created_at"), form=ExportFormat.WORKBOOK)

    sheet = load_workbook(io.BytesIO(_taken(lead, now, wanted))).active

    header, row = sheet.iter_rows(values_only=True)
    assert header == ("email", "first_name", "created_at")
    assert row[:2] == ("ann@example.org", "'=HYPERLINK(1)")
    assert sheet["B2"].data_type == "s"


def test_a_packed_file_holds_the_same(lead: Member, now: datetime) -> None:
    ContactFactory.create(workspace=lead.workspace, email="ann@example.org")

    plain = _taken(lead, now, Wanted(columns=("email",)))
    packed = _taken(lead, now, Wanted(columns=("email",), is_gzip=True))

    assert gzip.decompress(packed) == plain


def test_the_consent_log_says_who_agreed_to_what_in_which_words(lead: Member, now: datetime) -> None:
    contact = ContactFactory.create(workspace=lead.workspace, email="ann@example.org")
    give_consent(contact=contact, basis=ConsentBasis("form", "Yes, please"), by=lead, now=now)
    wanted = Wanted(what=ExportWhat.CONSENT, form=ExportFormat.JSON_LINES)

    [row] = [json.loads(line) for line in _taken(lead, now, wanted).splitlines()]

    assert (row["email"], row["to"], row["consent"], row["wording"]) == (
        "ann@example.org", "mail", "given", "Yes, please",
    )  # fmt: skip
    assert row["by"] == lead.user.email


def test_the_command_writes_the_same_file(lead: Member, now: datetime, tmp_path: Path) -> None:
    ContactFactory.create(workspace=lead.workspace, email="ann@example.org")
    path = tmp_path / "people.csv"

    call_command("export_contacts", workspace=lead.workspace.slug, to=path, columns=["email"])

    assert path.read_bytes() == _taken(lead, now, Wanted(columns=("email",)))


def test_the_command_says_what_is_not_there(lead: Member) -> None:
    with pytest.raises(CommandError) as no_list:
        call_command("export_contacts", workspace=lead.workspace.slug, list="Unheard of")
    with pytest.raises(CommandError) as no_column:
        call_command("export_contacts", workspace=lead.workspace.slug, columns=["password"])

    assert (no_list.value.returncode, no_column.value.returncode) == (2, 1)


@pytest.mark.parametrize("what", ExportWhat)
@pytest.mark.parametrize("form", ExportFormat)
def test_every_table_goes_out_as_every_format_and_is_written_down(
    lead: Member, now: datetime, what: ExportWhat, form: ExportFormat
) -> None:
    contact = ContactFactory.create(workspace=lead.workspace)
    suppress(workspace=lead.workspace, address=contact.address, reason="manual", by=None, now=now)  # type: ignore[arg-type]

    raw = _taken(lead, now, Wanted(what=what, form=form, words="e"))

    assert raw or form == ExportFormat.JSON_LINES
    assert AuditEntry.objects.get(action="audience.exported").detail["what"] == what
