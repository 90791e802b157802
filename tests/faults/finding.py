"""What a fault found: figures, each with the bound it must keep."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Scale(StrEnum):
    """How much of it: a minute's worth for every change, the whole, and the whole with waits that nobody sits out."""

    SMALL = "small"
    FULL = "full"
    PATIENT = "patient"

    def pick(self, small: T, full: T, patient: T | None = None) -> T:
        if self == Scale.SMALL:
            return small
        return full if self == Scale.FULL or patient is None else patient


@dataclass(frozen=True)
class Check:
    """A figure that must not be above its bound. `unit` is written behind both."""

    claim: str
    measured: float
    bound: float
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.bound

    def __str__(self) -> str:
        return f"{self.claim} {shown(self.measured)}{self.unit} (at most {shown(self.bound)}{self.unit})"


@dataclass
class Finding:
    """What one fault came to. `facts` say how much was done to it and are not judged."""

    scale: str
    checks: list[Check] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    note: str = ""

    def at_most(self, claim: str, measured: float, bound: float = 0, unit: str = "") -> None:
        self.checks.append(Check(claim, measured, bound, unit))

    @property
    def broken(self) -> list[Check]:
        return [check for check in self.checks if not check.holds]

    @property
    def holds(self) -> bool:
        """Whether everything was kept; a finding without a figure has shown nothing."""
        return bool(self.checks) and not self.broken

    def as_json(self) -> dict[str, Any]:
        checks = [
            {"claim": check.claim, "measured": check.measured, "bound": check.bound, "unit": check.unit.strip()}
            for check in self.checks
        ]
        return {"scale": self.scale, "holds": self.holds, "checks": checks, "facts": self.facts, "note": self.note}


Injection = Callable[[Scale, int], Finding]


@dataclass(frozen=True)
class Fault:
    """A thing that can go wrong, and how to make it."""

    key: str
    about: str
    inject: Injection


def shown(figure: float) -> str:
    return f"{figure:,.0f}" if float(figure).is_integer() else f"{figure:,.2f}"
