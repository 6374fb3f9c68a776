"""The estimator in scikit-learn's search: should these tasks share a network, and how wide should it be?

python examples/search.py
"""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, KFold

from sharewise.estimators import MultiTaskEstimator

TASKS = {"target": "regression", "s6": "regression", "sex": "binary"}


def main(steps: int = 400) -> GridSearchCV:
    """Search, and print what was found."""
    frame = load_diabetes(as_frame=True, scaled=False).frame
    X, y = frame.drop(columns=[*TASKS]), frame[[*TASKS]]
    grid = {"sharing": ["hard", "soft", "none"], "width": [16, 64]}
    folds = KFold(2, shuffle=True, random_state=0)
    search = GridSearchCV(MultiTaskEstimator(TASKS, steps=steps), grid, cv=folds).fit(X, y)
    print("best:", search.best_params_, "mean score of the tasks:", round(search.best_score_, 3))
    for task, scores in search.best_estimator_.scores(X, y).items():
        print(f"{task}, on the rows it was fitted to:", {name: round(score, 3) for name, score in scores.items()})
    return search


if __name__ == "__main__":
    main()
