"""Hints: do auxiliary tasks that predict important features help, and which?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, final

import numpy as np
import torch

from sharewise._core import Role
from sharewise.diagnosis._arms import Arms, Floats, scores, side_bench
from sharewise.diagnosis._plan import ALONE
from sharewise.diagnosis._view import View, plain_view
from sharewise.evidence import Arrays, Interval, importances, paired_interval, table_arrays
from sharewise.mixing import Dataset
from sharewise.runs import Bench, Results, Run
from sharewise.tasks import Kind, Multiclass, Regression, Task

LEAST_SHARE = 0.05  # of a task's importance that a feature must have to be a hint
LEAST_SKILL = 0.05  # with which the other features must predict it
LOOKED_AT = 4  # most important features of a task that are tried to predict
MOST_CLASSES = 50
LEVEL = 0.05  # of keeping a hint that does not help, over all that are tried for a task

SHOWN: tuple[Role, ...] = ("select", "test")

Way: TypeAlias = Literal["also", "instead"]
WAYS: tuple[Way, ...] = ("also", "instead")


@final
@dataclass(frozen=True, slots=True)
class Candidate:
    """A feature that could be a hint for a task.

    Args:
        place: of the feature.
        feature: its name.
        importance: its share of the importance of all features, for boosted trees of the task.
        predictable: skill of boosted trees that predict it from the other features.
    """

    place: int
    feature: str
    importance: float
    predictable: float

    @property
    def score(self) -> float:
        """By which candidates are ranked."""
        return self.importance * self.predictable


@final
@dataclass(frozen=True, slots=True)
class Hint:
    """What predicting a feature beside a task does for it.

    Args:
        task: that may be helped.
        candidate: the feature.
        way: `also`: the feature stays an input; `instead`: it is taken from the inputs.
        select: gain of the task's first metric on select rows, against the task alone with all inputs; its interval,
            and that of `information`, are adjusted for the number of hints tried (Bonferroni).
        information: the same against the hint with shuffled labels: what its labels tell.
        test: the same on test rows.
        shuffled: on test rows, with the hint's labels shuffled: what is no information.
    """

    task: str
    candidate: Candidate
    way: Way
    select: Interval
    information: Interval
    test: Interval
    shuffled: Interval

    @property
    def kept(self) -> bool:
        """Whether it helps on the select rows, and by what it tells: any second task is a regulariser."""
        return self.select.low > 0 and self.information.low > 0


@final
@dataclass(frozen=True, slots=True)
class Hints:
    """All hints that were tried for a task.

    Args:
        task: its name.
        tried: in the order of the candidates; empty where no feature was important and predictable enough.
    """

    task: str
    tried: tuple[Hint, ...]

    @property
    def best(self) -> Hint | None:
        """The kept hint with the largest gain on select rows."""
        return max((hint for hint in self.tried if hint.kept), key=lambda hint: hint.select.estimate, default=None)

    @property
    def sentence(self) -> str:
        """What was found, in one sentence."""
        best = self.best
        if not self.tried:
            return f"No feature is both important for `{self.task}` and predictable from the others: no hint was tried."
        if best is None:
            names = ", ".join(dict.fromkeys(f"`{hint.candidate.feature}`" for hint in self.tried))
            return f"No hint is kept for `{self.task}`: predicting {names} does not help it on the select rows."
        how = "instead of reading it" if best.way == "instead" else "beside reading it"
        gain = best.test
        return (
            f"Predicting `{best.candidate.feature}` {how} is kept as a hint for `{self.task}`: {gain.estimate:+.3f} of "
            f"score on test rows ({gain.low:+.3f} to {gain.high:+.3f}), with a shuffled hint "
            f"{best.shuffled.estimate:+.3f}."
        )


def propose_hints(dataset: Dataset, tasks: Sequence[str], *, most: int = 2) -> dict[str, tuple[Candidate, ...]]:
    """Features that are important for a task and predictable from the others, by boosted trees on no test row.

    Args:
        dataset: any.
        tasks: names.
        most: candidates of each task.

    Returns:
        Task -> its candidates, those with the largest product of both first.
    """
    view = dataset if isinstance(dataset, View) else plain_view(dataset, 1)
    arrays = table_arrays(view, view.split(0))
    shares = {name: one.shares for name, one in importances(arrays, _named(view, tasks)).items()}
    wanted = {name: _most_important(share) for name, share in shares.items()}
    known = {place: predictability(arrays, place) for place in sorted(set().union(*wanted.values(), ()))}
    found = {}
    for name in tasks:
        own = [
            Candidate(place, view.names[place], float(shares[name][place]), known[place])
            for place in wanted.get(name, ())
            if known[place] >= LEAST_SKILL
        ]
        found[name] = tuple(sorted(own, key=lambda each: -each.score)[:most])
    return found


def _named(view: View, tasks: Sequence[str]) -> list[Task]:
    return [task for task in view.tasks if task.name in set(tasks)]


def _most_important(shares: Floats) -> list[int]:
    order = np.argsort(-np.nan_to_num(shares), kind="stable")[:LOOKED_AT]
    return [int(place) for place in order if shares[place] >= LEAST_SHARE]


def predictability(arrays: Arrays, place: int) -> float:
    """Skill with which boosted trees predict a feature from all others, on select rows; -inf where it cannot be told.

    Args:
        arrays: features.
        place: of the feature.
    """
    others = np.delete(np.arange(len(arrays.categorical)), place)
    kind = hint_kind(arrays, place)
    if kind is None or not len(others):
        return -np.inf
    target = {"hint": arrays.features[:, place]}
    given = Arrays(arrays.features[:, others], arrays.categorical[others], target, arrays.split, arrays.weight)
    found = importances(given, [Task("hint", kind)])
    return found["hint"].skill if "hint" in found else -np.inf


def hint_kind(arrays: Arrays, place: int) -> Kind | None:
    """The kind of a task that predicts a feature; None: it has too many categories."""
    if not arrays.categorical[place]:
        return Regression()
    classes = int(np.nanmax(arrays.features[:, place])) + 1
    return Multiclass(classes) if 2 <= classes <= MOST_CLASSES else None


def measure_hints(
    bench: Bench,
    arms: Arms,
    tasks: Sequence[str],
    *,
    candidates: Mapping[str, Sequence[Candidate]] | None = None,
) -> tuple[Hints, ...]:
    """Try predicting important features as auxiliary tasks, and keep what helps on select rows (hints).

    A feature may stay an input and be predicted too, or be taken from the inputs and predicted only, which helps where
    it is noisy (Caruana & de Sa 1996; Abu-Mostafa 1990). The task alone with all inputs is what is compared with; the
    hint neither stops nor tunes the network. Networks see plain numbers (`View`), with the size and settings of the
    task's tuned arm alone. Cost: for each task, candidate and replicate four trainings.

    Args:
        bench: of the arms; its folder gets folders `hints...`.
        arms: tuned.
        tasks: names.
        candidates: task -> features to try, or None: `propose_hints`.
    """
    plain = plain_view(bench.perform.dataset, len(arms.together))
    proposed = propose_hints(plain, tasks) if candidates is None else candidates
    places = sorted({each.place for own in proposed.values() for each in own})
    told = with_hints(plain, places)
    benches: dict[int | None, Bench] = {None: side_bench(bench, "hints", told)}
    benches |= {place: side_bench(bench, f"hints without {place}", hide(told, place)) for place in places}
    measured: dict[tuple[str, int | None, str], Results] = {}
    for hidden, own in benches.items():
        rows = _rows(arms, proposed, hidden)
        plan = sorted((run for runs in rows.values() for run in runs), key=lambda run: run.replicate)
        by_run = {repr(run): finished for run, finished in own.train("hints", plan)} if plan else {}
        measured |= {
            (task, hidden, what): [(run, by_run[repr(run)]) for run in runs] for (task, what), runs in rows.items()
        }
    return tuple(Hints(name, tuple(_hints(plain, name, proposed[name], measured))) for name in tasks)


def hint_name(place: int) -> str:
    """Name of the task that predicts a feature."""
    return f"hint: feature {place}"


def with_hints(view: View, places: Sequence[int]) -> View:
    """The view with a task more for each of some features: to predict it."""
    arrays = Arrays(view.features, view.categorical, {}, view.split(0))
    for place in places:
        values, kind = torch.from_numpy(view.features[:, place]), hint_kind(arrays, place)
        assert kind is not None
        known = ~values.isnan()
        view = view.with_task(Task(hint_name(place), kind), values.nan_to_num(), known)
    return view


def hide(view: View, place: int) -> View:
    """The view with nothing in the inputs of a feature."""
    shown = torch.tensor([owner != place for owner in view.owner])
    return view.with_inputs(view.inputs * shown)


def _rows(
    arms: Arms, proposed: Mapping[str, Sequence[Candidate]], hidden: int | None
) -> dict[tuple[str, str], list[Run]]:
    """The runs with a feature hidden: (task, what) -> replicates; what is "plain", a hint's name, or it shuffled."""
    rows: dict[tuple[str, str], list[Run]] = {}
    for name, own in proposed.items():
        runs = arms.of(ALONE, name)
        if own and hidden is None:
            rows[name, "plain"] = list(runs)
        for each in own:
            if hidden in (None, each.place):
                hint = hint_name(each.place)
                rows[name, hint] = [replace(run, tasks=(name, hint), hints=(hint,)) for run in runs]
                rows[name, f"{hint} shuffled"] = [replace(run, shuffled=(hint,)) for run in rows[name, hint]]
    return rows


def _hints(
    view: View, name: str, own: Sequence[Candidate], measured: Mapping[tuple[str, int | None, str], Results]
) -> list[Hint]:
    if not own:
        return []
    task, interval = _named(view, [name])[0], paired_interval(view)
    strict = paired_interval(view, "select", level=1 - LEVEL / max(1, len(WAYS) * len(own)))

    def score(hidden: int | None, what: str, role: Role) -> Floats:
        return scores(measured[name, hidden, what], task, role)

    plain = {role: score(None, "plain", role) for role in SHOWN}
    found = []
    for each in own:
        for way in WAYS:
            hidden, hint = each.place if way == "instead" else None, hint_name(each.place)
            told = {role: score(hidden, hint, role) for role in SHOWN}
            control = {role: score(hidden, f"{hint} shuffled", role) for role in SHOWN}
            found.append(
                Hint(
                    name,
                    each,
                    way,
                    select=strict(told["select"] - plain["select"]),
                    information=strict(told["select"] - control["select"]),
                    test=interval(told["test"] - plain["test"]),
                    shuffled=interval(control["test"] - plain["test"]),
                )
            )
    return found
