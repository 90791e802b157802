"""May a send go on: each limit at its border."""

import pytest

from delivery.evidence import Evidence, Samples, could_be_too_much, judge, warns
from delivery.models import Halt, SafetyLimits

LIMITS = SafetyLimits()
SAMPLES = Samples.of(LIMITS)


@pytest.mark.parametrize(
    ("evidence", "halt"),
    [
        (Evidence(), None),
        # 5 % of refused addresses after 200
        (Evidence(sent=190, refused=10), None),
        (Evidence(sent=189, refused=11), Halt.REFUSED),
        (Evidence(sent=99, refused=100), None),
        (Evidence(sent=100, refused=100), Halt.REFUSED),
        (Evidence(sent=200, late_bounces=10), None),
        (Evidence(sent=200, late_bounces=11), Halt.REFUSED),
        (Evidence(sent=190, refused=5, late_bounces=5, content=5), None),
        # 0.3 % of complaints after 1,000
        (Evidence(sent=1000, complaints=3), None),
        (Evidence(sent=1000, complaints=4), Halt.COMPLAINTS),
        (Evidence(sent=999, complaints=900), None),
        (Evidence(sent=3000, complaints=9), None),
        (Evidence(sent=7000, complaints=21), None),
        (Evidence(sent=7000, complaints=22), Halt.COMPLAINTS),
        # 10 % of refused texts after 100
        (Evidence(sent=90, content=10), None),
        (Evidence(sent=89, content=11), Halt.CONTENT),
        (Evidence(sent=88, content=11), None),
        # 20 refusals because of the sender
        (Evidence(sent=5, sender_faults=19, sender_code="5.7.26"), None),
        (Evidence(sent=5, sender_faults=20, sender_code="5.7.26"), Halt.SENDER),
        # 10 in a row without an answer
        (Evidence(sent=1000, unanswered=9), None),
        (Evidence(sent=1000, unanswered=10), Halt.UNANSWERED),
        # the gravest first
        (Evidence(sent=1000, refused=900, sender_faults=20), Halt.SENDER),
        (Evidence(sent=1000, refused=900, complaints=4), Halt.COMPLAINTS),
    ],
)
def test_a_limit_is_passed_by_exceeding_it(evidence: Evidence, halt: Halt | None) -> None:
    found = judge(evidence, LIMITS, SAMPLES)

    assert (found.halt if found else None) == halt


def test_what_was_measured_is_told() -> None:
    found = judge(Evidence(sent=189, refused=11), LIMITS, SAMPLES)

    assert found is not None
    assert found.facts == {"count": 11, "of": 200, "limit": 0.05, "code": ""}


def test_a_workspaces_own_limit_holds() -> None:
    strict = SafetyLimits(refused_rate=0.02, refused_sample=50)

    assert judge(Evidence(sent=48, refused=2), strict, Samples.of(strict)) is not None
    assert judge(Evidence(sent=49, refused=1), strict, Samples.of(strict)) is None


@pytest.mark.parametrize(
    ("evidence", "is_due"),
    [
        (Evidence(sent=1000, complaints=1), True),
        (Evidence(sent=1001, complaints=1), False),
        (Evidence(sent=999, complaints=2), False),
        (Evidence(sent=5000), False),
    ],
)
def test_a_warning_comes_from_the_limit_on(evidence: Evidence, is_due: bool) -> None:
    assert warns(evidence, LIMITS, SAMPLES) is is_due


@pytest.mark.parametrize(
    ("floor", "could_be"),
    [
        (Evidence(), False),
        (Evidence(complaints=1), True),
        (Evidence(refused=1), True),
        (Evidence(sent=19, refused=1), False),
        (Evidence(sent=18, refused=1), True),
        (Evidence(sent=1001, complaints=1), False),
        (Evidence(sent=1000, complaints=1), True),
    ],
)
def test_a_floor_of_what_was_sent_tells_when_to_count(floor: Evidence, could_be: bool) -> None:
    assert could_be_too_much(floor, LIMITS) is could_be
