"""The shop's own doings, as its program reports them by API key: new readers, orders, skin quizzes."""

import heapq
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from audience.models import ORDER_EVENT, OrderStatus
from audience.services import (
    ConsentBasis,
    NewEvent,
    NewLine,
    NewOrder,
    Whose,
    add_to_list,
    give_consent,
    record_events,
    record_orders,
    save_contact,
)
from emailops.demo.audience import IN_THE_QUIZ, ON_THE_SITE
from emailops.demo.crowd import Reader
from emailops.demo.stage import ZONE, Stage
from workspaces.models import Member
from workspaces.services import authenticate_key, create_api_key, revoke_api_key

QUIZ = "quiz_completed"
MISHAPS = 0.03  # share of orders that are made twice
SOONER = 0.38  # share by which the time between two orders is shorter at the end of the story than at its start
PRODUCTS = {
    "rosehip-serum": ("29.00", 16),
    "glow-serum": ("34.00", 11),
    "dew-mist": ("19.00", 12),
    "barrier-cream": ("32.00", 12),
    "oat-cleanser": ("18.00", 14),
    "night-oil": ("36.00", 6),
    "hand-balm": ("12.00", 13),
    "moss-soap": ("8.50", 14),
    "spf-fluid": ("27.00", 9),
    "glow-set": ("68.00", 4),
}
CATEGORIES = {
    "rosehip-serum": "Serums", "glow-serum": "Serums", "dew-mist": "Face", "barrier-cream": "Face",
    "oat-cleanser": "Cleansing", "night-oil": "Face", "hand-balm": "Body", "moss-soap": "Cleansing", "spf-fluid": "Sun",
    "glow-set": "Sets",
}  # fmt: skip
SHIPPING = Decimal("4.90")
FREE_SHIPPING_FROM = Decimal(45)


@dataclass(order=True, slots=True)
class Deed:
    """What a customer does in the shop at a moment."""

    at: datetime
    email: str
    name: str
    value: Decimal | None = field(default=None, compare=False)
    properties: dict[str, Any] = field(default_factory=dict, compare=False)

    def as_event(self) -> NewEvent:
        return NewEvent(Whose(self.email), self.name, self.at, self.value, self.properties)

    def as_order(self, number: str) -> NewOrder:
        return NewOrder(
            Whose(self.email),
            number,
            self.at,
            total=self.value,
            lines=lines_of(self.properties["products"]),
            status=OrderStatus.PAID,
            properties=self.properties,
        )


def lines_of(basket: list[str]) -> list[NewLine]:
    """The products of a basket as lines of an order."""
    return [
        NewLine(name.replace("-", " ").capitalize(), Decimal(PRODUCTS[name][0]), f"MM-{name.upper()}", CATEGORIES[name])
        for name in basket
    ]


