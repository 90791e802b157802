"""Files with orders and events: put together, checked, taken once, through the import of the contacts."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from audience.imports import ImportChoices, ImportRefused, open_import, read_differently, start_import
from audience.imports.cells import CellRefused
from audience.imports.facts import read_moment, read_number, read_status
from audience.intake import CHUNK, run_import
from audience.models import (
    Contact,
    ContactImport,
    ContactProfile,
    Event,
    ImportState,
    ImportWhat,
    Order,
    OrderStatus,
    Source,
)
from tests.factories.audience import ContactFactory
from tests.factories.imports import upload
from workspaces.models import Member

pytestmark = pytest.mark.django_db
ORDERS = """Order number,E-mail,Date,Status,Total,Currency,Product,SKU,Quantity,Price
O-1,ann@example.org,2026-05-18 09:30,shipped,76.50,EUR,Glow serum,GS-1,2,34.00
O-1,,,,,,Moss soap,,1,8.50
O-2,bob@example.org,18.05.2026 10:00,refunded,"8,50 €",,Moss soap,,1,"8,50"
"""
EVENTS = """event,email,occurred at,id,plan,value
trial started,ann@example.org,2026-05-18T09:30+03:00,e-1,Pro,
visited,bob@example.org,2026-05-19,,Basic,12.50
"""


@pytest.fixture(autouse=True)
def people(lead: Member) -> None:
    for name in ("ann", "bob"):
        ContactFactory.create(workspace=lead.workspace, email=f"{name}@example.org")


def _taken(lead: Member, now: datetime, text: str, **choices: Any) -> ContactImport:
    found = open_import(workspace=lead.workspace, file=upload(text, "facts.csv"), by=lead, now=now)
    is_dry_run = choices.pop("is_dry_run", False)
    chosen = ImportChoices(mapping=choices.pop("mapping", found.mapping), **choices)
    start_import(found=found, choices=chosen, by=lead, now=now, is_dry_run=is_dry_run)
    return _run(found, now)


def _run(found: ContactImport, now: datetime) -> ContactImport:
    ticks = count()
    run_import(found.pk, lambda: now + timedelta(milliseconds=next(ticks)))
    found.refresh_from_db()
    return found


def _counts(found: ContactImport) -> tuple[int, int, int, int]:
    return found.created_count, found.updated_count, found.unchanged_count, found.refused_count


def _reasons(found: ContactImport) -> list[tuple[int, str]]:
    return list(found.refusals.order_by("line").values_list("line", "reason"))


def test_rows_with_one_number_become_one_order_with_its_lines(lead: Member, now: datetime) -> None:
    lead.workspace.time_zone = "Europe/Sofia"
    lead.workspace.save()

    found = _taken(lead, now, ORDERS)

    first, second = Order.objects.order_by("external_id")
    assert (found.what, found.state, _counts(found)) == (ImportWhat.ORDERS, ImportState.DONE, (2, 0, 0, 0))
    assert (first.contact.email, first.status, first.total, first.source) == (
        "ann@example.org",
        OrderStatus.SENT,
        Decimal("76.50"),
        Source.FILE,
    )
    assert first.placed_at == datetime(2026, 5, 18, 6, 30, tzinfo=UTC)
    assert list(first.lines.order_by("pk").values_list("name", "sku", "quantity", "price")) == [
        ("Glow serum", "GS-1", Decimal(2), Decimal(34)),
        ("Moss soap", "", Decimal(1), Decimal("8.50")),
    ]
    assert (second.status, second.total) == (OrderStatus.RETURNED, Decimal("8.50"))
    assert ContactProfile.objects.get(contact=first.contact).order_count == 1


def test_the_same_file_again_changes_nothing(lead: Member, now: datetime) -> None:
    _taken(lead, now, ORDERS)

    again = _taken(lead, now, ORDERS)

    assert _counts(again) == (0, 0, 2, 0)


def test_a_dry_run_counts_and_writes_nothing(lead: Member, now: datetime) -> None:
    text = ORDERS + "O-3,stranger@example.org,2026-05-18,,1.00,,Soap,,1,1.00\n"

    found = _taken(lead, now, text, is_dry_run=True, adds_people=True)

    assert (found.state, _counts(found)) == (ImportState.CHECKED, (3, 0, 0, 0))
    assert not Order.objects.exists()
    assert not Contact.objects.filter(address="stranger@example.org").exists()


def test_refused_rows_are_listed_with_the_reason_and_the_others_are_taken(lead: Member, now: datetime) -> None:
    text = ORDERS + (
        "O-3,stranger@example.org,2026-05-18,,1.00,,Soap,,1,1.00\n"
        "O-4,ann@example.org,soon,,1.00,,Soap,,1,1.00\n"
        "O-5,ann@example.org,2026-05-18,,1.00,USD,Soap,,1,1.00\n"
        "O-6,ann@example.org,2026-05-18,,1.00,,Soap,,1,1.00\n"
        "O-6,bob@example.org,2026-05-18,,1.00,,Soap,,1,1.00\n"
        "O-7,ann@example.org,2026-05-18,lost,1.00,,Soap,,1,1.00\n"
        ",ann@example.org,2026-05-18,,1.00,,Soap,,1,1.00\n"
        "O-8,ann@example.org,2026-05-18,,1.00,,Soap,,many,1.00\n"
    )

    found = _taken(lead, now, text)

    lines, reasons = zip(*_reasons(found), strict=True)
    assert _counts(found) == (2, 0, 0, 8)
    assert lines == (5, 6, 7, 8, 9, 10, 11, 12)
    for reason, words in zip(
        reasons,
        ("no contact", "no day and time", "in USD", "disagree", "disagree", "no status", "its number", "not a number"),
        strict=True,
    ):
        assert words in reason


def test_an_order_at_the_border_of_two_chunks_stays_whole(lead: Member, now: datetime) -> None:
    head = "order_id,email,placed_at,product,price\n"
    rows = [f"O-{n},ann@example.org,2026-05-18,Soap,1.00" for n in range(CHUNK - 1)]
    rows += ["O-x,ann@example.org,2026-05-18,Soap,1.00"] * 3

    found = _taken(lead, now, head + "\n".join(rows) + "\n")

    assert _counts(found) == (CHUNK, 0, 0, 0)
    assert Order.objects.get(external_id="O-x").lines.count() == 3


def test_rows_of_an_order_that_stand_apart_are_refused_and_not_lost(lead: Member, now: datetime) -> None:
    head = "order_id,email,placed_at,product,price\n"
    rows = [f"O-{n},ann@example.org,2026-05-18,Soap,1.00" for n in range(CHUNK)]
    rows += ["O-0,ann@example.org,2026-05-18,Balm,1.00"]

    found = _taken(lead, now, head + "\n".join(rows) + "\n")

    assert _counts(found) == (CHUNK, 0, 0, 1)
    assert "on line 2 already" in _reasons(found)[0][1]
    assert Order.objects.get(external_id="O-0").lines.get().name == "Soap"


def test_events_keep_the_other_columns_as_properties(lead: Member, now: datetime) -> None:
    found = _taken(lead, now, EVENTS)

    first, second = Event.objects.order_by("name")
    assert (found.what, _counts(found)) == (ImportWhat.EVENTS, (2, 0, 0, 0))
    assert (first.name, first.external_id, first.properties) == ("trial_started", "e-1", {"plan": "Pro"})
    assert (second.value, second.external_id) == (Decimal("12.50"), f"import {found.pk}, line 3")


def test_strangers_become_contacts_if_that_is_chosen(lead: Member, now: datetime) -> None:
    found = _taken(lead, now, EVENTS + "visited,new@example.org,2026-05-19,,,\n", adds_people=True)

    assert _counts(found) == (3, 0, 0, 0)
    assert Contact.objects.get(address="new@example.org").consent == "unknown"


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"0": "order_id", "2": "placed_at", "4": "total"}, "whose it is"),
        ({"0": "order_id", "1": "email", "4": "total"}, "when it was placed"),
        ({"1": "email", "2": "placed_at", "4": "total"}, "number of the order"),
        ({"0": "order_id", "1": "email", "2": "placed_at"}, "total of the order"),
        ({"0": "order_id", "1": "email", "2": "placed_at", "3": "email"}, "same field"),
        ({"0": "order_id", "1": "email", "2": "attribute.city"}, "does not have"),
    ],
)
def test_columns_that_make_no_order_are_refused(
    lead: Member, now: datetime, mapping: dict[str, str], words: str
) -> None:
    with pytest.raises(ImportRefused, match=words):
        _taken(lead, now, ORDERS, mapping=mapping)


def test_a_file_can_be_taken_for_something_else(lead: Member, now: datetime) -> None:
    found = open_import(workspace=lead.workspace, file=upload("email,name\nann@example.org,Ann\n"), by=lead, now=now)

    read_differently(found=found, encoding="", delimiter="", by=lead, now=now, what=ImportWhat.EVENTS)

    found.refresh_from_db()
    assert (found.what, found.mapping) == (ImportWhat.EVENTS, {"0": "email", "1": "name"})


@pytest.mark.parametrize(
    ("cell", "number"),
    [("12", "12"), ("12,50", "12.50"), ("1 234,50 лв.", "1234.50"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"),
     ("€ 9.90", "9.90"), ("-3", "-3")],
)  # fmt: skip
def test_sums_are_read_as_people_write_them(cell: str, number: str) -> None:
    assert read_number(cell) == Decimal(number)


@pytest.mark.parametrize("cell", ["", "many", "NaN", "Infinity", "1-2", "1,2,3"])
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(CellRefused):
        read_number(cell)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-05-18", "2026-05-18T00:00+03:00"),
        ("2026-05-18 9:30", "2026-05-18T09:30+03:00"),
        ("2026-05-18T09:30:00Z", "2026-05-18T12:30+03:00"),
        ("2026-05-18 09:30:00 UTC", "2026-05-18T12:30+03:00"),
        ("18.05.2026", "2026-05-18T00:00+03:00"),
        ("18.05.2026, 09:30", "2026-05-18T09:30+03:00"),
    ],
)
def test_moments_are_read_as_people_write_them(cell: str, moment: str) -> None:
    assert read_moment(cell, ZoneInfo("Europe/Sofia")) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("cell", ["", "soon", "31.02.2026", "25:00", "2026-05-18 25:00", "09:30"])
def test_what_is_no_moment_is_refused(cell: str) -> None:
    with pytest.raises(CellRefused):
        read_moment(cell, ZoneInfo("Europe/Sofia"))


def test_words_of_shops_for_a_status_are_understood() -> None:
    assert [read_status(word) for word in ("Paid", "partially_refunded", "Отменён", "sent")] == [
        "paid", "returned", "cancelled", "sent",
    ]  # fmt: skip


def test_orders_come_in_from_the_command_line(lead: Member, tmp_path: Path) -> None:
    file, out = tmp_path / "orders.csv", StringIO()
    file.write_text(ORDERS)

    call_command("import_contacts", str(file), workspace=lead.workspace.slug, what="orders", json=True, stdout=out)

    assert '"what": "orders", "state": "done", "created": 2' in out.getvalue()
    assert Order.objects.count() == 2


def test_orders_come_in_by_the_pages(lead: Member, browse: Callable[[Member], Client], now: datetime) -> None:
    client, slug = browse(lead), lead.workspace.slug
    client.post(reverse("audience:import_list", args=[slug]), {"file": upload(ORDERS, "orders.csv"), "what": ""})
    found = ContactImport.objects.get()
    page = client.get(reverse("audience:import_map", args=[slug, found.pk])).content.decode()
    columns = {f"column_{index}": name for index, name in found.mapping.items()}

    answer = client.post(reverse("audience:import_map", args=[slug, found.pk]), {**columns, "do": "start"})

    assert "a row for each product" in page
    assert answer.status_code == 302
    assert _counts(_run(found, now)) == (2, 0, 0, 0)
