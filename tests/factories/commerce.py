"""Rows of events, orders and web sites."""

from decimal import Decimal

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from audience.models import Order, OrderLine, OrderStatus, Site
from tests.factories.audience import ContactFactory
from tests.factories.workspaces import MemberFactory, WorkspaceFactory


class ShopOrderFactory(DjangoModelFactory[Order]):
    class Meta:
        model = Order

    contact = factory.SubFactory(ContactFactory)
    workspace = factory.SelfAttribute("contact.workspace")
    external_id = factory.Sequence(lambda n: f"O-{n}")
    status = OrderStatus.PAID
    placed_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)
    total = Decimal(50)


class OrderLineFactory(DjangoModelFactory[OrderLine]):
    class Meta:
        model = OrderLine

    order = factory.SubFactory(ShopOrderFactory)
    workspace = factory.SelfAttribute("order.workspace")
    name = "Glow serum"
    price = Decimal(25)


class SiteFactory(DjangoModelFactory[Site]):
    class Meta:
        model = Site

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Shop {n}")
    key = factory.Sequence(lambda n: f"key-{n}")
    origins = ("https://shop.example",)
    created_by = factory.SubFactory(MemberFactory, workspace=factory.SelfAttribute("..workspace"))
    created_at = factory.LazyFunction(timezone.now)
