"""The model that the select rows chose."""

from collections.abc import Sequence

from sharewise.mixing import Dataset
from sharewise.runs import Finished, Perform, Run, TrainedModel
from sharewise.study._analysis import Decision
from sharewise.study._plan import TOGETHER


def chosen_model(
    best: Sequence[tuple[Run, Finished]], decision: Decision, perform: Perform, dataset: Dataset
) -> TrainedModel:
    """The joint network for the tasks served together, and a network of its own for each other task.

    The networks are those of the first replicate: the first, not the best, so that its test scores are honest.

    Args:
        best: tuned runs.
        decision: who is served together.
        perform: builds the networks.
        dataset: its preparation in the first replicate becomes the model's.
    """
    networks = []
    for run, finished in best:
        names = decision.together if run.treatment == TOGETHER else frozenset(run.tasks) - decision.together
        if run.replicate == 0 and names:
            networks.append((run, [task.name for task in dataset.tasks if task.name in names], finished))
    return perform.model(networks)
