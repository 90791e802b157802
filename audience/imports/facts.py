"""What the columns of a file with orders or events become."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from audience.attributes import stored_value
from audience.imports.cells import CellRefused
from audience.imports.mapping import SKIP, ImportRefused
from audience.models import AttributeDefinition, AttributeKind, ImportWhat, OrderStatus
from emailops.lib.errors import DomainError

PROPERTY = "property"
"""A column of an event that becomes a property of the column's name; there can be many."""
OWNER_COLUMNS = ("email", "external_id")
ORDER_COLUMNS = (
    "order_id", *OWNER_COLUMNS, "placed_at", "status", "total", "currency", "product", "sku", "category", "quantity",
    "price",
)  # fmt: skip
EVENT_COLUMNS = (*OWNER_COLUMNS, "name", "occurred_at", "value", "currency", "event_id", PROPERTY)
COLUMNS = {ImportWhat.ORDERS: ORDER_COLUMNS, ImportWhat.EVENTS: EVENT_COLUMNS}
NEEDED = {
    ImportWhat.ORDERS: {"order_id": _lazy("the number of the order"), "placed_at": _lazy("when it was placed")},
    ImportWhat.EVENTS: {"name": _lazy("the name of the event"), "occurred_at": _lazy("when it happened")},
}
OWNER = {
    r"(customer |buyer |contact )?e-?mail.*|.*почт[аы]|.*поща|и-?мейл": "email",
    r"(external|customer|crm|client|user|member|contact)[ _-]?id|номер клиента|код клиента|kundennummer": "external_id",
}
ORDER_GUESSES = {
    r"order[ _-]?(id|no\.?|number|nr\.?|name)?|number|заказ|номер заказа|поръчка|номер на поръчка|bestellnummer":
        "order_id",
    r"placed[ _-]?(at|on)?|(order[ _-])?(date|time)|created([ _-]at)?|paid[ _-]at|дата.*|datum": "placed_at",
    r"(order[ _-]|financial[ _-])?status|статус|състояние": "status",
    r"(order[ _-])?(total|amount|sum)|сумма|сума|итого|общо|gesamt.*|betrag": "total",
    r"currency|валюта|währung": "currency",
    r"(product|item|line ?item|lineitem)([ _-]?(name|title))?|товар|продукт|название|артикел|artikel": "product",
    r"(lineitem[ _-])?sku|(product|item)[ _-]?(id|number|code)|артикул|код": "sku",
    r"(product[ _-])?category|категория": "category",
    r"(lineitem[ _-])?(quantity|qty|pieces|count)|количество|брой|кол-во|menge|anzahl": "quantity",
    r"(lineitem[ _-]|unit[ _-]|item[ _-])?price|цена|ед\.? цена|preis": "price",
}  # fmt: skip
EVENT_GUESSES = {
    r"(event|action|activity)([ _-]?(name|type))?|name|событие|събитие|ereignis": "name",
    r"(occurred|happened|created)[ _-]?(at|on)?|timestamp|(event[ _-])?(date|time)|дата.*|datum": "occurred_at",
    r"value|amount|revenue|sum|сумма|сума|стойност|betrag": "value",
    r"currency|валюта|währung": "currency",
    r"(event[ _-])?id|uuid|номер": "event_id",
}
GUESSES = {ImportWhat.ORDERS: {**OWNER, **ORDER_GUESSES}, ImportWhat.EVENTS: {**OWNER, **EVENT_GUESSES}}
STATUSES = {
    OrderStatus.OPEN: "open|new|pending|placed|unpaid|processing|on hold|не оплачен|новый|нова|неплатена|offen",
    OrderStatus.PAID: "paid|completed|complete|authorized|оплачен|оплачено|платена|платено|bezahlt",
    OrderStatus.SENT: "sent|shipped|fulfilled|delivered|отправлен|доставлен|изпратена|доставена|versandt|geliefert",
    OrderStatus.RETURNED: "returned|refunded|partially refunded|возврат|возвращен|върната|erstattet|retourniert",
    OrderStatus.CANCELLED: "cancelled|canceled|voided|failed|expired|отменен|отменён|отказана|анулирана|storniert",
}
STATUS_OF = {word: status for status, words in STATUSES.items() for word in words.split("|")}


def guess_what(header: Sequence[str]) -> ImportWhat:
    """What the rows are, by the names of the columns: people unless they clearly are something else."""
    names = {" ".join(name.split()).lower() for name in header}
    if any(re.fullmatch(r"order[ _-]?(id|no\.?|number)|номер (заказа|на поръчка)|bestellnummer", n) for n in names):
        return ImportWhat.ORDERS
    if any(re.fullmatch(r"event([ _-]?(name|type))?|событие|събитие|occurred[ _-]?at", name) for name in names):
        return ImportWhat.EVENTS
    return ImportWhat.PEOPLE


