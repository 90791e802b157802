"""The web site of Maren & Moss: orders from before the story as a file, and what readers do on the site."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from django.core.files.base import ContentFile

from audience.imports import choices_of, open_import, start_import
from audience.intake import run_import
from audience.models import Contact, ContactImport, Site
from audience.services.sites import SiteDetails, create_site, person_token
from audience.services.visitors import Report, take_report
from emailops.demo.audience import as_csv, ticking
from emailops.demo.crowd import Reader
from emailops.demo.shop import PRODUCTS, lines_of
from emailops.demo.stage import Stage, at

COLUMNS = ("Order number", "E-mail", "Date", "Status", "Total", "Currency", "Product", "SKU", "Category", "Quantity",
           "Price")  # fmt: skip
SPOILT = ("MM-9999-0", "asked.to.be@forgotten.example", "2025-11-03 10:00", "sent", "8.50", "EUR", "Moss soap",
          "MM-MOSS-SOAP", "Cleansing", "1", "8.50")  # fmt: skip
BOUGHT_BEFORE = 0.45  # share of customers in the shop's old records
OLDEST, YOUNGEST = 300, 100  # days before the story begins
VISITORS_A_DAY = 9
DAYS_OF_SITE = 40
VIEWED, LEFT_BASKET = "product_viewed", "basket_left"


class WebSite:
    """The shop's old records, and its pages with our script since some weeks."""

    def __init__(self, stage: Stage, customers: list[Reader], seed: int) -> None:
        self._stage, self._customers = stage, customers
        self._random = Random(seed)  # noqa: S311  invented people, no secrets

    def tell(self) -> None:
        calendar, on = self._stage.calendar, self._stage.diary.on
        on(calendar.after_founding(2, "15:00"), self._bring_old_orders)
        first = calendar.today - timedelta(days=DAYS_OF_SITE)
        on(at(first, "10:15"), self._connect)
        for day in range(1, DAYS_OF_SITE):
            on(at(first + timedelta(days=day), "21:30"), self._have_visitors)

    def _bring_old_orders(self, now: datetime) -> None:
        by = self._stage.cast["ivo"]
        rows = [row for reader in self._customers for row in self._old_orders(reader, now)] + [SPOILT]
        file = ContentFile(as_csv(COLUMNS, rows), name="shop-orders-of-last-year.csv")
        found: ContactImport = open_import(workspace=self._stage.workspace, file=file, by=by, now=now)
        later = now + timedelta(minutes=3)
        start_import(found=found, choices=choices_of(found), by=by, now=later)
        run_import(found.pk, ticking(later, timedelta(milliseconds=600)))

    def _old_orders(self, reader: Reader, now: datetime) -> list[tuple[str, ...]]:
        if self._random.random() > BOUGHT_BEFORE:
            return []
        count = self._random.choices((1, 2, 3, 5), weights=(50, 27, 15, 8))[0]
        return [row for number in range(count) for row in self._old_order(reader, number, now)]

    def _old_order(self, reader: Reader, number: int, now: datetime) -> list[tuple[str, ...]]:
        day = now - timedelta(days=self._random.uniform(YOUNGEST, OLDEST))
        basket = sorted(set(self._random.choices(list(PRODUCTS), k=self._random.choice((1, 1, 2, 3)))))
        lines = lines_of(basket)
        status = self._random.choices(("sent", "refunded", "cancelled"), weights=(93, 4, 3))[0]
        total = sum((line.price for line in lines), Decimal(0))
        head = (f"MM-{reader.number:04}-{number}", reader.email, f"{day:%Y-%m-%d %H:%M}", status, str(total), "EUR")
        return [(*head, line.name, line.sku, line.category, "1", str(line.price)) for line in lines]

    def _connect(self, now: datetime) -> None:
        details = SiteDetails("Maren & Moss shop", ["https://marenmoss.example"], counts_pages=False)
        create_site(workspace=self._stage.workspace, details=details, by=self._stage.lead, now=now)

    def _have_visitors(self, now: datetime) -> None:
        """Some come from a mail and are known; others only look around."""
        workspace = self._stage.workspace
        site = Site.objects.select_related("workspace").get(workspace=workspace)
        chosen = [reader.email.lower() for reader in self._random.sample(self._customers, VISITORS_A_DAY)]
        for contact in Contact.objects.for_workspace(workspace).filter(address__in=chosen).order_by("pk"):
            is_known = self._random.random() < 0.7
            product = self._random.choice(list(PRODUCTS))
            names = [VIEWED, LEFT_BASKET] if self._random.random() < 0.3 else [VIEWED]
            deeds = [
                {"kind": "event", "name": name, "id": f"{now:%m%d}-{contact.pk}-{name}",
                 "properties": {"product": lines_of([product])[0].name}}
                for name in names
            ]  # fmt: skip
            token = person_token(contact, now) if is_known else ""
            take_report(site=site, report=Report(f"browser-{now:%m%d}-{contact.pk}", token, deeds), now=now)
