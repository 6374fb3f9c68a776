"""The model that the select rows chose."""

from collections.abc import Sequence

from sharewise.mixing import Dataset
from sharewise.runs import Finished, Perform, Run, TrainedModel
from sharewise.study._analysis import Decision


def chosen_model(
    best: Sequence[tuple[Run, Finished]], decision: Decision, perform: Perform, dataset: Dataset
) -> TrainedModel:
    """The joint network for the tasks that it serves, and a network of its own for each other task.

    The networks are those of the first replicate: the first, not the best, so that its test scores are honest.

    Args:
        best: tuned runs.
        decision: which treatment serves which task.
        perform: builds the networks.
        dataset: its preparation in the first replicate becomes the model's.
    """
    networks = []
    for run, finished in best:
        served = [task.name for task in dataset.tasks if decision.chosen[task.name] == run.treatment]
        names = [name for name in served if name in run.judged]
        if run.replicate == 0 and names:
            networks.append((run, names, finished))
    return perform.model(networks)
