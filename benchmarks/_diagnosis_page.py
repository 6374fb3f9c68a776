"""The page of planted causes: a confusion table, and the rates that count."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from scipy import stats

from benchmarks._diagnosis_draw import GRID, TUNED_ON, Numbers, Scenario
from sharewise.diagnosis import Cause

NO_HARM, UNKNOWN, TWO = "no harm", "cannot tell", "two at once"
COLUMNS = (*get_args(Cause), TWO, UNKNOWN, NO_HARM)
WANTED, ALARMS = 0.80, 0.05

HEAD = """# Planted causes, diagnosed

Made by `python -m benchmarks.diagnosis --write`. Each scenario is drawn {draws} times (`sharewise.mixing.planted`,
seeds 0 to {last}), and each draw is one diagnosis: {replicates} paired replicates, at most {steps} steps, learning rate
and decay tuned once for the scenario ({grid} settings, together and alone, on the data of another seed, from
{tuned:,}). Scenarios and rules were developed on seeds from 1,000; the thresholds, more than half of the harm removed
and surely more than a quarter, were fixed before. What counts is the task that is hurt most, and its first cause: the
one with the cheapest sufficient remedy. Draws without measurable harm are counted apart.
"""


@dataclass(frozen=True)
class Draw:
    """One diagnosed draw.

    Args:
        scenario: what was planted.
        seed: of the data.
        setting: learning rate and weight decay.
        found: the diagnosis, tasks by their harm.
    """

    scenario: Scenario
    seed: int
    setting: tuple[float, float]
    found: dict[str, Any]

    @property
    def first(self) -> tuple[str, ...]:
        """The first cause of the task that is hurt most: one, or two at once, or a word for none."""
        hurt = [task for task in self.found["tasks"] if task["hurt"]]
        if not hurt:
            return (NO_HARM,)
        return tuple(hurt[0]["causes"][0]) if hurt[0]["causes"] else (UNKNOWN,)

    @property
    def outcome(self) -> str:
        """The column of the table."""
        return TWO if len(self.first) > 1 else self.first[0]


def summary(draws: Sequence[Draw]) -> dict[str, Any]:
    """The rates that count."""
    single = [each for each in draws if len(each.scenario.causes) == 1 and each.outcome != NO_HARM]
    hits = sum(each.first == each.scenario.causes for each in single)
    unknown = sum(each.outcome == UNKNOWN for each in single)
    clean = [each for each in draws if not each.scenario.causes]
    alarms = sum(each.outcome not in (NO_HARM, UNKNOWN) for each in clean)
    several = [each for each in draws if len(each.scenario.causes) > 1 and each.outcome != NO_HARM]
    planted = sum(set(each.first) <= set(each.scenario.causes) for each in several)
    return {
        "single": len(single),
        "hits": hits,
        "unknown": unknown,
        "wrong": len(single) - hits - unknown,
        "low": _low(hits, len(single)),
        "clean": len(clean),
        "alarms": alarms,
        "alarms_high": _high(alarms, len(clean)),
        "several": len(several),
        "planted": planted,
    }


def _low(hits: int, trials: int) -> float:
    return float(stats.binomtest(hits, trials).proportion_ci(0.95, "wilson").low) if trials else float("nan")


def _high(hits: int, trials: int) -> float:
    return float(stats.binomtest(hits, trials).proportion_ci(0.95, "wilson").high) if trials else float("nan")


def page(draws: Sequence[Draw], numbers: Numbers, count: int) -> str:
    """The confusion table and what can be read off it."""
    head = HEAD.format(
        draws=count,
        last=count - 1,
        replicates=numbers.replicates,
        steps=numbers.steps,
        grid=len(GRID),
        tuned=TUNED_ON,
    )
    names = list(dict.fromkeys(each.scenario.name for each in draws))
    lines = [head, "| planted | " + " | ".join(COLUMNS) + " |", "|---" * (1 + len(COLUMNS)) + "|"]
    lines += [_row(name, [each for each in draws if each.scenario.name == name]) for name in names]
    return "\n".join([*lines, "", *_reading(summary(draws)), "", *_details(draws), ""])


def _row(name: str, draws: Sequence[Draw]) -> str:
    counts, planted = Counter(each.outcome for each in draws), draws[0].scenario.causes
    right = planted or (NO_HARM,)
    cells = [f"**{counts[each]}**" if each in right and counts[each] else str(counts[each] or "") for each in COLUMNS]
    return f"| {name} | " + " | ".join(cells) + " |"


def _reading(found: dict[str, Any]) -> list[str]:
    met = "met" if found["low"] > WANTED else "MISSED"
    alarm = found["alarms"] / found["clean"] if found["clean"] else 0.0
    return [
        f"- One planted cause and measurable harm: the planted cause comes first in {found['hits']} of "
        f"{found['single']} draws, lower 95 % bound {found['low']:.3f} (Wilson; wanted above {WANTED:.2f}: {met}). "
        f"Of the rest, {found['unknown']} cannot tell and {found['wrong']} name another cause.",
        f"- No cause planted: a cause is named in {found['alarms']} of {found['clean']} draws (wanted at most "
        f"{100 * ALARMS:.0f} %: {'met' if alarm <= ALARMS else 'MISSED'}; upper 95 % bound "
        f"{found['alarms_high']:.3f}).",
        f"- Two planted causes and measurable harm: what comes first, one cause or two at once, is planted in "
        f"{found['planted']} of {found['several']} draws.",
    ]


def _details(draws: Sequence[Draw]) -> list[str]:
    """For each scenario the setting, the harm, and what the interventions recovered on average."""
    lines = ["## What the interventions recover", "", "Mean share of the harm of the most hurt task, in per cent.", ""]
    for name in dict.fromkeys(each.scenario.name for each in draws):
        some = [each for each in draws if each.scenario.name == name]
        hurt = [task for each in some for task in each.found["tasks"][:1] if task["hurt"]]
        rate, decay = some[0].setting
        if not hurt:
            lines.append(f"- **{name}** (learning rate {rate:g}, decay {decay:g}): no harm.")
            continue
        harm = sum(task["harm"] for task in hurt) / len(hurt)
        shares: dict[str, list[float]] = {}
        for task in hurt:
            for intervention, share, _ in task["recoveries"]:
                shares.setdefault(intervention, []).append(share)
        means = sorted(((sum(each) / len(each), each_name) for each_name, each in shares.items()), reverse=True)
        said = ", ".join(f"{each_name} {100 * mean:.0f}" for mean, each_name in means)
        lines.append(f"- **{name}** (learning rate {rate:g}, decay {decay:g}; harm {100 * harm:.1f} % of the constant")
        lines.append(f"  predictor's loss): {said}.")
    return lines
