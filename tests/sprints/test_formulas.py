"""Formulas are arithmetic: read by a parser of our own, told in words, never executed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprints.formulas import (
    FormulaBroken,
    Node,
    Number,
    Operation,
    Uncountable,
    in_words,
    names_in,
    read_formula,
    value_of,
)

FIGURES = {"reach": 1500.0, "impact": 5.0, "confidence": 0.8, "ease": 8.0, "effort": 3.0, "points": 3.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 2 - 3", 5),
        ("12 / 3 / 2", 2),
        ("-impact + 10", 5),
        ("impact × confidence × ease", 32),
        ("Reach * IMPACT * confidence ÷ effort", 2000),
        ("1,5 * 2", 3),
        ("10 − 4", 6),
    ],
)
def test_arithmetic_as_at_school(text: str, value: float) -> None:
    assert value_of(read_formula(text), FIGURES) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("impact * money", "“money” is not known"),
        ("impact *", "ends where a figure is expected"),
        ("", "ends where a figure is expected"),
        ("(impact", "opened and not closed"),
        ("impact)", "“)” is not expected there"),
        ("impact ease", "“ease” is not expected there"),
        ("impact % 2", "“%” cannot stand in a formula"),
        ("__import__('os')", "“'” cannot stand in a formula"),
        ("impact.real", "“.” cannot stand in a formula"),
        ("2 ** 9", "“*” is not known"),
        ("(" * 50 + "1" + ")" * 50, "too many brackets"),
        ("1" * 201, "at most 200 characters"),
    ],
)
def test_what_cannot_be_read_is_explained(text: str, says: str) -> None:
    with pytest.raises(FormulaBroken) as refused:
        read_formula(text)

    assert says in str(refused.value)
    assert "expression" in refused.value.fields


def test_a_missing_figure_is_named() -> None:
    with pytest.raises(Uncountable, match="Needs reach, effort"):
        value_of(read_formula("reach * impact / effort"), {"impact": 2.0})


def test_a_division_by_zero_says_what_is_zero() -> None:
    with pytest.raises(Uncountable, match=r"Divides by zero: effort − points is 0"):
        value_of(read_formula("impact / (effort - points)"), FIGURES)


def test_what_grows_beyond_all_numbers_is_no_score() -> None:
    figures = {"reach": 1e200}

    with pytest.raises(Uncountable, match="too large"):
        value_of(read_formula("reach * reach"), figures)


def test_the_words_carry_the_figures() -> None:
    tree = read_formula("impact*confidence*(ease+1)/effort")

    assert in_words(tree) == "impact × confidence × (ease + 1) ÷ effort"
    assert in_words(tree, FIGURES) == "impact 5 × confidence 0.8 × (ease 8 + 1) ÷ effort 3"
    assert names_in(tree) == ["impact", "confidence", "ease", "effort"]


TREES = st.recursive(
    st.integers(0, 99).map(lambda n: Number(float(n))) | st.just(read_formula("impact")),
    lambda inner: st.builds(Operation, st.sampled_from("+-*/"), inner, inner),
    max_leaves=8,
)


@given(TREES)
def test_what_is_told_in_words_is_read_as_the_same(tree: Node) -> None:
    words = in_words(tree)
    if len(words) > 200:
        return

    again = read_formula(words)

    try:
        expected = value_of(tree, FIGURES)
    except Uncountable:
        with pytest.raises(Uncountable):
            value_of(again, FIGURES)
    else:
        assert value_of(again, FIGURES) == pytest.approx(expected)
