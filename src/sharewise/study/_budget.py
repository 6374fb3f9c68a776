"""A study that fits a stated time: what is left out first, and what stays."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, final

from sharewise.study._protocol import SHUFFLED, WEIGHTED, WORST, Protocol

EARLY = 0.7  # of the steps are done, where trainings stop early
ENOUGH, FEWEST = 5, 3  # replicates: kept as long as anything else can go, and at least


@final
@dataclass(frozen=True, slots=True)
class Budget:
    """What a stated time allows.

    Args:
        seconds: stated.
        protocol: the numbers that fit.
        left_out: topic -> what was left out, in words.
        reserve: seconds for what comes after the networks, whatever their number.
        outside: seconds of it for each replicate.
    """

    seconds: float
    protocol: Protocol
    left_out: Mapping[str, str] = field(default_factory=dict)
    reserve: float = 0.0
    outside: float = 0.0

    def describe(self) -> dict[str, Any]:
        """What `continued` needs."""
        kept = {name: getattr(self.protocol, name) for name in _FLEXIBLE}
        return {
            "seconds": self.seconds,
            "protocol": kept,
            "left_out": dict(self.left_out),
            "reserve": self.reserve,
            "outside": self.outside,
        }

    @staticmethod
    def continued(row: Mapping[str, Any], protocol: Protocol) -> "Budget":
        """The budget that `describe` described, for the same request."""
        kept = {**row["protocol"], "treatments": tuple(row["protocol"]["treatments"])}
        return Budget(row["seconds"], replace(protocol, **kept), row["left_out"], row["reserve"], row["outside"])

    def until(self, replicates: int) -> float:
        """Seconds after the start by which so many replicates must be done, to leave time for the rest."""
        return self.seconds - self.reserve - self.outside * replicates

    def cut(self, replicates: int) -> "Budget":
        """With fewer replicates, since the time was over."""
        protocol = replace(self.protocol, replicates=replicates)
        text = f"the time was over after {replicates} of {self.protocol.replicates} replicates"
        return replace(self, protocol=protocol, left_out={**self.left_out, "time": text})


_FLEXIBLE = ("replicates", "trials", "treatments", "transfer", "references")


def fit_budget(protocol: Protocol, seconds: float, cost: Callable[[Protocol], float]) -> Budget:
    """Leave out what matters least, until the rest is expected to fit.

    First goes the measurement of transfer, then the objectives beside the sum, replicates beyond five, half of the
    trials, the control, the outside models, replicates beyond three, and all trials but one. Steps and widths stay: a
    network that is not trained to its end answers another question.

    Args:
        protocol: what is wanted.
        seconds: stated.
        cost: expected seconds of a protocol.

    Example:
        >>> found = fit_budget(Protocol(replicates=10), 100.0, lambda each: 12.0 * each.replicates)
        >>> found.protocol.replicates, found.left_out["replicates"]
        (8, '8 replicates instead of 10')
    """
    fitting, left_out = protocol, {}
    for topic, text, cheaper in _ladder(protocol):
        if cost(fitting) <= seconds:
            break
        fitting = cheaper
        left_out[topic] = text
    if cost(fitting) > seconds:
        left_out["time"] = f"it is expected to take {cost(fitting):.0f} s nevertheless: nothing more can be left out"
    return Budget(seconds, fitting, left_out)


def _ladder(protocol: Protocol) -> Iterator[tuple[str, str, Protocol]]:
    """Cheaper and cheaper protocols: topic, what goes, and the rest."""
    now = protocol
    if now.transfer is not False:
        now = replace(now, transfer=False)
        yield "transfer", "pairs of tasks (which task helps which)", now
    further = tuple(name for name in now.treatments if name not in (WEIGHTED, WORST))
    if further != now.treatments:
        now = replace(now, treatments=further)
        yield "objectives", "tuned weights and the worst task as objectives", now
    for step in _fewer(now, protocol, ENOUGH):
        now = step[2]
        yield step
    if now.trials > 2:
        now = replace(now, trials=max(2, now.trials // 2))
        yield "trials", f"{now.trials} trials instead of {protocol.trials}", now
    if SHUFFLED in now.treatments:
        now = replace(now, treatments=tuple(name for name in now.treatments if name != SHUFFLED))
        yield "control", "the control with shuffled labels", now
    if now.references:
        now = replace(now, references=False)
        yield "outside", "the outside models", now
    for step in _fewer(now, protocol, FEWEST):
        now = step[2]
        yield step
    if now.trials > 1:
        yield "trials", f"1 trial instead of {protocol.trials}", replace(now, trials=1)


def _fewer(now: Protocol, wanted: Protocol, least: int) -> Iterator[tuple[str, str, Protocol]]:
    """One replicate less at a time."""
    for count in range(now.replicates - 1, least - 1, -1):
        yield "replicates", f"{count} replicates instead of {wanted.replicates}", replace(now, replicates=count)
