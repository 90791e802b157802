"""From a measured figure to a verdict in words.

A figure alone decides nothing: its interval does. The comparison is with the baseline written down before the send, so
it is evidence of the before-and-after kind, and the page says so.
"""

from dataclasses import dataclass
from datetime import date

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from emailops.lib.statistics import Estimate
from sprints.models import Hypothesis, OutcomeVerdict
from strategy.figures import figure
from strategy.models import Unit

SMALLEST_SAMPLE = 30  # mails; with fewer, an interval that leans on the normal distribution promises more than it holds


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and the sentence that gives its reason."""

    verdict: OutcomeVerdict
    reason: str


def judge(hypothesis: Hypothesis, estimate: Estimate, *, unit: Unit, currency: str, today: date) -> Judged:
    """Judge a hypothesis by the interval of what was measured.

    Reached: as much as promised, and surely better than the baseline. Partly: surely better, and at least the smallest
    effect worth it. Not reached: even the favourable end of the interval is below that effect. Else, and on fewer than
    `SMALLEST_SAMPLE` mails, nobody can tell.
    """
    said = _Said(hypothesis, estimate, unit, currency)
    if today < hypothesis.check_date:
        return Judged(OutcomeVerdict.UNCLEAR, _("So far %(value)s; the day to look at it has not come.") % said.words)
    too_few = _(
        "%(value)s, anywhere between %(low)s and %(high)s: %(count)s mails are too few to say what it was worth."
    )
    nobody_can_tell = Judged(OutcomeVerdict.UNCLEAR, too_few % said.words)
    if estimate.sample_size < SMALLEST_SAMPLE:
        return nobody_can_tell
    gain, low, high = said.gains
    promised = abs(hypothesis.expected - hypothesis.baseline)
    if gain >= promised and low > 0:
        return Judged(
            OutcomeVerdict.REACHED,
            _("%(value)s, between %(low)s and %(high)s, against %(baseline)s before: as much as promised.")
            % said.words,
        )
    if high < hypothesis.minimum_effect or (high <= 0 and hypothesis.minimum_effect == 0):
        return Judged(
            OutcomeVerdict.NOT_REACHED,
            _("%(value)s, between %(low)s and %(high)s: even the better end is not worth it after %(baseline)s.")
            % said.words,
        )
    if low > 0 and gain >= hypothesis.minimum_effect:
        return Judged(
            OutcomeVerdict.PARTLY,
            _("%(value)s, between %(low)s and %(high)s: better than %(baseline)s, but %(expected)s was promised.")
            % said.words,
        )
    return nobody_can_tell


class _Said:
    """The figures of a judgement, as numbers turned so that more is better, and as words."""

    def __init__(self, hypothesis: Hypothesis, estimate: Estimate, unit: Unit, currency: str) -> None:
        sign = 1 if hypothesis.expected > hypothesis.baseline else -1
        ends = [sign * (end - hypothesis.baseline) for end in (estimate.low, estimate.high)]
        self.gains = sign * (estimate.value - hypothesis.baseline), min(ends), max(ends)
        self.words = {
            "value": figure(estimate.value, unit, currency),
            "low": figure(estimate.low, unit, currency),
            "high": figure(estimate.high, unit, currency),
            "baseline": figure(hypothesis.baseline, unit, currency),
            "expected": figure(hypothesis.expected, unit, currency),
            "count": number_format(estimate.sample_size),
        }
