"""Operations whose parameter gradient is known from what they saved: the only file that reads saved tensors.

A rule turns an operation into the uses of parameters in it. Each use has one normal form: with the gradient D of the
operation's output brought to rows [S, R, o], the gradient of the parameter is `left' rows` [S, i, o] (a product), the
sum over the rows (a shift or a scale), or the sum over rows of the same index (a table). Saved tensors are
semi-private: where another torch saves other names, parameters take the general path, and a test says so.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from sharewise.gradients._graph import Node, saved, shape
from sharewise.gradients._uses import Move, Use, make_use, operand_at


def _sliced(use: Use, sliced: bool) -> Use:
    return replace(use, sliced=True) if sliced else use


def _same(x: Tensor) -> Tensor:
    return x


def _turned(x: Tensor) -> Tensor:
    return x.mT


def _add_slice(x: Tensor) -> Tensor:
    return x.unsqueeze(-3)


def _add_slice_turned(x: Tensor) -> Tensor:
    return x.mT.unsqueeze(-3)


def _drop_slice(x: Tensor) -> Tensor:
    return x.squeeze(-3)


def _drop_slice_turned(x: Tensor) -> Tensor:
    return x.squeeze(-3).mT


def _product(node: Node, names: tuple[str, str], places: tuple[int, int]) -> Iterator[Use]:
    """Matrix products, of matrices or of stacks of them; the parameter may be the second or the first factor."""
    stacked = len(shape(node)) == 3
    if (second := operand_at(node, places[1])) is not None:
        right, back = (_same, _same) if stacked else (_add_slice, _drop_slice)
        yield _sliced(make_use(second, right, back, _stack(node, names[0])), stacked and second.sliced)
    if (first := operand_at(node, places[0])) is not None:
        right, back = (_turned, _turned) if stacked else (_add_slice_turned, _drop_slice_turned)
        yield _sliced(make_use(first, right, back, _stack(node, names[1], mirrored=True)), stacked and first.sliced)


def _stack(node: Node, name: str, *, mirrored: bool = False) -> Callable[[], Tensor]:
    matrix = saved(node, name)
    matrix = matrix if matrix.dim() == 3 else matrix.unsqueeze(0)
    return lambda: matrix.mT if mirrored else matrix


def mm(node: Node) -> Iterator[Use]:
    """`mm`."""
    yield from _product(node, ("self", "mat2"), (0, 1))


def bmm(node: Node) -> Iterator[Use]:
    """`bmm`."""
    yield from _product(node, ("self", "mat2"), (0, 1))


def addmm(node: Node) -> Iterator[Use]:
    """`addmm`: linear layers with a bias."""
    if node._saved_alpha == 1 and node._saved_beta == 1:
        yield from _product(node, ("mat1", "mat2"), (1, 2))
        yield from _broadcast(node, 0)


def baddbmm(node: Node) -> Iterator[Use]:
    """`baddbmm`: stacked linear layers with a bias."""
    if node._saved_alpha == 1 and node._saved_beta == 1:
        yield from _product(node, ("batch1", "batch2"), (1, 2))
        yield from _broadcast(node, 0)


def _broadcast(node: Node, place: int, factor: Callable[[], Tensor] | None = None) -> Iterator[Use]:
    """A parameter that is broadcast: its gradient is the sum of D (times a factor) over the repeated axes."""
    operand = operand_at(node, place)
    if operand is None:
        return
    out, own = shape(node), operand.shape
    wide = (1,) * (len(out) - len(own)) + own
    sliced = operand.sliced and len(own) == len(out) > 1 and own[0] == out[0]
    axes = range(1 if sliced else 0, len(out))
    repeated = [axis for axis in axes if wide[axis] == 1]
    kept = [axis for axis in axes if wide[axis] != 1]
    rows, width = math.prod(out[axis] for axis in repeated), math.prod(out[axis] for axis in kept)

    def moved(grad: Tensor) -> Tensor:
        grad = grad if factor is None else grad * factor()
        stars = grad.dim() - len(out)
        order = [stars + axis for axis in ([0] if sliced else []) + repeated + kept]
        return grad.permute(*range(stars), *order).reshape(*grad.shape[:stars], -1, rows, width)

    right: Move = moved
    if factor is None and repeated == [len(out) - 2] and kept == [len(out) - 1]:
        right = _same if sliced else _add_slice  # told to be the same rows as those of a product
    yield _sliced(make_use(operand, right, lambda gradient: gradient.reshape(own)), sliced)


def add(node: Node) -> Iterator[Use]:
    """`+` with a parameter: a bias, a shift."""
    yield from _broadcast(node, 0)
    if node._saved_alpha == 1:
        yield from _broadcast(node, 1)


def mul(node: Node) -> Iterator[Use]:
    """`*` with a parameter: a scale."""
    for place, name in ((0, "other"), (1, "self")):
        if (factor := getattr(node, f"_saved_{name}")) is not None:
            yield from _broadcast(node, place, partial(_same, factor.detach()))


def layer_norm(node: Node) -> Iterator[Use]:
    """`layer_norm`."""
    x, mean, scale = saved(node, "input"), saved(node, "result1"), saved(node, "result2")

    def normed() -> Tensor:
        return (x - mean) * scale

    yield from _broadcast(node, 1, normed)
    yield from _broadcast(node, 2)


def group_norm(node: Node) -> Iterator[Use]:
    """`group_norm`: scale and shift of channels, which stand on the second axis."""
    out = shape(node)
    x = saved(node, "input").reshape(out[0], node._saved_group, -1)
    mean, scale = saved(node, "result1").unsqueeze(-1), saved(node, "result2").unsqueeze(-1)

    def normed() -> Tensor:
        return ((x - mean) * scale).view(out)

    for place, factor in ((1, normed), (2, None)):
        if (operand := operand_at(node, place)) is not None:
            yield make_use(operand, _channels(out, factor), torch.flatten)


def _channels(out: tuple[int, ...], factor: Callable[[], Tensor] | None) -> Move:
    def right(grad: Tensor) -> Tensor:
        grad = grad if factor is None else grad * factor()
        stars = grad.dim() - len(out)
        return grad.flatten(stars + 2).mT.reshape(*grad.shape[:stars], 1, -1, out[1])

    return right


def convolution(node: Node) -> Iterator[Use]:
    """`conv2d`: a product of the unfolded input; groups are slices."""
    out, groups = shape(node), node._saved_groups
    if len(out) != 4 or node._saved_transposed:
        return
    if (operand := operand_at(node, 1)) is not None:
        own, inputs = operand.shape, saved(node, "input")
        options = (tuple(node._saved_dilation), tuple(node._saved_padding), tuple(node._saved_stride))

        def right(grad: Tensor) -> Tensor:
            return _group_rows(grad.reshape(*grad.shape[:-3], groups, out[1] // groups, -1))

        def left() -> Tensor:
            patches = _patches(inputs, own[2:], out[2:], *options).unflatten(3, (groups, -1))
            return patches.movedim(3, 0).reshape(groups, out[0] * out[2] * out[3], -1)

        yield make_use(operand, right, lambda g: g.mT.reshape(own), left)
    if (operand := operand_at(node, 2)) is not None:
        yield make_use(operand, _channels(out, None), torch.flatten)


def _patches(
    x: Tensor,
    kernel: Sequence[int],
    out: Sequence[int],
    dilation: Sequence[int],
    padding: Sequence[int],
    stride: Sequence[int],
) -> Tensor:
    """What each output of a convolution reads, as a view: [N, C, h, w] to [N, h', w', C, a, b]."""
    x = functional.pad(x, (padding[1], padding[1], padding[0], padding[0])).contiguous()
    N, C, _, _ = x.shape
    n, c, h, w = x.stride()
    steps = (n, h * stride[0], w * stride[1], c, h * dilation[0], w * dilation[1])
    return x.as_strided((N, *out, C, *kernel), steps)


def _group_rows(x: Tensor) -> Tensor:
    """[*, N, g, o, L] to [*, g, N L, o]."""
    stars = x.dim() - 4
    x = x.permute(*range(stars), stars + 1, stars, stars + 3, stars + 2)
    return x.flatten(stars + 1, stars + 2)


def embedding(node: Node) -> Iterator[Use]:
    """`embedding`: a table; the padding row gets no gradient."""
    operand = operand_at(node, 0)
    if operand is None or node._saved_scale_grad_by_freq or node._saved_sparse:
        return
    index, own = saved(node, "indices").flatten(), operand.shape
    padding = node._saved_padding_idx
    padding = padding - 2**64 if padding >= 2**63 else padding

    def right(grad: Tensor) -> Tensor:
        grad = grad.reshape(*grad.shape[: grad.dim() - len(shape(node))], 1, -1, own[1])
        return grad if padding < 0 else grad * (index != padding).unsqueeze(-1)

    yield replace(make_use(operand, right, _drop_slice), index=index)


RULES: dict[str, Callable[[Node], Iterator[Use]]] = {
    "MmBackward0": mm,
    "BmmBackward0": bmm,
    "AddmmBackward0": addmm,
    "BaddbmmBackward0": baddbmm,
    "AddBackward0": add,
    "MulBackward0": mul,
    "NativeLayerNormBackward0": layer_norm,
    "NativeGroupNormBackward0": group_norm,
    "ConvolutionBackward0": convolution,
    "EmbeddingBackward0": embedding,
}


def find_uses(nodes: Iterable[Node]) -> Iterator[Use]:
    """All uses of parameters in operations that have a rule."""
    for node in nodes:
        if (rule := RULES.get(node.name())) is not None:
            try:
                yield from list(rule(node))
            except AttributeError:  # another torch saves other names: its parameters take the general path
                continue
