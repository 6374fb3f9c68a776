"""A table with several targets: study it, then use the chosen model on new rows.

python examples/table.py
"""

from pandas import DataFrame
from sklearn.datasets import load_diabetes

from sharewise.mixing import Table
from sharewise.runs import TrainedModel
from sharewise.study import Protocol, headline, study


def main(*, out: str = "runs/diabetes", protocol: Protocol | None = None) -> DataFrame:
    """Study three targets and return predictions for five rows; takes some minutes."""
    frame = load_diabetes(as_frame=True, scaled=False).frame
    data = Table.from_frame(frame, {"target": "regression", "s6": "regression", "sex": "binary"}, name="diabetes")
    for finding in data.findings:
        print(finding)
    result = study(data, out, protocol=protocol)
    for task in result.summary.tasks:
        print(f"{task.name:7} {task.difference:+.3f} ({task.low:+.3f} to {task.high:+.3f})  {task.verdict}")
    print(headline(result.summary))

    model = TrainedModel.load(f"{out}/model")
    predictions = model.table(frame.head().drop(columns=["target", "s6", "sex"]))
    print(predictions)
    return predictions


if __name__ == "__main__":  # worker processes import this file
    main()
