"""One scikit-learn estimator for several tasks."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from pandas import DataFrame
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sharewise._core import InputError
from sharewise.estimators._frames import join, numbered, pick, read_features, read_labels
from sharewise.mixing import Choice, Columns, Table, TableEncoder
from sharewise.runs import MakeTrunk, Network, Perform, Run, TrainedModel, apart
from sharewise.tasks import Binary, Multiclass, Task
from sharewise.training import Recipe


def _has_classes(estimator: "MultiTaskEstimator") -> bool:
    check_is_fitted(estimator)
    return bool(estimator.classes_)


@final
class MultiTaskEstimator(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A network for several targets of any kind, with the interface of scikit-learn.

    Features may be numbers, text, dates, and missing; labels may be missing (NaN). Kinds of tasks are inferred from
    the labels as the command line does. Part of the rows is held out to stop the training; the best state is kept. A
    target needs 20 labels, and two values among its validation rows if it has classes.

    Args:
        tasks: column of y -> kind's name (`regression`, `binary`, `multiclass`, `count`), a kind, a `Task`, or None:
            infer it. None: all columns of y, all inferred.
        sharing: name of the form of sharing, as `runs.sharing_names` lists them: `hard` is one trunk for all tasks,
            `none` a network for each, `soft`, `mmoe`, `ple`, `film` and others lie between.
        sharing_options: its options by name, such as `{"experts": 4}` (`runs.Sharing`).
        method: class name of an objective, weighting or aggregator, such as `Sum`, `MinMax` or `UPGrad`.
        method_options: its arguments by name.
        trunk: makes a trunk of your own, a named function or class without arguments that gives a module from inputs
            (`mixing.TableEncoder`: a dictionary of `numeric` [N, D] and `categorical` [N, C]) to features [N, H]; it
            may come trained. None: the one that fits tables.
        learning_rate: its peak, after a warm-up and before a cosine.
        trunk_rate: factor of it for the trunk, what stands below heads, experts and conditions; 0 keeps a trunk of
            your own as it is.
        weight_decay: decoupled, of matrices.
        width: of the network.
        blocks: number of its residual blocks.
        dropout: share of units dropped in training.
        steps: optimisation steps at most.
        batch_size: rows in a step.
        validation_fraction: share of the rows that stops the training.
        random_state: of the held-out rows, the initialisation and the order of rows.

    Attributes:
        model_: a `runs.TrainedModel`; `model_.save(folder)` writes what `sharewise predict` and `TrainedModel.load`
            read.
        tasks_: the tasks, with their kinds.
        classes_: task's name -> its classes, in the order of the probabilities.
        findings_: what was noticed in the table; print them.

    Example:
        >>> from sklearn.datasets import load_diabetes
        >>> table = load_diabetes(as_frame=True, scaled=False).data
        >>> X, y = table[["age", "bmi", "bp", "s1", "s2", "s3"]], table[["s4", "s5"]].assign(sex=table["sex"])
        >>> estimator = MultiTaskEstimator(steps=100, width=32).fit(X, y)
        >>> [task.kind for task in estimator.tasks_]
        [Regression(outputs=1), Regression(outputs=1), Binary()]
        >>> estimator.predict(X).columns.tolist()
        ['s4', 's5', 'sex']
        >>> estimator.score(X, y) > 0.7
        True
    """

    def __init__(  # noqa: PLR0913  # scikit-learn's parameters are flat
        self,
        tasks: Mapping[str, Choice] | None = None,
        *,
        sharing: str = "hard",
        sharing_options: Mapping[str, Any] | None = None,
        method: str = "Sum",
        method_options: Mapping[str, Any] | None = None,
        trunk: MakeTrunk | None = None,
        learning_rate: float = 0.01,
        trunk_rate: float = 1.0,
        weight_decay: float = 0.3,
        width: int = 96,
        blocks: int = 2,
        dropout: float = 0.0,
        steps: int = 1000,
        batch_size: int = 128,
        validation_fraction: float = 0.2,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.tasks = tasks
        self.sharing = sharing
        self.sharing_options = sharing_options
        self.method = method
        self.method_options = method_options
        self.trunk = trunk
        self.learning_rate = learning_rate
        self.trunk_rate = trunk_rate
        self.weight_decay = weight_decay
        self.width = width
        self.blocks = blocks
        self.dropout = dropout
        self.steps = steps
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> "MultiTaskEstimator":  # noqa: ANN401, N803  # scikit-learn's
        """Train.

        Args:
            X: data frame or array [N, D].
            y: data frame, name -> [N], or array [N] or [N, K]; NaN where a label is missing.

        Raises:
            InputError: something is wrong with the data or a parameter, or the training diverges.
        """
        self._check_parameters()
        features, labels = read_features(self, X, reset=True), read_labels(y)
        self._axes = None if isinstance(y, DataFrame | Mapping) else np.ndim(y)
        self._columns = tuple(labels.columns if self.tasks is None else self.tasks)
        choices = dict.fromkeys(self._columns) if self.tasks is None else dict(self.tasks)
        names = tuple(features.columns)
        table = Table.from_frame(
            join(features, pick(labels, self._columns)),
            choices,
            columns=Columns(keep=names),
            features=names,
            fractions=(1 - self.validation_fraction, self.validation_fraction, 0.0, 0.0),
        )
        self.tasks_, self.findings_ = table.tasks, table.findings
        self.classes_ = {
            task.name: np.array(table.labels[task.name])
            for task in table.tasks
            if isinstance(task.kind, Binary | Multiclass)
        }
        self.model_ = self._train(table)
        return self

    def predict(self, X: Any) -> DataFrame | NDArray[Any]:  # noqa: ANN401, N803  # scikit-learn's
        """Means or likeliest labels, in the form of the y of `fit`: a data frame if that had names, else an array."""
        check_is_fitted(self)
        found = self.model_.table(read_features(self, X, reset=False))[[task.name for task in self.tasks_]]
        found.columns = list(self._columns)
        if self._axes is None:
            return found
        return found.to_numpy() if self._axes == 2 else found.iloc[:, 0].to_numpy()

    @available_if(_has_classes)  # type: ignore[untyped-decorator]  # scikit-learn has no types
    def predict_proba(self, X: Any) -> dict[str, NDArray[np.float64]] | NDArray[np.float64]:  # noqa: ANN401, N803
        """Probabilities [N, C] of each task with classes, by name; of an array y [N] without a name."""
        found = self._predictions(X)
        two = {name: np.stack([1 - found[name], found[name]], 1) for name in self.classes_ if found[name].ndim == 1}
        every = {name: two.get(name, found[name]) for name in self.classes_}
        return every[self.tasks_[0].name] if self._axes == 1 else every

    def score(self, X: Any, y: Any) -> float:  # noqa: ANN401, N803  # scikit-learn's
        """Mean over the tasks of their first metric (R2, AUROC, accuracy, D2), where it is defined; more is better."""
        scores, metrics = self.scores(X, y), {task.name: task.metrics[0] for task in self.tasks_}
        first = {
            name: scores[name][metric.name] * (1 if metric.higher_is_better else -1) for name, metric in metrics.items()
        }
        defined = [value for value in first.values() if not np.isnan(value)]
        return float(np.mean(defined)) if defined else float("nan")

    def scores(self, X: Any, y: Any) -> dict[str, dict[str, float]]:  # noqa: ANN401, N803  # scikit-learn's
        """Every metric of every task, over the rows where it has a label."""
        found, labels = self._predictions(X), pick(read_labels(y), self._columns)
        encoder = self.model_.encoder
        assert isinstance(encoder, TableEncoder)
        return {
            task.name: _scores(task, found[task.name], numbered(labels[column], task, encoder))
            for task, column in zip(self.tasks_, self._columns, strict=True)
        }

    def _check_parameters(self) -> None:
        if not 0 < self.validation_fraction < 1:
            raise InputError(
                f"`validation_fraction` must lie between 0 and 1, got `validation_fraction={self.validation_fraction}`."
            )
        several = [name for name, choice in (self.tasks or {}).items() if isinstance(choice, tuple)]
        if several:
            raise InputError(f"Task `{several[0]}` has several columns; make each of them a task.")

    def _train(self, table: Table) -> TrainedModel:
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        recipe = Recipe(
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            steps=self.steps,
            evaluate_every=max(1, self.steps // 40),
            seed=seed,
        )
        parts: dict[str, Any] = {"network": Network(self.width, self.blocks, self.dropout), "recipe": recipe}
        parts |= {"method": self.method, "options": dict(self.method_options or {}), "keep": True}
        parts |= {"sharing": self.sharing, "sharing_options": _plain(self.sharing_options or {})}
        parts["trunk_rate"] = float(self.trunk_rate)
        names = tuple(task.name for task in table.tasks)
        perform = Perform(table, self.trunk)
        trained = [(run, run.tasks, perform(run)) for run in apart(Run("fit", names, seed, **parts))]
        for _, _, finished in trained:
            if "failed" in finished.info:
                raise InputError(f"{finished.info['failed']}; lower `learning_rate` or look at the data.")
        return perform.model(trained)

    def _predictions(self, X: Any) -> dict[str, NDArray[np.float64]]:  # noqa: ANN401, N803
        check_is_fitted(self)
        found = self.model_.predict(read_features(self, X, reset=False))
        return {name: values.double().numpy() for name, values in found.items()}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = tags.target_tags.multi_output = True
        tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        return tags


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options without numpy's types, which searches draw and no model file holds."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value for name, value in options.items()
    }


def _scores(task: Task, predictions: NDArray[np.float64], labels: NDArray[np.float64]) -> dict[str, float]:
    known = ~np.isnan(labels)
    found, wanted = torch.from_numpy(predictions[known]), torch.from_numpy(labels[known])
    wanted = wanted.long() if isinstance(task.kind, Multiclass) else wanted
    return {metric.name: metric(found, wanted) for metric in task.metrics}
