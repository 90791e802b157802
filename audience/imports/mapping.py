"""What a column of a file becomes: guessed from its name, then from its values; corrected by hand."""

import re
from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from audience.models import AttributeDefinition, AttributeKind
from emailops.lib.addresses import InvalidAddress, read_address
from emailops.lib.errors import DomainError

SKIP = ""
ATTRIBUTE = "attribute."
NEW = "new."
"""`new.<kind>`: an attribute that is made when the import starts, named as the column."""
NEW_KINDS = tuple(AttributeKind)
CHOOSING = frozenset({f"{NEW}{AttributeKind.CHOICE}", f"{NEW}{AttributeKind.LIST}"})
CONTACT_COLUMNS = (
    "email", "first_name", "last_name", "full_name", "phone", "country", "city", "language", "time_zone", "tags",
    "external_id", "agreed_on",
)  # fmt: skip
GUESSES: dict[str, str] = {
    r"(.+[ _-])?e-?mail([ _-]?(addr|adr).*)?|.*почт[аы]|.*поща|и-?мейл([ _-]адрес)?|correo.*|courriel": "email",
    r"full.?name|contact.?name|фио|ф\. ?и\. ?о\.|полное имя|име и фамилия|vollst.*name|nom complet": "full_name",
    r"(first|given|fore).?name|name|имя|(собствено |лично )?име|vorname|pr[eé]nom|nombre": "first_name",
    r"(last|family|sur).?name|фамил.*|nachname|nom( de famille)?|apellidos?": "last_name",
    r"(mobile|cell|tele)?.?phone([ _-]?(no\.?|number))?|mobile|tel\.?|телефон.*|моб.*|handy|telefon.*|t[eé]l[eé].*":
        "phone",
    r"country([ _-]?code)?|страна|държава|land|pays|pa[ií]s": "country",
    r"city|town|город|град|населен.*|stadt|ort|ville|ciudad": "city",
    r"lang.*|язык|език|sprache|langue|idioma": "language",
    r"time.?zone|tz|часов.*пояс|часова зона|zeitzone": "time_zone",
    r"tags?|labels?|теги?|метки|етикети": "tags",
    r"(external|customer|crm|client|user|member).?id|id( in your crm)?|kundennummer|номер клиента|код клиента":
        "external_id",
    r"(opt.?in|consent|subscribed).?(date|at|on|time)|дата (согласия|подписки)|дата на съгласие": "agreed_on",
}  # fmt: skip
ENOUGH = 0.8  # share of values that say the same


class ImportRefused(DomainError):
    """The file or the matching of its columns cannot be used."""

    code = "import_refused"


def guess_mapping(
    header: Sequence[str], attributes: Mapping[str, AttributeDefinition], rows: Sequence[Sequence[str]] = ()
) -> dict[str, str]:
    """For each column number, as text, what it most likely holds; nothing where we cannot tell."""
    mapping: dict[str, str] = {}
    for index, name in enumerate(header):
        guess = _by_name(" ".join(name.split()).lower(), attributes)
        values = [row[index].strip() for row in rows if index < len(row) and row[index].strip()]
        if guess == "first_name" and _are_full_names(name, values):
            guess = "full_name"
        mapping[str(index)] = guess if guess not in mapping.values() else SKIP
    if "email" not in mapping.values():
        _find_addresses(mapping, rows)
    return mapping


def _by_name(name: str, attributes: Mapping[str, AttributeDefinition]) -> str:
    for key, definition in attributes.items():
        if name in {key, *(label.lower() for label in (definition.label, *definition.labels.values()))}:
            return f"{ATTRIBUTE}{key}"
    for pattern, column in GUESSES.items():
        if re.fullmatch(pattern, name):
            return column
    return SKIP


def _are_full_names(name: str, values: Sequence[str]) -> bool:
    return name.strip().lower() in {"name", "имя", "име"} and _share(len(v.split()) > 1 for v in values) >= ENOUGH


def _find_addresses(mapping: dict[str, str], rows: Sequence[Sequence[str]]) -> None:
    for index, target in mapping.items():
        values = [row[int(index)].strip() for row in rows if int(index) < len(row) and row[int(index)].strip()]
        if target == SKIP and _share(_is_address(value) for value in values) >= ENOUGH:
            mapping[index] = "email"
            return


def _share(told: Iterable[bool]) -> float:
    answers = list(told)
    return sum(answers) / len(answers) if answers else 0.0


def _is_address(text: str) -> bool:
    try:
        read_address(text)
    except InvalidAddress:
        return False
    return True


def require_usable_people(mapping: Mapping[str, str], attributes: Mapping[str, AttributeDefinition]) -> None:
    """Raises `ImportRefused` unless there is an e-mail column, no field is named twice and every attribute is there."""
    chosen = [column for column in mapping.values() if column != SKIP]
    fields = [column for column in chosen if not column.startswith(NEW)]
    known = {*CONTACT_COLUMNS, *(f"{ATTRIBUTE}{key}" for key in attributes), *(f"{NEW}{kind}" for kind in NEW_KINDS)}
    if "email" not in chosen:
        raise ImportRefused(_("Say which column holds the e-mail address: without it there is nobody to write to."))
    if len(fields) != len(set(fields)):
        raise ImportRefused(_("Two columns are matched to the same field. Leave one of them out."))
    if not set(chosen) <= known:
        raise ImportRefused(_("A column is matched to an attribute that no longer exists. Choose again."))
    if "full_name" in chosen and {"first_name", "last_name"} & set(chosen):
        raise ImportRefused(_("A column holds the whole name, another a part of it. Leave one of them out."))
