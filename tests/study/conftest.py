"""Made-up studies, as a finished study would describe them."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sharewise.mixing import Tensors, from_arrays
from sharewise.runs import Network, Pace, Way
from sharewise.runs._way import form
from sharewise.study import Protocol, study
from sharewise.study._parts import Bin, Effect, Point, RunSummary, Transfer, TreatmentSummary
from sharewise.study._summary import Summary, TaskSummary
from sharewise.tasks import Binary, Regression, Task

DIGITS = (
    ("digit", "multiclass", "accuracy", 0.952, 0.006),
    ("parity", "binary", "auroc", 0.981, 0.012),
    ("five or more", "binary", "auroc", 0.964, 0.004),
    ("slant", "regression", "r2", 0.781, -0.034),
    ("stroke width", "regression", "r2", 0.902, 0.0004),
    ("ink", "regression", "r2", 0.874, 0.009),
)


def _verdict(mean, low, high, margin):
    if -margin < low and high < margin:
        return "NEUTRAL"
    if (low > 0 or high < 0) and abs(mean) >= margin:
        return "HELPS" if mean > 0 else "HURTS"
    return "UNDETERMINED"


def fake_task(name, kind, metric, alone, gain, *, spread=0.004, margin=0.005, replicates=5, seed=0):
    random = np.random.default_rng(seed)
    base = alone + random.normal(0, 2 * spread, replicates)
    differences = gain + random.normal(0, spread, replicates)
    half = 2.6 * float(differences.std(ddof=1)) / math.sqrt(replicates)
    mean = float(differences.mean())
    low, high = mean - half, mean + half
    verdict = _verdict(mean, low, high, margin)
    references = {"trees": alone + 0.01, "trees, pooled": alone + 0.002, "ridge": alone - 0.04}
    return TaskSummary(
        name=name,
        kind=kind,
        metric=metric,
        higher_is_better=True,
        floor=0.1,
        alone=float(base.mean()),
        together=float((base + differences).mean()),
        difference=mean,
        low=low,
        high=high,
        margin=margin,
        verdict=verdict,
        chosen="together" if mean > 0 else "alone",
        references={model: float(score + random.normal(0, 0.008)) for model, score in references.items()},
        together_best_checkpoint=float((base + differences).mean() + 0.001),
        labels={"train": 1078, "valid": 269, "select": 180, "test": 270},
        missing=0.0,
        scores={"alone": tuple(base.tolist()), "together": tuple((base + differences).tolist())},
        extra={"alone": {"log_loss": 0.21}, "together": {"log_loss": 0.19}},
        needed=23.0 if verdict == "UNDETERMINED" else math.nan,
    )


def fake_summary(tasks, **changes):
    fields = {
        "name": "digits",
        "replicates": 5,
        "covers": "the training procedure on new random splits, initialisations and orders of these 1,797 rows",
        "protocol": {
            "Splits": "5 random splits, 60 % train, 15 % valid, 10 % select, 15 % test, stratified by digit",
            "Tuning": "6 trials of learning rate and weight decay per treatment and trained model, on one split",
            "Optimiser": "AdamW, batch size 128, at most 2,000 steps, early stopping on valid rows",
            "Verdict": "paired t interval, adjusted for several tasks (Benjamini-Hochberg)",
        },
        "findings": (
            {
                "column": "row_id",
                "what": "identifier",
                "detail": "All different; left out.",
                "severity": "warning",
            },
            {"column": "pixel_0", "what": "constant", "detail": "Every value is 0; left out.", "severity": "note"},
        ),
        "timing": {"total": 262.0, "tuning": 121.0, "training": 98.0, "references": 31.0, "test and report": 12.0},
        "rows": {"train": 1078, "valid": 269, "select": 180, "test": 270},
        "command": "sharewise study digits --replicates 5 --seed 0 --out runs/digits",
        "versions": {"sharewise": "0.1.0", "torch": "2.13.0", "python": "3.11.9"},
        "mixing": {task.name: 128_000 for task in tasks},
        "model": "one trunk of two residual blocks of width 128, trained together",
        "notes": ("The features are the images at half their resolution.",),
        "fingerprint": "5f0c9a3be81d2a44",
    }
    return Summary(tasks=tuple(tasks), **(fields | changes))


def fake_digits():
    tasks = [fake_task(*row, seed=i) for i, row in enumerate(DIGITS)]
    return fake_summary(tasks)


def fake_many(count, *, seed=0):
    random = np.random.default_rng(seed)
    gains = random.normal(0.006, 0.012, count)
    bases, margins = random.uniform(0.6, 0.9, count), 0.004 + 0.001 * (np.arange(count) % 5)
    rows = zip(bases, gains, margins, strict=True)
    tasks = [
        fake_task(f"assay_{i:03d}", "binary", "auroc", float(base), float(gain), seed=i, margin=float(margin))
        for i, (base, gain, margin) in enumerate(rows)
    ]
    return fake_summary(tasks, name="assays")


TREATMENTS = {
    "alone": "each task with a network of its own",
    "together": "one network, the sum of the losses",
    "weighted": "one network, fixed weights tuned on validation rows",
    "worst task": "one network, the loss of the worst task",
    "shuffled": "together, with shuffled labels of the other tasks",
}


def _effect(random, estimate, margin, half):
    low, high = estimate - half, estimate + half
    return Effect(estimate=estimate, low=low, high=high, verdict=_verdict(estimate, low, high, margin))


def _bins(random, numbers):
    at = np.linspace(-2, 2, 8) if numbers else np.linspace(0.05, 0.95, 10)
    seen = at + random.normal(0, 0.2 if numbers else 0.03, len(at))
    width = 0.9 if numbers else 0.06
    ends = [(y - width, y + width) if numbers else (max(0.0, y - width), min(1.0, y + width)) for y in seen]
    rows = zip(at.tolist(), seen.tolist(), ends, strict=True)
    return tuple(Bin(predicted=x, observed=y, low=low, high=high, count=27) for x, y, (low, high) in rows)


def fill(summary, *, seed=0):
    """The same summary with everything that a study may measure beside the two arms."""
    random = np.random.default_rng(seed)
    names, count, replicates = [task.name for task in summary.tasks], len(summary.tasks), summary.replicates
    number, runs, numbers = 0, [], {}
    for arm in TREATMENTS:
        for trained in names if arm in ("alone", "shuffled") else ["all"]:
            for replicate in range(replicates):
                setting = {"learning_rate": 0.003, "weight_decay": 0.3, "steps": 640, "best_step": 480, "seconds": 2.7}
                key = {"number": number, "file": f"{number:08x}.pt", "treatment": arm, "trained": trained}
                runs.append(RunSummary(**key, replicate=replicate, **setting))
                numbers.setdefault((arm, trained), []).append(number)
                number += 1
    tasks = [_filled(task, numbers, np.random.default_rng(place)) for place, task in enumerate(summary.tasks)]
    table = lambda scale: tuple(  # noqa: E731
        tuple(math.nan if i == j else float(random.normal(0, scale)) for j in range(count)) for i in range(count)
    )
    errors = tuple(tuple(math.nan if i == j else 0.006 for j in range(count)) for i in range(count))
    treatments = [
        TreatmentSummary(
            name=name,
            what=what,
            networks=count if name in ("alone", "shuffled") else 1,
            parameters=(count if name in ("alone", "shuffled") else 1) * 21_504,
            trained=20 * (count if name in ("alone", "shuffled") else 1),
            seconds=98.0 + 10 * place,
            memory=412.0,
            gain=Effect() if name == "alone" else _effect(random, 0.004 * place, 0.01, 0.007),
            delta_m=Effect() if name == "alone" else _effect(random, 0.003 * place, math.inf, 0.006),
            rank=3.2 - 0.3 * place,
        )
        for place, (name, what) in enumerate(TREATMENTS.items())
    ]
    points = [Point(treatment="alone", setting=-1, scores=dict.fromkeys(names, 0.7))]
    for treatment in ("together", "weighted", "worst task"):
        for setting in range(6):
            scores = {name: float(0.7 + random.normal(0, 0.02)) for name in names}
            points.append(Point(treatment=treatment, setting=setting, scores=scores))
    overlap = tuple(tuple(1.0 if i == j else 0.4 + 0.1 * ((i + j) % 5) for j in range(count)) for i in range(count))
    transfer = Transfer(
        tasks=tuple(names), pairs=table(0.015), pairs_se=errors, without=table(0.008), without_se=errors
    )
    return replace(
        summary,
        tasks=tuple(tasks),
        treatments=tuple(treatments),
        transfer=transfer,
        points=tuple(points),
        overlap=overlap,
        runs=tuple(runs),
        left_out=("triples of tasks",),
    )


def _filled(task, numbers, random):
    half = (task.high - task.low) / 2
    shifts = {"weighted": 0.4 * task.margin, "worst task": -0.6 * task.margin}
    effects = {name: _effect(random, task.difference + shift, task.margin, half) for name, shift in shifts.items()}
    effects["shuffled"] = _effect(random, 0.3 * task.difference, task.margin, half)
    effects["information"] = _effect(random, 0.7 * task.difference, task.margin, half)
    base = np.array(task.scores["alone"])
    scores = {name: tuple((base + effects[name].estimate).tolist()) for name in ("weighted", "worst task", "shuffled")}
    own = {arm: tuple(rows) for (arm, trained), rows in numbers.items() if trained in ("all", task.name)}
    numeric = task.kind == "regression"
    bins = {arm: _bins(random, numeric) for arm in ("alone", "together")}
    return replace(task, effects=effects, scores=task.scores | scores, runs=own, bins=bins)


def _rows(treatment, replicate, names, **columns):
    size = len(next(iter(columns.values())))
    fixed = {"run": 0, "treatment": treatment, "replicate": replicate, "trial": 0, "chosen": True}
    fixed["trained"] = names["task"] if treatment == "alone" else "all"
    return pd.DataFrame({**fixed, **names, **columns}, index=range(size))


def fake_records(tasks, *, replicates=5, seed=0, pairs=True):
    random = np.random.default_rng(seed)
    steps = np.arange(0, 2001, 50)
    frames = []
    for replicate in range(replicates):
        stop = int(random.integers(25, 41))
        at = steps[:stop]
        for i, task in enumerate(tasks):
            for treatment, end in (("alone", 0.25), ("together", 0.22 + 0.02 * (i % 3))):
                decay = np.exp(-at / 350)
                train = end * 0.6 + (1.1 - end) * decay + random.normal(0, 0.008, stop)
                valid = end + (1 - end) * decay + 0.05 * (at / 2000) ** 2 + random.normal(0, 0.012, stop)
                for role, values in (("train", train), ("valid", valid)):
                    names = {"role": role, "task": task.name, "other": None}
                    frames.append(_rows(treatment, replicate, {**names, "name": "loss"}, step=at, value=values))
                names = {"role": "valid", "task": task.name, "other": None, "name": "skill"}
                frames.append(_rows(treatment, replicate, names, step=at, value=1 - valid))
            norm = (0.4 + 0.3 * i % 1.5) * (0.3 + decay) + random.normal(0, 0.02, stop)
            names = {"role": "train", "task": task.name, "other": None, "name": "task_weight"}
            frames.append(_rows("worst task", replicate, names, step=at, value=(1 + 0.3 * (i % 3) * (1 - decay))))
            names = {"role": "train", "task": task.name, "other": None, "name": "gradient_norm"}
            frames.append(_rows("together", replicate, names, step=at, value=np.abs(norm)))
            for other in tasks[i + 1 : i + 6] if pairs else ():
                cosine = (0.5 * decay - 0.05 * (i % 3)) + random.normal(0, 0.08, stop)
                names = {"role": "train", "task": task.name, "other": other.name, "name": "gradient_cosine"}
                frames.append(_rows("together", replicate, names, step=at, value=cosine))
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def digits():
    return fake_digits()


@pytest.fixture(scope="session")
def digits_records(digits):
    return fake_records(digits.tasks)


@pytest.fixture(scope="session")
def full(digits):
    """The study of digits with everything measured that can be."""
    return fill(digits)


@pytest.fixture(scope="session")
def made():
    """The functions above, for tests that need their own study."""
    return {"task": fake_task, "summary": fake_summary, "many": fake_many, "records": fake_records, "fill": fill}


SHORT = Protocol(
    replicates=2,
    trials=1,
    steps=8,
    batch_size=32,
    network=Network(width=8, blocks=1),
    references=False,
    treatments=(),
    transfer=False,
    seed=3,
)


def small_tensors(*, rows=200, split=None, order=(0, 1, 2), poison=None):
    """Three tasks on shared rows; `poison` are rows with other labels."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, 3))
    up = x[:, 0] + 0.3 * draw.normal(size=rows)
    late = (x[:, 1] + 0.3 * draw.normal(size=rows) > 0).astype(int)
    down = x[:, 0] - x[:, 2] + 0.3 * draw.normal(size=rows)
    if poison is not None:
        up[poison], late[poison], down[poison] = -7 * up[poison], 1 - late[poison], down[poison] ** 2
    targets = {"up": up, "late": late, "down": down}
    tasks = [Task("up", Regression()), Task("late", Binary()), Task("down", Regression())]
    tasks = [tasks[place] for place in order]
    return Tensors(
        *from_arrays(x, {task.name: targets[task.name] for task in tasks}, tasks=tasks), name="small", split=split
    )


