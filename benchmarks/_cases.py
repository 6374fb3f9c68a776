"""A simulated rate, beside the rate that is wanted."""

from dataclasses import dataclass

from benchmarks._rows import Row

STUDIES = 1000


@dataclass(frozen=True)
class Case:
    """One simulated rate.

    Args:
        section: what is asked.
        name: of what.
        rate: how often it happened.
        low: least that is wanted; None: shown for information.
        high: most that is wanted.
        width: mean width of the intervals, divided by that of the best possible interval; 0 where there is none.
    """

    section: str
    name: str
    rate: float
    low: float | None = None
    high: float = 1.0
    width: float = 0.0

    @property
    def met(self) -> bool:
        return self.low is None or self.low <= self.rate <= self.high

    def row(self) -> Row:
        """How far the rate is from the middle of what is wanted."""
        if self.low is None:
            return Row(f"{self.section}: {self.name}", self.rate)
        middle = (self.low + self.high) / 2
        return Row(f"{self.section}: {self.name}", abs(self.rate - middle), self.high - middle, lower_is_better=True)


def cells(case: Case) -> tuple[str, ...]:
    wanted = "" if case.low is None else f"{100 * case.low:g} to {100 * case.high:g} %"
    mark = "" if case.low is None else "met" if case.met else "MISSED"
    return case.section, case.name, f"{100 * case.rate:.1f} %", wanted, mark, f"{case.width:.2f}" if case.width else ""


def page(cases: list[Case]) -> str:
    lines = [
        "# Calibration of intervals and verdicts",
        "",
        f"Made by `python -m benchmarks.calibration --write`, which simulates {STUDIES} studies a case from fixed",
        "seeds (500 for AUROC). *Wanted* is what the procedures promise; rows without it are for information. *Width*",
        "is the mean width of the intervals divided by that of an interval that knows the true spread. The rule for",
        "the degrees of freedom of a hold-out was chosen on other simulated learners than those shown here.",
        "",
        "| what | case | rate | wanted | | width |",
        "|---|---|---|---|---|---|",
        *("| " + " | ".join(cells(case)) + " |" for case in cases),
    ]
    return "\n".join(lines) + "\n"
