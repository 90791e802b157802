"""Ranks for lists that people order by hand: text keys, compared byte by byte, with room between any two.

Moving one item rewrites one row. A key reads as a fraction in base 62 and never ends in the lowest digit, so there is
always room before it; the column needs `COLLATE "C"`.
"""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE = len(DIGITS)
STEP_DIGITS = 4  # at the open ends keys count up and down in so many digits: seven million appends stay this short


def rank_between(before: str, after: str) -> str:
    """A key that sorts after `before` and before `after`; an empty text means the open end.

    Raises ValueError when there is no order between the two.
    """
    if after and before >= after:
        raise ValueError(f"{before!r} does not sort before {after!r}")
    return _neighbour(before, after) or _midpoint(before, after)


def _neighbour(before: str, after: str) -> str | None:
    """The next key beyond an open end, if there is one of the usual length."""
    if bool(before) == bool(after):
        return None
    direction = 1 if before else -1
    number = _number(before or after) + direction
    if number % BASE == 0:  # would end in the lowest digit
        number += direction
    return _key(number) if 0 < number < BASE**STEP_DIGITS else None


def _number(key: str) -> int:
    number = 0
    for digit in key[:STEP_DIGITS].ljust(STEP_DIGITS, DIGITS[0]):
        number = number * BASE + DIGITS.index(digit)
    return number


def _key(number: int) -> str:
    key = ""
    for _ in range(STEP_DIGITS):
        number, digit = divmod(number, BASE)
        key = DIGITS[digit] + key
    return key


def _midpoint(before: str, after: str) -> str:
    key = ""
    position = 0
    while True:
        low = DIGITS.index(before[position]) if position < len(before) else 0
        high = DIGITS.index(after[position]) if position < len(after) else BASE
        if high - low > 1:
            return key + DIGITS[(low + high) // 2]
        key += DIGITS[low]
        if low < high:
            after = ""  # already below it: from here on the upper end is open
        position += 1
