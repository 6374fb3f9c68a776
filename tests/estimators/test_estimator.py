import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sharewise._core import InputError
from sharewise.estimators import MultiTaskEstimator
from sharewise.estimators._frames import read_features
from sharewise.models import copy_distances
from sharewise.runs import TrainedModel, sharing_names
from sharewise.tasks import Binary, Multiclass, Regression

ROWS = 300


@pytest.fixture(scope="module")
def table():
    """Features of all sorts and targets of four kinds, one of them with half of its labels."""
    random = np.random.default_rng(0)
    x, job = random.normal(size=(ROWS, 2)), random.choice(["cook", "smith", "tailor"], ROWS)
    signal = x[:, 0] + (job == "cook")
    X = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "job": job, "day": pd.date_range("2024-01-01", periods=ROWS)})
    X.loc[::7, "b"] = np.nan
    y = pd.DataFrame(
        {
            "price": 100 + 10 * signal,
            "sold": np.where(signal > 0.3, "yes", "no"),
            "grade": np.digitize(signal, [-0.5, 0.8]),
            "visits": random.poisson(np.exp(1 + signal)),
        }
    )
    y.loc[::2, "price"] = np.nan
    return X, y


@pytest.fixture(scope="module")
def fitted(table):
    tasks = {"price": None, "sold": None, "grade": None, "visits": "count"}
    return MultiTaskEstimator(tasks, steps=150, width=32, learning_rate=0.03).fit(*table)


def quick(tasks=None, *, steps=10, **more):
    return MultiTaskEstimator(tasks, **{"steps": steps, "width": 8, "blocks": 1} | more)


TOO_FEW = "a target needs 20 labels, so that some can stop the training"
EXCEPTIONS = {
    "check_n_features_in_after_fitting": TOO_FEW,
    "check_fit2d_1feature": TOO_FEW,
    "check_do_not_raise_errors_in_init_or_set_params": "passes -1 for everything; types are checked in these tests",
}


@parametrize_with_checks(
    [quick(), quick(sharing="mmoe", sharing_options={"experts": 2}, steps=2)],
    expected_failed_checks=lambda _: EXCEPTIONS,
)
@pytest.mark.filterwarnings("default")
def test_follows_the_conventions_of_scikit_learn(estimator, check):
    check(estimator)


def test_learns_every_kind_from_a_mixed_table(table, fitted):
    scores = fitted.scores(*table)
    assert {task.name: type(task.kind).__name__ for task in fitted.tasks_} == {
        "price": "Regression",
        "sold": "Binary",
        "grade": "Multiclass",
        "visits": "Count",
    }
    assert scores["price"]["r2"] > 0.95
    assert scores["sold"]["auroc"] > 0.98
    assert scores["grade"]["accuracy"] > 0.85
    assert scores["visits"]["d2"] > 0.5


def test_scores_are_those_of_scikit_learn(table, fitted):
    X, y = table
    predicted, probability, scores = fitted.predict(X), fitted.predict_proba(X), fitted.scores(X, y)
    known = y["price"].notna()
    assert scores["price"]["r2"] == pytest.approx(r2_score(y["price"][known], predicted["price"][known]))
    assert scores["sold"]["auroc"] == pytest.approx(roc_auc_score(y["sold"] == "yes", probability["sold"][:, 1]))
    assert scores["grade"]["accuracy"] == pytest.approx(accuracy_score(y["grade"], predicted["grade"]))
    firsts = [scores["price"]["r2"], scores["sold"]["auroc"], scores["grade"]["accuracy"], scores["visits"]["d2"]]
    assert fitted.score(X, y) == pytest.approx(np.mean(firsts))


def test_predictions_are_the_likeliest_classes_in_the_types_of_the_labels(table, fitted):
    X, y = table
    predicted, probability = fitted.predict(X), fitted.predict_proba(X)
    assert list(predicted.columns) == list(y.columns)
    for name, classes in fitted.classes_.items():
        np.testing.assert_allclose(probability[name].sum(1), 1, rtol=1e-5)
        assert set(predicted[name]) <= set(y[name])
        np.testing.assert_array_equal(predicted[name], classes[probability[name].argmax(1)])
    assert set(fitted.classes_) == {"sold", "grade"}


def test_is_no_worse_than_least_squares_where_the_truth_is_linear():
    random = np.random.default_rng(1)
    X, held = random.normal(size=(400, 4)), random.normal(size=(200, 4))
    weights = random.normal(size=(4, 3))
    y = X @ weights + 0.5 * random.normal(size=(400, 3))
    linear = LinearRegression().fit(X, y).score(held, held @ weights)
    network = quick(steps=100, width=32, learning_rate=0.03, weight_decay=1.0).fit(X, y)
    assert r2_score(held @ weights, network.predict(held)) > linear - 0.05


def test_form_of_predictions_follows_the_labels():
    X, y = load_iris(return_X_y=True)
    one = quick(steps=100, width=32).fit(X, y)
    assert one.predict(X).shape == (150,)
    assert one.predict_proba(X).shape == (150, 3)
    assert one.score(X, y) > 0.9
    two = quick().fit(X, np.stack([X[:, 0], X[:, 1]], 1))
    assert two.predict(X).shape == (150, 2)
    named = quick().fit(X, {"kind": y, "length": X[:, 0]})
    assert named.predict(X).columns.tolist() == ["kind", "length"]


