"""The networks of a contender as one model."""

from sharewise.grouping._confirm import of_network
from sharewise.grouping._contenders import Contender
from sharewise.grouping._sizes import Sizes
from sharewise.runs import Perform, Results, TrainedModel


def grouped_model(contender: Contender, best: Results, sizes: Sizes, perform: Perform) -> TrainedModel:
    """The networks of the first replicate, of which the weights were kept, as one stacked network.

    Its predictions are those of the separate networks. One network alone stays as it is.

    Args:
        contender: whose networks.
        best: tuned runs.
        sizes: widths of its networks.
        perform: builds them.
    """
    width = sizes.width(len(contender.networks))
    parts = []
    for network in contender.networks:
        run, finished = of_network(best, width, network)[0]
        parts.append((run, sorted(network.serves), finished))
    return perform.model(parts) if len(parts) == 1 else perform.grouped_model(parts)
