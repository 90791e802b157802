"""The countries of the world, by what their people and others call them."""

import re
from functools import lru_cache

from babel import Locale


@lru_cache(maxsize=8)
def countries(language: str) -> dict[str, str]:
    """The countries' names by code, in the order of their names. Babel's territories less groups and test codes."""
    names = Locale.parse(language, sep="-").territories
    real = {code: name for code, name in names.items() if re.fullmatch("[A-Z]{2}", code) and code not in NOT_COUNTRIES}
    return dict(sorted(real.items(), key=lambda pair: pair[1].casefold()))


NOT_COUNTRIES = frozenset({"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})