def test_no_probabilities_without_classes():
    X, y = load_diabetes(return_X_y=True)
    estimator = quick().fit(X, y)
    assert not hasattr(estimator, "predict_proba")


def test_tasks_choose_columns_and_kinds(table):
    X, y = table
    estimator = quick({"grade": "regression"}, steps=10).fit(X, y)
    assert [task.kind for task in estimator.tasks_] == [Regression()]
    assert estimator.predict(X).columns.tolist() == ["grade"]
    assert np.isfinite(estimator.score(X, y))


def test_networks_of_their_own_are_those_of_each_task_alone():
    random = np.random.default_rng(2)
    X, y = random.normal(size=(80, 3)), random.normal(size=(80, 2))
    own = quick(sharing="none", steps=30).fit(X, y)
    assert [part.serves for part in own.model_.parts] == [("y0",), ("y1",)]
    changed = y.copy()
    changed[:, 1] = y[::-1, 1]  # what the other task holds must not matter
    other = quick(sharing="none", steps=30).fit(X, changed)
    np.testing.assert_array_equal(own.predict(X)[:, 0], other.predict(X)[:, 0])
    hard = [quick(steps=30).fit(X, labels).predict(X)[:, 0] for labels in (y, changed)]
    assert np.abs(hard[0] - hard[1]).max() > 1e-4


@pytest.mark.parametrize("name", sharing_names())
def test_every_form_of_sharing_by_name_is_trained_saved_and_read_again(table, name, tmp_path):
    X, y = table[0].head(100), table[1].head(100)
    estimator = quick(sharing=name.upper(), steps=5).fit(X, y)
    found = estimator.predict(X)
    parts = estimator.model_.parts
    assert [part.sharing.key for part in parts] == (["hard"] * 4 if name == "none" else [name])
    assert [task for part in parts for task in part.serves] == list(y.columns)
    estimator.model_.save(tmp_path / "model")
    again = TrainedModel.load(tmp_path / "model").table(X)
    pd.testing.assert_frame_equal(again[list(y.columns)], found)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(estimator)).predict(X), found)


