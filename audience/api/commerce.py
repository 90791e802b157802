"""REST: events and orders, one at a time or up to a thousand."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audience import services
from audience.commerce import NO, EventFilter, OrderFilter, found_events, found_orders
from audience.models import MONEY_DIGITS, Event, Order, OrderLine, OrderStatus, Source
from audience.services import Became, EventRefused, NewEvent, NewLine, NewOrder, OrderRefused, Taken, Whose
from audience.services.events import VALUE_DIGITS
from emailops.lib.errors import DomainError
from workspaces.api import JsonObject, ScopedViewSet
from workspaces.permissions import Can

MOST_AT_ONCE = 1000


class OwnedFactSerializer(serializers.Serializer[Any]):
    """Whose a fact is: the id in your system is asked first, the address where there is no contact with this id."""

    contact_id = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default="", help_text="The contact's id in your system."
    )
    email = serializers.CharField(max_length=254, required=False, allow_blank=True, default="")


def _whose(data: dict[str, Any]) -> Whose:
    return Whose(data.pop("email").strip(), data.pop("contact_id"))


class EventWriteSerializer(OwnedFactSerializer):
    """Something a contact did. The same `external_id` of a name counts once."""

    name = serializers.SlugField(max_length=60)
    occurred_at = serializers.DateTimeField()
    value = serializers.DecimalField(
        max_digits=VALUE_DIGITS, decimal_places=2, required=False, allow_null=True, default=None
    )
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True, default="")
    properties = JsonObject(required=False, default=dict)
    external_id = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")


class OrderLineWriteSerializer(serializers.Serializer[Any]):
    """One product of an order; `price` is that of one piece."""

    name = serializers.CharField(max_length=200)
    sku = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    category = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, required=False, default=Decimal(1))
    price = serializers.DecimalField(max_digits=VALUE_DIGITS, decimal_places=2)


class OrderWriteSerializer(OwnedFactSerializer):
    """An order. `external_id` is its number in the shop: the same number brings the order up to date.

    Without `total` the lines are summed up; without `lines` those that are known stay.
    """

    external_id = serializers.CharField(max_length=100)
    placed_at = serializers.DateTimeField()
    status = serializers.ChoiceField(choices=OrderStatus.choices, default=OrderStatus.PAID)
    total = serializers.DecimalField(
        max_digits=VALUE_DIGITS, decimal_places=2, required=False, allow_null=True, default=None
    )
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True, default="")
    lines = OrderLineWriteSerializer(many=True, required=False, allow_null=True, default=None)
    properties = JsonObject(required=False, default=dict)


class EventBatchSerializer(serializers.Serializer[Any]):
    """Up to a thousand events at once."""

    events = EventWriteSerializer(many=True)
    adds_people = serializers.BooleanField(default=False, help_text="Strangers become contacts, without consent.")


class OrderBatchSerializer(serializers.Serializer[Any]):
    """Up to a thousand orders at once."""

    orders = OrderWriteSerializer(many=True)
    adds_people = serializers.BooleanField(default=False, help_text="Strangers become contacts, without consent.")


class TakenSerializer(serializers.Serializer[Any]):
    """What came of one item of a batch, by its position in it; `id` is its row."""

    position = serializers.IntegerField()
    became = serializers.ChoiceField(choices=Became.choices)
    id = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()


class TakenBatchSerializer(serializers.Serializer[Any]):
    """What came of a batch."""

    received = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = TakenSerializer(many=True)


class EventSerializer(serializers.ModelSerializer[Event]):
    """An event as it is read; `contact` is the contact's id here."""

    email = serializers.EmailField(source="contact.email")

    class Meta:
        model = Event
        fields = ("id", "contact", "email", "name", "occurred_at", "value", "properties", "external_id", "source")


class OrderLineSerializer(serializers.ModelSerializer[OrderLine]):
    """A product of an order; `amount` is what all its pieces cost."""

    amount = serializers.DecimalField(max_digits=MONEY_DIGITS, decimal_places=2, read_only=True)

    class Meta:
        model = OrderLine
        fields = ("sku", "name", "category", "quantity", "price", "amount")


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order as it is read; `contact` is the contact's id here."""

    email = serializers.EmailField(source="contact.email")
    lines = OrderLineSerializer(many=True)

    class Meta:
        model = Order
        fields = (
            "id", "contact", "email", "external_id", "status", "placed_at", "total", "lines", "properties", "source",
            "updated_at",
        )  # fmt: skip


Results = list[Taken]
Record = Callable[[Sequence[Any], bool], Results]