def tables_of(found):
    """All that a study measured, without the time that it took."""
    summary = json.loads(found.summary.to_json())
    for name in ("timing", "command"):
        summary.pop(name)
    for each in [*summary["runs"], *summary["treatments"]]:
        each.pop("seconds"), each.pop("memory", None)
    return summary, found.records.to_json(orient="split", double_precision=15)


def fixed_way(plan, perform, *, workers=None, written=None):
    """A way that depends on no clock, so that studies in two folders can be compared to the bit."""
    paces = {form(run): Pace(12, 1e-3, 1e-3, 1e-3) for run in plan}
    known = {} if written is None else dict(written.paces)
    return Way(workers or 1, perform.device, paces | known)


@pytest.fixture(scope="session", autouse=True)
def chosen_way():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sharewise.runs._bench.choose_way", fixed_way)
        yield


@pytest.fixture(scope="session")
def short():
    return SHORT


@pytest.fixture(scope="session")
def small():
    return small_tensors


@pytest.fixture(scope="session")
def tables():
    return tables_of


@pytest.fixture(scope="session")
def done(tmp_path_factory):
    """A finished study."""
    return study(small_tensors(), tmp_path_factory.mktemp("study") / "out", protocol=SHORT, workers=1)


@pytest.fixture(scope="session")
def everything(tmp_path_factory):
    """A finished study with all treatments, transfer and two looks."""
    protocol = replace(SHORT, treatments=("shuffled", "weighted", "worst task"), transfer=True, looks=2)
    return study(small_tensors(), tmp_path_factory.mktemp("study") / "full", protocol=protocol, workers=1)


def many_tensors(count):
    """So many tasks on shared rows."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(100, 3))
    names = [f"t{place}" for place in range(count)]
    targets = {name: x[:, place % 3] + 0.1 * draw.normal(size=100) for place, name in enumerate(names)}
    return Tensors(*from_arrays(x, targets, tasks=[Task(name, Regression()) for name in names]), name="many")


@pytest.fixture(scope="session")
def many():
    return many_tensors
