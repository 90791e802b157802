"""Small parts of every page: icons, avatars, progress bars, money."""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any

from babel import Locale
from babel.numbers import NumberPattern, format_currency, parse_pattern
from django import template
from django.conf import settings
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.forms.boundfield import BoundWidget
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from workspaces.audit import said
from workspaces.models import Member, User
from workspaces.navigation import tabs
from workspaces.permissions import Can

register = template.Library()
register.filter("said", said)
ICON_FOLDER = Path(settings.BASE_DIR) / "static" / "icons"


@cache
def _icon_body(name: str) -> SafeString:
    """The inside of a Lucide picture, read once. A name that does not exist fails the page, and so the tests."""
    raw = (ICON_FOLDER / f"{name}.svg").read_text()
    found = re.search(r"<svg[^>]*>(.*)</svg>", re.sub(r"<!--.*?-->", "", raw, flags=re.DOTALL), re.DOTALL)
    if found is None:
        raise ValueError(f"{name}.svg holds no picture")
    return mark_safe(re.sub(r"\s*\n\s*", "", found.group(1)).strip())  # noqa: S308  our own vendored files


@register.simple_tag
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """An icon; without a label it is decoration and hidden from screen readers."""
    return _icon(name, css, str(label))


@lru_cache(maxsize=2_000)
def _icon(name: str, css: str, label: str) -> SafeString:
    """Made once: a page holds hundreds of them."""
    spoken = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="i {}" viewBox="0 0 24 24" {}>{}</svg>', css, spoken, _icon_body(name))


@register.simple_tag
def avatar(person: Member | User | None, size: str = "") -> SafeString:
    """The initials of a person in the person's colour; nothing for nobody."""
    user = person.user if isinstance(person, Member) else person
    if user is None:
        return mark_safe("")
    return _initials(user.tone, size, str(user), user.initials)


@lru_cache(maxsize=2_000)
def _initials(tone: str, size: str, name: str, initials: str) -> SafeString:
    """Made once for each person: a board shows the same few hundreds of times."""
    css = f"av av--{tone} {f'av--{size}' if size else ''}"
    return format_html('<span class="{}" role="img" aria-label="{}" title="{}">{}</span>', css, name, name, initials)


@register.simple_tag
def avatars(people: list[Member], size: str = "") -> SafeString:
    shown = "".join(avatar(person, size) for person in people)
    return mark_safe(f'<span class="avs">{shown}</span>')  # noqa: S308  escaped where each is made


@register.simple_tag
def bar(rate: float | None, tone: str = "", label: str = "", size: str = "") -> SafeString:
    """A progress bar; `rate` is a fraction, shown between 0 and 1."""
    percent = round(min(1.0, max(0.0, rate or 0.0)) * 100)
    css = " ".join(["bar", *(f"bar--{part}" for part in (tone, size) if part)])
    return format_html(
        '<progress class="{}" value="{}" max="100" aria-label="{}">{}%</progress>',
        css,
        percent,
        label or _("Progress"),
        percent,
    )


@register.filter
def percent(rate: float | Decimal | None, digits: int = 1) -> str:
    """A fraction as a percentage in the reader's notation; a dash when there is none."""
    return "–" if rate is None else f"{number_format(_hundredfold(rate, digits), digits)}%"


def _hundredfold(rate: float | Decimal, digits: int) -> Decimal:
    """Rounded here, because Django's `number_format` cuts off instead."""
    return (Decimal(rate) * 100).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@register.filter
def points(difference: float | Decimal | None) -> str:
    """A difference of two rates in percentage points, with its sign."""
    if difference is None:
        return "–"
    shown = number_format(_hundredfold(abs(Decimal(difference)), 1), 1)
    return _("%(sign)s%(value)s points") % {"sign": "−" if difference < 0 else "+", "value": shown}


@register.filter
def money(amount: Decimal | float | None, currency: str) -> str:
    """An amount in the reader's notation, without cents from 100 on: nobody reads them there."""
    if amount is None:
        return "–"
    return _written_amount(Decimal(amount), currency, get_language() or "en")


@register.filter
def exact_money(amount: Decimal | float | None, currency: str) -> str:
    """An amount to the cent, for what somebody paid or wrote down; whole ones without cents."""
    if amount is None:
        return "–"
    return _written_amount(Decimal(str(amount)), currency, get_language() or "en", is_exact=True)