class Shop:
    """The shop's program. Every night it reports what happened since the night before."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._random = Random(seed)  # noqa: S311  invented people, no secrets
        self._deeds: list[Deed] = []
        self._secret = ""
        self._last_order = 10_400
        self._mishaps = Random(seed)  # noqa: S311  of its own, so that it changes no basket

    def connect(self, now: datetime) -> None:
        """A key for the shop, after one that was pasted into a chat and had to go."""
        lead, workspace = self._stage.lead, self._stage.workspace
        scopes = ["audience:read", "audience:write"]
        spilt, _secret = create_api_key(workspace=workspace, name="Shop, old plugin", scopes=scopes, by=lead, now=now)
        revoke_api_key(key=spilt, by=lead, now=now + timedelta(hours=3))
        later = now + timedelta(hours=3, minutes=5)
        _key, self._secret = create_api_key(workspace=workspace, name="Shop", scopes=scopes, by=lead, now=later)

    def _program(self, now: datetime) -> Member:
        key = authenticate_key(self._secret, now)
        if key is None:
            raise LookupError("the shop's key does not work")
        member = key.member
        member.acting_through = key
        return member

    def sign_up(self, reader: Reader, now: datetime, *, source: str) -> None:
        """Somebody new: at checkout without a word about mail, on the site, or after the quiz."""
        by, workspace = self._program(now), self._stage.workspace
        fields = {
            "first_name": reader.first_name, "last_name": reader.last_name, "language": reader.language,
            "city": reader.city,
        }  # fmt: skip
        attributes: dict[str, Any] = {"loyalty_points": 0}
        if source == "quiz":
            attributes["skin_type"] = reader.skin_type or "normal"
            self.take_quiz(now, reader)
        contact, _is_new = save_contact(
            workspace=workspace, email=reader.email, fields=fields, attributes=attributes, by=by, now=now
        )
        if source == "checkout":
            return
        wording = IN_THE_QUIZ if source == "quiz" else ON_THE_SITE
        basis = ConsentBasis(f"{source} form", wording, {"page": f"https://marenmoss.example/{source}"})
        give_consent(contact=contact, basis=basis, by=by, now=now)
        chosen = self._stage.lists["quiz" if source == "quiz" else "newsletter"]
        add_to_list(contact_list=chosen, contact=contact, source=f"{source} form", by=by, now=now)

    def take_quiz(self, at: datetime, reader: Reader) -> None:
        found = {"skin_type": reader.skin_type or "normal", "questions": 9}
        heapq.heappush(self._deeds, Deed(at, reader.email, QUIZ, None, found))

    def buy(self, at: datetime, reader: Reader) -> None:
        """Somebody will order at that moment; it is reported when the day is over."""
        names, weights = list(PRODUCTS), [weight for _price, weight in PRODUCTS.values()]
        count = self._random.choices((1, 2, 3, 4), weights=(42, 34, 17, 7))[0]
        basket = sorted(set(self._random.choices(names, weights=weights, k=count)))
        goods = sum((Decimal(PRODUCTS[name][0]) for name in basket), Decimal(0))
        paid = goods if goods >= FREE_SHIPPING_FROM else goods + SHIPPING
        heapq.heappush(
            self._deeds, Deed(at, reader.email, ORDER_EVENT, paid, {"products": basket, "channel": "web shop"})
        )

    def live_with(self, reader: Reader, start: datetime, end: datetime) -> None:
        """When somebody buys without being asked: about every `rhythm` days, a little sooner as time goes by."""
        at = start + timedelta(days=self._random.uniform(0, 1.5 * reader.rhythm))
        while at < end:
            self.buy(self._by_day(at), reader)
            passed = (at - start) / (end - start)
            gap = reader.rhythm * self._random.gammavariate(2.4, 1 / 2.4) * (1 - SOONER * passed)
            at += timedelta(days=max(4.0, gap))

    def _by_day(self, at: datetime) -> datetime:
        hour = min(22, max(8, round(self._random.gauss(16.5, 4))))
        minute, second = self._random.randrange(60), self._random.randrange(60)
        return at.astimezone(ZONE).replace(hour=hour, minute=minute, second=second)

    def report(self, now: datetime) -> None:
        """Send what happened until now, all at once."""
        due = []
        while self._deeds and self._deeds[0].at <= now:
            due.append(heapq.heappop(self._deeds))
        if not due:
            return
        given: dict[str, Any] = {
            "workspace": self._stage.workspace, "by": self._program(now), "now": now,
        }  # fmt: skip
        orders = [deed.as_order(self._order_number()) for deed in due if deed.name == ORDER_EVENT]
        if orders:
            record_orders(orders=[*orders, *self._left_unpaid(orders)], **given)
        record_events(events=[deed.as_event() for deed in due if deed.name != ORDER_EVENT], **given)

    def _left_unpaid(self, orders: list[NewOrder]) -> list[NewOrder]:
        """Now and then somebody orders twice by mistake, and has the second one cancelled."""
        return [
            replace(order, external_id=self._order_number(), status=OrderStatus.CANCELLED)
            for order in orders
            if self._mishaps.random() < MISHAPS
        ]

    def _order_number(self) -> str:
        self._last_order += 1
        return f"MM-{self._last_order}"
