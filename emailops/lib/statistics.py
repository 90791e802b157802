"""Intervals for figures, so that none stands without its doubt.

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927);
R. G. Newcombe, "Interval estimation for the difference between independent proportions", Stat. Med. 17 (1998),
method 10; B. Rocks, "Interval Estimation for the Net Promoter Score", The American Statistician 70 (2016).
"""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval: `low <= value <= high`; `sample_size` is the number of observations."""

    value: float
    low: float
    high: float
    sample_size: int


def wilson_interval(successes: int, trials: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """A proportion 0..1 with Wilson's score interval. Without trials nothing is known: 0, from 0 to 1.

    Raises ValueError unless 0 <= successes <= trials.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} of {trials} is not a proportion")
    if trials == 0:
        return Estimate(0.0, 0.0, 1.0, 0)
    z = _z(confidence)
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / scale
    return Estimate(share, max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)), trials)


def difference_interval(
    successes: tuple[int, int], trials: tuple[int, int], *, confidence: float = CONFIDENCE
) -> Estimate:
    """First proportion minus second, in points -1..1, with Newcombe's hybrid score interval."""
    first, second = (wilson_interval(s, n, confidence=confidence) for s, n in zip(successes, trials, strict=True))
    gap = first.value - second.value
    down = sqrt((first.value - first.low) ** 2 + (second.high - second.value) ** 2)
    up = sqrt((first.high - first.value) ** 2 + (second.value - second.low) ** 2)
    return Estimate(gap, gap - down, gap + up, sum(trials))


def total_interval(count: int, total: float, sum_of_squares: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """A sum over `count` people, most of whom may have given nothing, with a normal interval.

    `sum_of_squares` is over the same people. Fewer than two people give no spread, so the interval is the whole line.
    """
    if count < 2:
        return Estimate(total, float("-inf"), float("inf"), count)
    variance = max(0.0, (sum_of_squares - total * total / count) / (count - 1))
    half = _z(confidence) * sqrt(variance * count)
    return Estimate(total, total - half, total + half, count)


def net_interval(plus: int, zero: int, minus: int, *, confidence: float = CONFIDENCE) -> Estimate:
    """The share of `plus` less that of `minus`, from -1 to 1, with the adjusted Wald interval of Rocks.

    It adds three answers, half of them `zero`, so that few answers give a wide interval instead of none. Without any
    nothing is known: 0, from -1 to 1.
    """
    count = plus + zero + minus
    if count == 0:
        return Estimate(0.0, -1.0, 1.0, 0)
    wide, ups, downs = count + 3, plus + 0.75, minus + 0.75
    middle = (ups - downs) / wide
    half = _z(confidence) * sqrt(((ups + downs) / wide - middle * middle) / wide)
    value = (plus - minus) / count
    return Estimate(value, max(-1.0, min(middle - half, value)), min(1.0, max(middle + half, value)), count)


def mean_interval(count: int, total: float, sum_of_squares: float, *, confidence: float = CONFIDENCE) -> Estimate:
    """A mean with a normal interval; of fewer than two values the whole line. Raises ValueError without any."""
    if count < 1:
        raise ValueError("no values have no mean")
    sum_of = total_interval(count, total, sum_of_squares, confidence=confidence)
    return Estimate(sum_of.value / count, sum_of.low / count, sum_of.high / count, count)


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