@lru_cache(maxsize=4_000)
def _written_amount(amount: Decimal, currency: str, language: str, *, is_exact: bool = False) -> str:
    """Kept: lists hold hundreds of amounts, and pages show the same ones again."""
    is_round = abs(amount) >= 100 and not is_exact
    locale, pattern = _currency_pattern(language, is_round or amount == int(amount))
    return format_currency(amount, currency, format=pattern, locale=locale, currency_digits=False)


@cache
def _currency_pattern(language: str, is_whole: bool) -> tuple[Locale, NumberPattern]:
    """How a language writes amounts, read once: lists hold hundreds of them."""
    locale = Locale.parse(language.replace("-", "_"))
    pattern: str = locale.currency_formats["standard"].pattern
    return locale, parse_pattern(pattern.replace("0.00", "0") if is_whole else pattern)


@register.filter
def as_input(choice: BoundWidget) -> SafeString:
    """A radio button or check box of a group, without the template that each has: long forms have hundreds."""
    own = choice.data
    attributes = _attributes({**{name: own[name] for name in ("type", "name", "value")}, **own["attrs"]})
    return mark_safe(f"<input{attributes}>")  # noqa: S308  escaped there


@register.filter
def as_picks(field: BoundField) -> SafeString:
    """The radio buttons of a field with plain choices, each with its label, made without an object for each."""
    value, widget = field.value(), field.field.widget
    chosen = "" if value is None else str(value)
    shared = field.build_widget_attrs({**widget.attrs, "id": field.auto_id}, widget)
    return mark_safe("".join(_picks(field, shared, chosen, widget.choices)))  # noqa: S308  escaped there


def _picks(
    field: BoundField, shared: Mapping[str, Any], chosen: str, choices: Iterable[tuple[Any, Any]]
) -> Iterator[str]:
    for number, (value, label) in enumerate(choices):
        own = f"{shared['id']}_{number}"
        said = {"type": "radio", "name": field.html_name, "value": value, **shared, "id": own}
        checked = {"checked": True} if str(value) == chosen else {}
        yield (
            f'<label class="pick__one" for="{escape(own)}"><input{_attributes({**said, **checked})}>'
            f"<span>{escape(str(label))}</span></label>"
        )


@register.filter
def as_area(field: BoundField) -> SafeString:
    """A text area, in the same way."""
    widget = field.field.widget
    attributes = field.build_widget_attrs({"id": field.auto_id}, widget)
    own = widget.get_context(field.html_name, field.value(), attributes)["widget"]
    opening = _attributes({"name": own["name"], **own["attrs"]})
    return mark_safe(f"<textarea{opening}>\n{escape(own['value'] or '')}</textarea>")  # noqa: S308  escaped


def _attributes(found: Mapping[str, Any]) -> str:
    """As Django's `flatatt` writes them."""
    said = ((name, value) for name, value in found.items() if value is not None and value is not False)
    return "".join(f" {name}" if value is True else f' {name}="{escape(str(value))}"' for name, value in said)


@register.filter
def in_days(days: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": number_format(days)}


@register.filter
def with_code(text: str) -> SafeString:
    """A sentence whose `names` between backticks are shown as code."""
    names = re.split(r"`([^`]+)`", str(text))
    return format_html_join(
        "",
        "{}",
        ((format_html('<code class="code">{}</code>', part) if at % 2 else part,) for at, part in enumerate(names)),
    )


@register.filter
def may(member: Member, can: str) -> bool:
    """Whether to offer an action, by its name in the permission table."""
    return member.may(Can(can))


@register.filter
def is_seen_by(row: Any, member: Member) -> bool:
    """Whether this member may see a row that says so itself, as a contact does."""
    return bool(row.is_seen_by(member))


@register.inclusion_tag("workspaces/_tabs.html", takes_context=True)
def settings_tabs(context: template.Context) -> dict[str, object]:
    """The tabs above every page of the settings; the one of this page is marked."""
    match = context["request"].resolver_match
    member = context["member"]
    return {"tabs": tabs(member), "current": f"{match.namespace}:{match.url_name}", "workspace": member.workspace}


@register.filter
def is_choices(field: BoundField) -> bool:
    """Whether a field is drawn as a group of boxes, which needs a legend instead of a label."""
    return isinstance(field.field.widget, CheckboxSelectMultiple | RadioSelect)


@register.filter
def is_checkbox(field: BoundField) -> bool:
    return isinstance(field.field.widget, CheckboxInput)


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """The current query string with some parameters changed; an empty value removes one."""
    params = context["request"].GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value not in {None, ""}:
            params[name] = str(value)
    return f"?{params.urlencode()}" if params else "?"