class FactViewSet(ScopedViewSet[Any], mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """What events and orders have in common: a batch is checked item by item, and each item gets its answer."""

    can: ClassVar = {"list": Can.SEE_AUDIENCE, "retrieve": Can.SEE_AUDIENCE, "create": Can.EDIT_AUDIENCE}
    item: ClassVar[type[serializers.Serializer[Any]]]
    many: ClassVar[str]

    def take(self, refusal: type[DomainError], made: Callable[[dict[str, Any]], Any], record: Record) -> Response:
        """Answer for a batch item by item; for one item alone as for any other write."""
        body = self.request.data
        if not isinstance(body, Mapping):
            raise refusal(_("Send a JSON object."))
        is_batch = self.many in body
        items = body[self.many] if is_batch else [body]
        if not isinstance(items, list) or len(items) > MOST_AT_ONCE:
            raise refusal(_("Send a list of at most %(most)d.") % {"most": MOST_AT_ONCE})
        adds = serializers.BooleanField().run_validation(body.get("adds_people", False))
        results = self._taken(items, made, record, adds=adds)
        if not is_batch and results[0].became == Became.REFUSED:
            raise refusal(results[0].reason)
        return Response(TakenBatchSerializer(_summary(results)).data)

    def _taken(self, items: list[Any], made: Callable[[dict[str, Any]], Any], record: Record, *, adds: bool) -> Results:
        checker = self.item(context={"workspace": self.workspace, "view": self})
        results: list[Taken | None] = [None] * len(items)
        good: dict[int, Any] = {}
        for place, item in enumerate(items):
            try:
                good[place] = made(dict(checker.run_validation(item)))
            except serializers.ValidationError as error:
                results[place] = Taken(Became.REFUSED, reason=_in_words(error.detail))
        for place, result in zip(good, record(list(good.values()), adds), strict=True):
            results[place] = result
        return [result for result in results if result is not None]


def _summary(results: Sequence[Taken]) -> dict[str, Any]:
    counts = {str(kind): sum(1 for result in results if result.became == kind) for kind in Became}
    rows = [
        {"position": place, "became": result.became, "id": result.pk, "reason": result.reason}
        for place, result in enumerate(results)
    ]
    return {"received": len(results), **counts, "results": rows}


def _in_words(detail: Any, path: str = "") -> str:
    """The first fault of an item as a sentence, with the field it is about."""
    if isinstance(detail, Mapping):
        name, value = next(iter(detail.items()))
        inner = "" if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
        return _in_words(value, inner or path)
    if isinstance(detail, list):
        return _in_words(next((part for part in detail if part), ""), path)
    return f"{path}: {detail}" if path else str(detail)


SPAN = [
    OpenApiParameter("contact", int, description="The contact's id here."),
    OpenApiParameter("q", str, description="Words of the contact, or the fact's own id."),
    OpenApiParameter("source", str, enum=Source.values),
    OpenApiParameter("after", str, description="From this day on, as in 2026-05-31."),
    OpenApiParameter("before", str, description="Until the end of this day."),
]


class EventViewSet(FactViewSet):
    """What contacts did elsewhere."""

    queryset = Event.objects.select_related("contact")
    serializer_class = EventSerializer
    item = EventWriteSerializer
    many = "events"

    def get_queryset(self) -> Any:
        super().get_queryset()
        return found_events(self.member, EventFilter.read(self.request.query_params.dict())).select_related("contact")

    @extend_schema(
        parameters=[
            *SPAN,
            OpenApiParameter("name", str),
            OpenApiParameter("orders", str, enum=[NO], description="Leave out those by which orders are counted."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The events of the contacts that the key's member sees, newest first, as they are narrowed."""
        return super().list(request, *args, **kwargs)

    @extend_schema(
        request=PolymorphicProxySerializer(
            "EventOrEvents", [EventBatchSerializer, EventWriteSerializer], resource_type_field_name=None
        ),
        responses={200: TakenBatchSerializer},
    )
    def create(self, request: Request) -> Response:
        """Record one event or, in `events`, up to a thousand. Each gets its answer; repeating changes nothing."""
        return self.take(EventRefused, lambda data: NewEvent(contact=_whose(data), **data), self._record)

    def _record(self, events: Sequence[NewEvent], adds: bool) -> Results:
        return services.record_events(
            workspace=self.workspace, events=events, by=self.member, now=self.now, adds_people=adds
        )


class OrderViewSet(FactViewSet):
    """What contacts bought."""

    queryset = Order.objects.select_related("contact").prefetch_related("lines")
    serializer_class = OrderSerializer
    item = OrderWriteSerializer
    many = "orders"

    def get_queryset(self) -> Any:
        super().get_queryset()
        found = found_orders(self.member, OrderFilter.read(self.request.query_params.dict()))
        return found.select_related("contact").prefetch_related("lines")

    @extend_schema(
        parameters=[
            *SPAN,
            OpenApiParameter("status", str, enum=OrderStatus.values),
            OpenApiParameter("external_id", str, description="The number in the shop."),
            OpenApiParameter("product", str, description="Name or number of a product."),
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The orders of the contacts that the key's member sees, newest first, as they are narrowed."""
        return super().list(request, *args, **kwargs)

    @extend_schema(
        request=PolymorphicProxySerializer(
            "OrderOrOrders", [OrderBatchSerializer, OrderWriteSerializer], resource_type_field_name=None
        ),
        responses={200: TakenBatchSerializer},
    )
    def create(self, request: Request) -> Response:
        """Record one order or, in `orders`, up to a thousand. Each gets its answer; repeating changes nothing."""
        return self.take(OrderRefused, _new_order, self._record)

    def _record(self, orders: Sequence[NewOrder], adds: bool) -> Results:
        return services.record_orders(
            workspace=self.workspace, orders=orders, by=self.member, now=self.now, adds_people=adds
        )


def _new_order(data: dict[str, Any]) -> NewOrder:
    told = data.pop("lines")
    lines = None if told is None else [NewLine(**line) for line in told]
    return NewOrder(contact=_whose(data), lines=lines, **{**data, "status": OrderStatus(data["status"])})
