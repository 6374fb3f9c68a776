"""Diagnoses as a finished one would be."""

import numpy as np

from sharewise.diagnosis import (
    Amount,
    Amounts,
    Benefits,
    Capacity,
    Conditions,
    Diagnosis,
    FewShot,
    Gaps,
    Ratio,
    Recovery,
    TaskDiagnosis,
    Worth,
    in_common,
)
from sharewise.evidence import Importance, Interval
from sharewise.runs import Network, Run


def interval(estimate, half=0.05):
    return Interval(estimate, estimate - half, estimate + half, half / 2, 9.0, 10, "new training seeds, on these rows")


def recovery(name, cause, share, *, enough=True, **run):
    row = Run(name, ("age", "income"), 0, **run).describe() if run else {}
    return Recovery(
        intervention=name,
        causes=cause if isinstance(cause, tuple) else (cause,),
        what=f"the {name}",
        rows="train",
        share=interval(share),
        before=0.2,
        after=0.2 * (1 - share),
        select=interval(share),
        test=interval(share - 0.02),
        enough=enough,
        run=row,
    )


def task(name, harm, *recoveries, hurt=True, **more):
    gaps = Gaps(interval(harm), interval(harm / 2), interval(harm / 2))
    return TaskDiagnosis(
        name=name,
        alone=0.3,
        together=0.3 + harm,
        harm=interval(harm, 0.01),
        test=interval(harm),
        gaps=gaps,
        hurt=hurt,
        recoveries=recoveries,
        **more,
    )


WIDE = recovery("width x4", "too small a network", 0.9, network=Network(width=384))
WEIGHTS = recovery(
    "normalised losses", "optimisation", 0.8, method="Weighted", options={"weights": [1.0, 0.0001]}, plan="equal"
)
STOP = recovery("own stop", "overfitting", 0.7)
SOFT = recovery("sharing soft", "contradictory tasks", 1.0, sharing="soft", sharing_options={"strength": 0.01})
NOTHING = recovery("slower", "optimisation", 0.1, enough=False)


def diagnosis(*tasks, command="sharewise diagnose people.csv --task age --task income --trials 2 --out runs/people"):
    return Diagnosis(
        name="people",
        tasks=tasks,
        replicates=10,
        covers="new training seeds, on these rows",
        level=0.05,
        margin=0.01,
        interventions=("own stop", "width x4"),
        rows={"train": 600, "valid": 100, "select": 100, "test": 200},
        command=command,
    )


def conditions():
    found = {name: Importance(0.4, np.array([1.0, share])) for name, share in (("age", 0.5), ("<i>", 2.0))}
    amounts = Amounts((Amount("age", 600, None, 0.5, 40.0), Amount("<i>", 600, 9, 0.5, 40.0)), "proportional", False)
    common = in_common(["age", "<i>"], found, ["height", "<b>weight"], total=2)
    return Conditions(common, amounts, Capacity(96, 400, {2: interval(0.1), 4: interval(0.2)}))


def benefits():
    sizes, draw = (400, 200, 100, 50, 25), np.random.default_rng(0)
    curve = np.log(sizes) + 0.1 * draw.normal(size=(3, 5))
    worth = Worth("age", 400, sizes, {"alone": curve, "together": curve + 1}, Ratio(2.0, 1.5, 3.0, "", 0.1, 16.0), None)
    ways = ("from scratch", "fine-tuned", "frozen trunk", "random trunk", "best single source")
    few = FewShot("<i>", sizes, dict.fromkeys(ways, curve), dict.fromkeys(ways[1:], interval(0.1)), "age")
    return Benefits(("age",), 2, worth=(worth,), few_shot=(few,))
