"""What programs narrow contacts by, named as in the list of contacts."""

from typing import Any

from rest_framework import serializers

from audience.finding import ContactFilter


def read_filter(given: dict[str, Any]) -> ContactFilter:
    """The filter. A part that is not understood is refused: it must not mean everybody."""
    unknown = set(given) - set(ContactFilter.__dataclass_fields__)
    if unknown:
        raise serializers.ValidationError({"filter": [f"Nothing is narrowed by {min(unknown)}."]})
    wanted = ContactFilter.read(given)
    lost = [name for name, value in given.items() if value not in ("", None) and name not in wanted.asks]
    if lost:
        raise serializers.ValidationError({"filter": [f"“{given[lost[0]]}” is no {lost[0]}."]})
    return wanted
