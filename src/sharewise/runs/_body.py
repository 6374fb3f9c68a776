"""The parts of a network on given inputs: what all tasks share in any case, and what the forms of sharing copy."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, final

from torch import nn

from sharewise._core import InputError
from sharewise.mixing import Encoder, TableEncoder, TensorEncoder
from sharewise.models import MLP, ConvTrunk, Residual, TableEmbedding, TableTrunk
from sharewise.runs._run import Network

MakeTrunk: TypeAlias = Callable[[], nn.Module]


@final
@dataclass(frozen=True)
class Body:
    """The parts of a network.

    Args:
        whole: makes a trunk, inputs to features [N, whole_features].
        whole_features: how many features that gives.
        encoder: makes what stands below experts and conditions and belongs to all tasks, inputs to [N, features]:
            embeddings of a table's columns, convolutions of an image, a trunk of one's own, of vectors nothing.
        features: how many features that gives.
        expert: (levels, features) to a module [N, features] to [N, width], of which `levels` on top of each other are
            about as deep as the rest of a trunk.
        width: H.
    """

    whole: MakeTrunk
    whole_features: int
    encoder: MakeTrunk
    features: int
    expert: Callable[[int, int], nn.Module]
    width: int


def body_of(encoder: Encoder, network: Network, *, trunk: MakeTrunk | None = None, features: int | None = None) -> Body:
    """The parts of a network on the encoder's rows: tables, vectors, images, or a trunk of one's own.

    Args:
        encoder: makes the inputs.
        network: size.
        trunk: makes a trunk of one's own.
        features: how many features that gives.

    Raises:
        InputError: there is no trunk for such inputs.

    Example:
        >>> from sharewise.mixing import TensorEncoder, digits
        >>> data = digits()
        >>> body = body_of(data.prepare(data.split(0).train).encoder, Network(width=8))
        >>> body.features, body.expert(2, 16)
        (16, MLP(
          (layers): Sequential(
            (0): Sequential(
              (0): Linear(in_features=16, out_features=8, bias=True)
              (1): ReLU()
              (2): Dropout(p=0.0, inplace=False)
            )
          )
        ))
    """
    width = network.width
    if trunk is not None:
        own = features or width
        return Body(trunk, own, trunk, own, partial(_layers, network), width)
    if isinstance(encoder, TableEncoder):
        return _table(encoder, network)
    forms = encoder.forms if isinstance(encoder, TensorEncoder) else {}
    form = forms.get("", ())
    if len(form) == 1:
        whole = partial(MLP, form[0], width, network.blocks, dropout=network.dropout)
        return Body(whole, width, nn.Flatten, form[0], partial(_layers, network), width)
    if len(form) == 3:
        return _images((form[0], form[1], form[2]), network)
    raise InputError(f"no trunk is known for rows of the form {forms}; give a trunk of your own")


def _layers(network: Network, levels: int, features: int) -> nn.Module:
    return MLP(features, network.width, max(1, network.blocks // levels), dropout=network.dropout)


def _table(encoder: TableEncoder, network: Network) -> Body:
    columns = encoder.features
    numeric, sizes = len(columns.numeric_names), columns.cardinalities
    bins = columns.bins if numeric else None
    width, blocks, dropout = network.width, network.blocks, network.dropout
    whole = partial(TableTrunk, numeric, sizes, bins=bins, width=width, blocks=blocks, dropout=dropout)
    embedding = partial(TableEmbedding, numeric, sizes, bins=bins)
    return Body(whole, width, embedding, embedding().features, partial(_blocks, network), width)


def _blocks(network: Network, levels: int, features: int) -> nn.Module:
    residual = (Residual(network.width, dropout=network.dropout) for _ in range(network.blocks // levels))
    return nn.Sequential(nn.Linear(features, network.width), *residual, nn.ReLU())


def _images(shape: tuple[int, int, int], network: Network) -> Body:
    whole = partial(ConvTrunk, shape, width=network.width, dropout=network.dropout)
    features = whole().linear.in_features
    return Body(whole, network.width, partial(_convolutions, shape), features, partial(_dense, network), network.width)


def _convolutions(shape: tuple[int, int, int]) -> nn.Module:
    """`ConvTrunk` below its last layer."""
    trunk = ConvTrunk(shape)
    first, second = (nn.Sequential(each, nn.ReLU(), trunk.pool) for each in (trunk.first, trunk.second))
    return nn.Sequential(first, second, nn.Flatten())


def _dense(network: Network, _: int, features: int) -> nn.Module:
    return MLP(features, network.width, 1, dropout=network.dropout)
