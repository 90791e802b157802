"""Tables taken away: the right rows, whole, harmless to a spreadsheet, and fit to be imported again."""

import gzip
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from rest_framework.test import APIClient

from audience.exports import ExportFormat, ExportRefused, ExportWhat, Wanted, export
from audience.finding import ContactFilter
from audience.imports import guess_mapping
from audience.intake import run_import
from audience.models import Contact, ContactProfile, Event, Lifecycle
from audience.services import ConsentBasis, current_attributes, give_consent, suppress
from tests.factories.audience import AttributeFactory, ContactFactory, MembershipFactory, SegmentFactory
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
    wanted = Wanted(
        columns=("email",), narrowed=ContactFilter(list=str(membership.contact_list.pk)), form=ExportFormat.JSON_LINES
    )

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

    raw = _taken(lead, now, Wanted(what=what, form=form, narrowed=ContactFilter(q="e")))

    assert raw or form == ExportFormat.JSON_LINES
    assert AuditEntry.objects.get(action="audience.exported").detail["what"] == what


PEOPLE: dict[str, dict[str, object]] = {
    "vip@example.org": {"tags": ["vip"]},
    "left@example.org": {"consent": "withdrawn"},
    "bounced@example.org": {"suppression": "bounced"},
    "vera@example.org": {"first_name": "Vera"},
}
NARROWED = {
    "vip@example.org": ContactFilter(tag="vip"),
    "left@example.org": ContactFilter(consent="withdrawn"),
    "bounced@example.org": ContactFilter(suppressed="yes"),
    "vera@example.org": ContactFilter(q="vera"),
}


@pytest.mark.parametrize("email", PEOPLE)
@pytest.mark.parametrize("what", [ExportWhat.CONTACTS, ExportWhat.EVENTS])
def test_what_narrows_the_list_narrows_the_file(lead: Member, now: datetime, email: str, what: ExportWhat) -> None:
    for address, about in PEOPLE.items():
        contact = ContactFactory.create(workspace=lead.workspace, email=address, **about)
        Event.objects.create(workspace=lead.workspace, contact=contact, name="visited", occurred_at=now)
    columns = ("email",) if what == ExportWhat.CONTACTS else ()
    wanted = Wanted(what=what, columns=columns, form=ExportFormat.JSON_LINES, narrowed=NARROWED[email])

    rows = [json.loads(line) for line in _taken(lead, now, wanted).splitlines()]

    assert [row["email"] for row in rows] == [email]


def test_seller_stage_and_segment_narrow_the_file_too(lead: Member, seller: Member, now: datetime) -> None:
    mine = ContactFactory.create(workspace=lead.workspace, email="mine@example.org", seller=seller)
    ContactProfile.objects.create(workspace=lead.workspace, contact=mine, lifecycle=Lifecycle.CUSTOMER)
    ContactFactory.create(workspace=lead.workspace, email="other@example.org")
    rule = {"match": "all", "rules": [{"field": "email", "op": "contains", "value": "mine"}]}
    segment = SegmentFactory.create(workspace=lead.workspace, definition=rule)
    asked = [
        ContactFilter(seller=str(seller.pk)),
        ContactFilter(lifecycle=str(Lifecycle.CUSTOMER.value)),
        ContactFilter(segment=str(segment.pk)),
    ]

    taken = [_taken(lead, now, Wanted(columns=("email",), narrowed=narrowed)) for narrowed in asked]

    assert [raw.decode("utf-8-sig").split() for raw in taken] == [["email", "mine@example.org"]] * len(asked)


def test_headings_can_be_words_and_are_understood_when_they_come_back(lead: Member, now: datetime) -> None:
    AttributeFactory.create(workspace=lead.workspace, key="skin", label="Skin type")
    AttributeFactory.create(workspace=lead.workspace, key="town", label="City")
    columns = ("email", "first_name", "external_id", "city", "attribute.skin", "attribute.town")

    raw = _taken(lead, now, Wanted(columns=columns, has_words=True))

    header = raw.decode("utf-8-sig").strip().split(",")
    assert header == ["E-mail address", "First name", "Id in your CRM", "City (city)", "Skin type", "City (town)"]
    guessed = guess_mapping(header, current_attributes(lead.workspace))
    assert [guessed[str(n)] for n in (0, 1, 2, 4)] == ["email", "first_name", "external_id", "attribute.skin"]


def test_the_page_begins_with_what_the_list_was_narrowed_by(lead: Member, browse: Callable[[Member], Client]) -> None:
    client = browse(lead)
    page = reverse("audience:export", args=[lead.workspace.slug])
    ContactFactory.create(workspace=lead.workspace, email="ann@example.org", tags=["vip"])
    ContactFactory.create(workspace=lead.workspace, email="bob@example.org")

    shown = client.get(f"{page}?tag=vip&consent=given&what=consent").content.decode()
    sent = client.post(page, {"what": "contacts", "form": "csv", "tag": "vip", "columns": ["email"], "has_words": "on"})

    assert 'name="tag" value="vip"' in shown
    assert '<option value="given" selected>' in shown
    assert '<option value="consent" selected>' in shown
    assert "Consent to being followed since" in shown
    assert b"".join(sent).decode("utf-8-sig").split() == ["E-mail", "address", "ann@example.org"]
    assert AuditEntry.objects.get(action="audience.exported").detail["narrowed"] == {"tag": "vip"}


def test_a_program_narrows_by_the_same_names(lead: Member, api: Callable[..., APIClient]) -> None:
    ContactFactory.create(workspace=lead.workspace, email="ann@example.org", tags=["vip"])
    ContactFactory.create(workspace=lead.workspace, email="bob@example.org")
    body = {"columns": ["email"], "filter": {"tag": "vip"}}

    answer = api(lead).post(reverse("api:export-list"), body, format="json")
    refused = api(lead).post(reverse("api:export-list"), {"filter": {"colour": "red"}}, format="json")

    assert b"".join(answer).decode("utf-8-sig").split() == ["email", "ann@example.org"]
    assert refused.status_code == 400


def test_the_command_narrows_too(lead: Member, seller: Member, now: datetime, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    ContactFactory.create(workspace=lead.workspace, email="ann@example.org", tags=["vip"], seller=seller)
    ContactFactory.create(workspace=lead.workspace, email="bob@example.org", tags=["vip"])
    asked = {"tag": "vip", "seller": seller.user.email, "lifecycle": "new", "columns": ["email"], "headings": "words"}

    call_command("export_contacts", workspace=lead.workspace.slug, to=path, **asked)

    assert path.read_text("utf-8-sig").splitlines() == ["E-mail address", "ann@example.org"]
