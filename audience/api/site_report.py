"""What a browser may report from a web site; everything else of a report is passed over."""

from typing import Any

from rest_framework import serializers

from audience.models import LONGEST_VISITOR, OrderStatus
from audience.services.events import VALUE_DIGITS
from audience.services.visitors import Report
from workspaces.api import JsonObject

MOST_DEEDS = 20
MOST_SITE_LINES = 100
PAGE_VIEW = "page_viewed"


class SiteLineSerializer(serializers.Serializer[Any]):
    """A product of an order as a page tells it."""

    name = serializers.CharField(max_length=200)
    sku = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    category = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    quantity = serializers.DecimalField(max_digits=12, decimal_places=3, required=False, default=1)  # type: ignore[arg-type]  # as JSON gives it
    price = serializers.DecimalField(max_digits=VALUE_DIGITS, decimal_places=2)


class SiteEventSerializer(serializers.Serializer[Any]):
    """An event as a page tells it."""

    name = serializers.SlugField(max_length=60)
    id = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    properties = JsonObject(required=False, default=dict)


class SiteOrderSerializer(serializers.Serializer[Any]):
    """An order as a page tells it. A page knows nothing of what is sent or sent back."""

    id = serializers.CharField(max_length=100)
    total = serializers.DecimalField(
        max_digits=VALUE_DIGITS, decimal_places=2, required=False, allow_null=True, default=None
    )
    currency = serializers.CharField(max_length=3, required=False, allow_blank=True, default="")
    status = serializers.ChoiceField(choices=[OrderStatus.OPEN.value, OrderStatus.PAID.value], default=OrderStatus.PAID)
    lines = serializers.ListField(child=SiteLineSerializer(), required=False, default=list, max_length=MOST_SITE_LINES)


class SiteReportSerializer(serializers.Serializer[Any]):
    """A browser's report without its deeds, which are checked one by one."""

    v = serializers.RegexField(rf"^[0-9a-zA-Z-]{{8,{LONGEST_VISITOR}}}$")
    t = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")
    d = serializers.ListField(required=False, default=list, max_length=MOST_DEEDS)


DEEDS: dict[str, type[serializers.Serializer[Any]]] = {"event": SiteEventSerializer, "order": SiteOrderSerializer}


def read_report(data: object, *, counts_pages: bool) -> Report | None:
    """A report as a browser sent it, without the deeds that are not sound; None when there is no report in it."""
    checked = SiteReportSerializer(data=data)
    if not isinstance(data, dict) or not checked.is_valid():
        return None
    found = [_deed(given) for given in checked.validated_data["d"]]
    deeds = [deed for deed in found if deed and (counts_pages or deed.get("name") != PAGE_VIEW)]
    return Report(checked.validated_data["v"], checked.validated_data["t"], deeds)


def _deed(given: object) -> dict[str, Any] | None:
    """One deed, with sums as texts so that JSON keeps them whole; None for what is not sound."""
    kind = given.get("kind") if isinstance(given, dict) else None
    if not isinstance(kind, str) or kind not in DEEDS:
        return None
    checked = DEEDS[kind](data=given)
    if not checked.is_valid():
        return None
    deed = {"kind": kind, **checked.validated_data}
    if kind == "order":
        deed["total"] = None if deed["total"] is None else str(deed["total"])
        deed["status"] = str(deed["status"])
        deed["lines"] = [{**line, **{key: str(line[key]) for key in ("quantity", "price")}} for line in deed["lines"]]
    return deed
