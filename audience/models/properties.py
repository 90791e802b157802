"""What reporters say of events and orders besides, as people read it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext


def known_in_words(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values, in the order in which they are kept."""
    return [(key.replace("_", " "), _in_words(value)) for key, value in properties.items()]


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {inner}" for key, inner in known_in_words(value))
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    return ", ".join(map(_in_words, value)) if isinstance(value, list) else str(value)