def guess_facts(header: Sequence[str], what: ImportWhat) -> dict[str, str]:
    """For each column number, as text, what it most likely holds; what an event says besides becomes its property."""
    mapping: dict[str, str] = {}
    for index, name in enumerate(header):
        plain = " ".join(name.split()).lower()
        # An export of ours names its columns as we do.
        guess = plain if plain in COLUMNS[what] and plain != PROPERTY else _guessed(plain, what)
        rest = PROPERTY if what == ImportWhat.EVENTS and plain and plain != "source" else SKIP
        mapping[str(index)] = guess if guess and guess not in mapping.values() else rest
    return mapping


def _guessed(name: str, what: ImportWhat) -> str:
    return next((column for pattern, column in GUESSES[what].items() if re.fullmatch(pattern, name)), "")


def require_usable_facts(mapping: Mapping[str, str], what: ImportWhat) -> None:
    """Raises `ImportRefused` unless what makes an order or an event is there, and no field is named twice."""
    chosen = [column for column in mapping.values() if column not in {SKIP, PROPERTY}]
    if not set(chosen) <= set(COLUMNS[what]):
        raise ImportRefused(_("A column is matched to something that this kind of file does not have. Choose again."))
    if len(chosen) != len(set(chosen)):
        raise ImportRefused(_("Two columns are matched to the same field. Leave one of them out."))
    if not set(chosen) & set(OWNER_COLUMNS):
        raise ImportRefused(_("Say which column says whose it is: the e-mail address, or the id in your CRM."))
    for column, words in NEEDED[what].items():
        if column not in chosen:
            raise ImportRefused(_("Say which column holds %(what)s.") % {"what": words})
    if what == ImportWhat.ORDERS and "total" not in chosen and "price" not in chosen:
        raise ImportRefused(_("Say which column holds the total of the order, or the price of each product."))


def read_number(cell: str) -> Decimal:
    """A number or a sum with a comma or a point, with spaces or a sign of a currency. Raises `CellRefused`."""
    plain = re.sub(r"[\s\u00a0\u202f€$£]|лв\.?|BGN|EUR|USD|RUB|₽", "", cell)
    if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    elif re.fullmatch(r"-?\d{1,3}(\.\d{3})+,\d+|-?\d+,\d+", plain):
        plain = plain.replace(".", "").replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation as error:
        raise CellRefused(_("“%(text)s” is not a number.") % {"text": cell[:30]}) from error
    if not number.is_finite():
        raise CellRefused(_("“%(text)s” is not a number.") % {"text": cell[:30]})
    return number


def read_status(cell: str) -> OrderStatus:
    """Of our own words or those of shops. Raises `CellRefused`."""
    word = " ".join(cell.replace("_", " ").split()).casefold()
    if word in OrderStatus.values:
        return OrderStatus(word)
    if word not in STATUS_OF:
        raise CellRefused(
            _("“%(status)s” is no status of an order: %(known)s.")
            % {"status": cell[:20], "known": ", ".join(OrderStatus.values)}
        )
    return STATUS_OF[word]


def read_moment(cell: str, zone: ZoneInfo) -> datetime:
    """A day, or a day and a time, in ISO 8601 or as people write it; in `zone` unless it says where.

    Raises `CellRefused`.
    """
    try:
        moment = datetime.fromisoformat(re.sub(r"\s+(UTC|GMT)$", "+00:00", cell.strip()))
    except ValueError:
        moment = datetime.combine(*_day_and_time(cell))
    try:
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    except OverflowError as error:
        raise _no_moment(cell) from error


def _day_and_time(cell: str) -> tuple[date, time]:
    words = cell.replace(",", " ").split()
    if not words:
        raise _no_moment(cell)
    probe = AttributeDefinition(label=_("Day"), kind=AttributeKind.DATE)
    day = " ".join(words[:-1] if ":" in words[-1] else words)
    try:
        clock = time.fromisoformat(words[-1].zfill(5)) if ":" in words[-1] else time()
        return date.fromisoformat(str(stored_value(probe, day))), clock
    except (ValueError, DomainError) as error:
        raise _no_moment(cell) from error


def _no_moment(cell: str) -> CellRefused:
    return CellRefused(_("“%(text)s” is no day and time, as in 2026-05-31 14:30.") % {"text": cell[:30]})
