"""One hash for one meaning: what is approved, sent or compared is compared by this."""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any


def canonical_json(value: Any) -> str:
    """JSON that is the same for equal values: sorted keys, no spaces, decimals and dates as text.

    Raises TypeError for a value that has no such form.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain)


def fingerprint(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical form")