def test_options_of_a_form_of_sharing_reach_it(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    both = np.stack([y, X[:, 2]], 1)
    wide = quick(sharing="mmoe", sharing_options={"experts": np.int64(3)}).fit(X, both)
    assert wide.model_.parts[0].module.levels[0].experts.copies == 3
    graph = {"penalty": "laplacian", "graph": np.array([[0.0, 1.0], [1.0, 0.0]]), "strength": 10.0}
    tied = quick(sharing="soft", sharing_options=graph, steps=100, learning_rate=0.03).fit(X, both)
    tied.model_.save(tmp_path / "model")
    free = quick(sharing="soft", sharing_options={"strength": 0}, steps=100, learning_rate=0.03).fit(X, both)
    apart = [copy_distances(each.model_.parts[0].module.trunks)[0, 1] for each in (tied, free)]
    assert apart[0] < 0.3 * apart[1]


class Trunk(torch.nn.Module):
    """A trunk that was trained before: of the table's numbers it knows what to look at."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 3)
        with torch.no_grad():
            self.linear.weight.copy_(torch.eye(3, 4))

    def forward(self, inputs):
        return self.linear(inputs["numeric"])


def test_a_trained_trunk_of_ones_own_is_kept_slowed_or_trained(tmp_path):
    random = np.random.default_rng(6)
    X = random.normal(size=(200, 4))
    y, start = X @ random.normal(size=(4, 2)), Trunk().linear.weight
    found = {}
    for rate in (0.0, 0.05, 1.0):
        estimator = clone(quick(trunk=Trunk, trunk_rate=rate, steps=30)).fit(X, y)
        module = estimator.model_.parts[0].module
        found[rate] = (module.trunk.linear.weight - start).abs().max().item()
    assert found[0.0] == 0 < found[0.05] < 0.2 * found[1.0]
    estimator.model_.save(tmp_path / "model")
    again = TrainedModel.load(tmp_path / "model", trunk=Trunk).table(read_features(estimator, X, reset=False))
    np.testing.assert_array_equal(again.to_numpy(), estimator.predict(X))


@pytest.mark.parametrize("method", ["MinMax", "UPGrad"])
def test_methods_are_named_by_their_classes(method):
    X, y = load_diabetes(return_X_y=True)
    plain = quick().fit(X, np.stack([y, X[:, 2]], 1)).predict(X)
    other = quick(method=method, steps=10).fit(X, np.stack([y, X[:, 2]], 1)).predict(X)
    assert np.isfinite(other).all()
    assert np.abs(plain - other).max() > 0


def test_equal_seeds_give_equal_numbers_and_others_do_not():
    X, y = load_diabetes(return_X_y=True)
    found = [quick(steps=10, random_state=seed).fit(X, y).predict(X) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 0


def test_pickles_and_clones(table, fitted):
    X, _ = table
    again = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(again.predict(X), fitted.predict(X))
    assert clone(fitted).get_params() == fitted.get_params()


def test_saved_model_predicts_the_same_without_the_estimator(table, fitted, tmp_path):
    X, _ = table
    fitted.model_.save(tmp_path / "model")
    found = TrainedModel.load(tmp_path / "model").table(X)
    pd.testing.assert_frame_equal(found[["price", "sold", "grade", "visits"]], fitted.predict(X))


def test_works_in_searches_and_pipelines():
    X, y = load_diabetes(return_X_y=True)
    both = np.stack([y, X[:, 2]], 1)
    folds = KFold(2, shuffle=True, random_state=0)
    scores = cross_val_score(make_pipeline(StandardScaler(), quick(steps=40, learning_rate=0.05)), X, both, cv=folds)
    assert (scores > 0.2).all()
    grid = {"sharing": ["hard", "none", "mmoe"]}
    search = GridSearchCV(quick(), grid, cv=folds, error_score="raise").fit(X, both)
    assert search.best_params_.keys() == {"sharing"}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_columns_are_found_by_name_in_any_order(table, fitted):
    X, _ = table
    turned = X[["day", "job", "b", "a"]].assign(other=1)
    pd.testing.assert_frame_equal(fitted.predict(turned), fitted.predict(X))


def test_unseen_categories_and_missing_cells_are_predicted(table, fitted):
    X, _ = table
    rows = X.head(3).assign(job=["weaver", None, "cook"], a=[np.nan, 0.0, 0.0])
    assert np.isfinite(fitted.predict(rows)["price"]).all()


def test_a_score_without_labels_is_undefined_and_left_out(table, fitted):
    X, y = table
    rows = y["price"].isna()
    scores = fitted.scores(X[rows], y[rows])
    assert np.isnan(scores["price"]["r2"])
    rest = [scores["sold"]["auroc"], scores["grade"]["accuracy"], scores["visits"]["d2"]]
    assert fitted.score(X[rows], y[rows]) == pytest.approx(np.mean(rest))


@pytest.mark.parametrize("label", ["0", 0, 0.0, False])
def test_labels_of_two_classes_of_any_type(label):
    X = np.random.default_rng(3).normal(size=(60, 2))
    other = {"0": "1", 0: 1}.get(label, 1)
    y = pd.Series(np.where(X[:, 0] > 0, 1, 0)).map({0: label, 1: type(label)(other)})
    estimator = quick({"y": Binary()}, steps=60, learning_rate=0.05).fit(X, y)
    assert estimator.score(X, y) > 0.9
    assert set(estimator.predict(X)) <= set(y)


def test_more_classes_than_occur_can_be_stated():
    X, y = load_iris(return_X_y=True)
    estimator = quick({"y": Multiclass(5)}, steps=10).fit(X, y)
    assert estimator.predict_proba(X).shape == (150, 5)


def _digits():
    random = np.random.default_rng(4)
    return random.normal(size=(40, 2)), random.integers(0, 2, size=(40, 2))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"sharing": "sotf"}, "there is no sharing `sotf`; did you mean `soft`?"),
        ({"sharing": "mmoe", "sharing_options": {"own": 2}}, "sharing `mmoe` cannot be built with {'own': 2}"),
        ({"sharing": "film", "sharing_options": {"strength": 1}}, "sharing `film` has no option `strength`"),
        ({"sharing": "none", "sharing_options": {"strength": 1}}, "sharing `none` has no options"),
        ({"method": "Summ"}, "there is no method `Summ`"),
        ({"method_options": {"x": 1}}, "does not take"),
        ({"validation_fraction": 1.0}, "`validation_fraction` must lie between 0 and 1"),
        ({"tasks": {"y5": None}}, "y has no column `y5`; it has y0, y1"),
        ({"tasks": {"y": (["y0", "y1"], "multilabel")}}, "Task `y` has several columns"),
        ({"steps": 0}, "`steps` must be positive"),
        ({"trunk_rate": -1.0}, "`trunk_rate` must be a number from 0, got `-1.0`"),
        ({"trunk_rate": 0.0}, "`trunk_rate=0` keeps a trunk as it is, but this one starts untrained"),
    ],
)
def test_wrong_parameters_are_named(parameters, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        quick(**{"steps": 5} | parameters).fit(*_digits())


def test_a_label_among_the_features_is_refused():
    frame = pd.DataFrame(_digits()[0], columns=["a", "b"])
    with pytest.raises(InputError, match="Column `b` is in both X and y"):
        quick().fit(frame, frame[["b"]])


def test_a_class_that_was_not_trained_cannot_be_scored():
    X, y = _digits()
    estimator = quick(steps=5).fit(X, y)
    with pytest.raises(InputError, match="Task `y1` was trained without the class `7"):
        estimator.score(X, np.stack([y[:, 0], np.full(40, 7)], 1))


def test_divergence_is_told():
    X, y = load_diabetes(return_X_y=True)
    with pytest.raises(InputError, match="lower `learning_rate`"):
        quick(learning_rate=1e30, steps=10).fit(X, y)
