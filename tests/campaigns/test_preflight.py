"""The list of checks itself."""

import pytest

from campaigns.preflight import Finding, Group, Level, stops, tally

OK, WARN, STOP = (Finding(level, level.name) for level in Level)


@pytest.mark.parametrize(
    ("findings", "tone", "passed"),
    [
        ([OK, OK], Level.OK, 2),
        ([OK, WARN], Level.WARN, 1),
        ([STOP, WARN, OK], Level.STOP, 1),
    ],
)
def test_a_group_takes_the_tone_of_its_worst_finding(findings: list[Finding], tone: Level, passed: int) -> None:
    group = Group("Content", findings)

    assert (group.tone, group.passed) == (tone, passed)


def test_a_tally_counts_every_finding_once() -> None:
    groups = [Group("A", [OK, WARN]), Group("B", [STOP, STOP, OK])]

    counted = tally(iter(groups))

    assert (counted.passed, counted.warnings, counted.stops, counted.total) == (2, 1, 2, 5)
    assert stops(groups) == [STOP, STOP]
