"""Layers of M models as one operation each; modules without a rule run under `torch.func.vmap`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, final

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn import functional

from sharewise._core import Tree, map_tree
from sharewise.models import MLP, Heads, MultiTask, PiecewiseLinear, Residual, TableTrunk
from sharewise.training._draws import shared
from sharewise.training._modes import evaluating
from sharewise.training._noise import Noise
from sharewise.training._stack import Stack


@final
class Ensemble:
    """Runs M models of one structure: inputs [M, N, ...] to outputs by kind [M, N, ...].

    Args:
        stack: their numbers.
        noise: draws their dropout.
        autocast: dtype of matrix products in training, or None.

    Example:
        >>> stack = Stack([nn.Linear(3, 2) for _ in range(4)])
        >>> Ensemble(stack, Noise([0, 1, 2, 3]))(torch.zeros(4, 5, 3)).shape
        torch.Size([4, 5, 2])
    """

    def __init__(self, stack: Stack, noise: Noise, autocast: torch.dtype | None = None) -> None:
        self.stack, self.noise, self.autocast = stack, noise, autocast
        self.device = stack.flat.device

    def __call__(self, *arguments: Tree) -> Tree:
        """The models on their own inputs; every argument has the leading axis M, or is None."""
        with torch.autocast(self.device.type, dtype=self.autocast, enabled=self.training and self.autocast is not None):
            return self.run(self.stack.template, *arguments)

    @property
    def training(self) -> bool:
        """Whether the models are in training mode."""
        return self.stack.template.training

    def take(self, models: Tensor) -> "Ensemble":
        """Some of the models: Long [m]."""
        return Ensemble(self.stack.take(models), self.noise.take(models.tolist()), self.autocast)

    def run(self, module: nn.Module, *arguments: Tree) -> Tree:
        """One module of every model."""
        rule = RULES.get(type(module))
        if rule is None or _watched(module):
            return self.mapped(module, *arguments)
        return rule(self, module, *arguments)

    def of(self, tensor: Tensor) -> Tensor:
        """A parameter or buffer of the template, stacked [M, ...], or as it is where all models have the same."""
        stacked = self.stack.of(tensor)
        return tensor if stacked is None else stacked

    def per_model(self, tensor: Tensor) -> Tensor:
        """The same, always with the axis M."""
        stacked = self.stack.of(tensor)
        return tensor.expand(len(self.stack), *tensor.shape) if stacked is None else stacked

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Evaluation mode, without gradients."""
        with evaluating(self.stack.template), torch.no_grad():
            yield

    def mapped(self, module: nn.Module, *arguments: Tree) -> Tree:
        """One module of every model, without a rule."""
        tensors = self.stack.tensors(module)

        def one(tensors: dict[str, Tensor], *arguments: Tree) -> Tree:
            return functional_call(module, tensors, arguments)

        axes = (0, *(None if each is None else 0 for each in arguments))
        return vmap(one, in_dims=axes, randomness="error")(tensors, *arguments)


def _watched(module: nn.Module) -> bool:
    """Whether hooks want to see the module run."""
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _affine(run: Ensemble, weight: Tensor, bias: Tensor | None, x: Tensor) -> Tensor:
    rows, turned = x.flatten(1, -2), run.per_model(weight).mT
    out = torch.bmm(rows, turned) if bias is None else torch.baddbmm(run.per_model(bias).unsqueeze(1), rows, turned)
    return out.view(*x.shape[:-1], -1)


def _linear(run: Ensemble, layer: nn.Linear, x: Tensor) -> Tensor:
    return _affine(run, layer.weight, layer.bias, x)


def _embedding(run: Ensemble, layer: nn.Embedding, index: Tensor) -> Tensor:
    weight = run.per_model(layer.weight)
    first = torch.arange(len(weight), device=index.device) * weight.shape[1]
    return functional.embedding(index + first.view(-1, *[1] * (index.dim() - 1)), weight.flatten(0, 1))


def _norm(run: Ensemble, layer: nn.LayerNorm, x: Tensor) -> Tensor:
    out = functional.layer_norm(x, layer.normalized_shape, eps=layer.eps)
    if layer.weight is None:
        return out
    axes = (slice(None), *[None] * (x.dim() - 1 - len(layer.normalized_shape)))
    out = out * run.per_model(layer.weight)[axes]
    return out if layer.bias is None else out + run.per_model(layer.bias)[axes]


def _elementwise(_: Ensemble, layer: nn.Module, x: Tensor) -> Tensor:
    return layer(x)


def _dropout(run: Ensemble, layer: nn.Dropout, x: Tensor) -> Tensor:
    return run.noise.drop(x, layer.p) if layer.training and layer.p > 0 else x


def _sequential(run: Ensemble, layers: nn.Sequential, x: Tree) -> Tree:
    for layer in layers:
        x = run.run(layer, x)
    return x


def _residual(run: Ensemble, block: Residual, x: Tensor) -> Tensor:
    return x + run.run(block.dropout, run.run(block.leave, torch.relu_(run.run(block.enter, x))))


def _mlp(run: Ensemble, trunk: MLP, x: Tensor) -> Tensor:
    return run.run(trunk.layers, x.flatten(2))


def _piecewise(run: Ensemble, layer: PiecewiseLinear, x: Tensor) -> Tensor:
    """[M, N, D] to [M, N, D, width], with the columns before the rows inside."""
    fixed = (layer.shift, layer.scale, layer.low, layer.high)
    if shared(x) and all(run.stack.of(each) is None for each in fixed):
        return _piecewise_of_all(run, layer, x[0])
    shift, scale, low, high = (run.of(each).unsqueeze(-2) for each in fixed)
    columns = x.transpose(1, 2).unsqueeze(-1)
    encoded = torch.addcmul(shift, scale, columns).maximum(low).minimum(high)
    weight = run.per_model(layer.weight)
    out = torch.bmm(encoded.flatten(0, 1), weight.flatten(0, 1)).view(*encoded.shape[:-1], -1)
    linear, bias = run.per_model(layer.linear).unsqueeze(-2), run.per_model(layer.bias).unsqueeze(-2)
    return (torch.addcmul(bias, linear, columns) + out).transpose(1, 2)


def _piecewise_of_all(run: Ensemble, layer: PiecewiseLinear, x: Tensor) -> Tensor:
    """The same rows [N, D] for all models: encoded once, and one product for each column."""
    columns = x.T.unsqueeze(-1)
    encoded = torch.cat([layer.encode(x).transpose(0, 1), columns, torch.ones_like(columns)], -1)
    linear, bias = run.per_model(layer.linear).unsqueeze(-2), run.per_model(layer.bias).unsqueeze(-2)
    weight = torch.cat([run.per_model(layer.weight), linear, bias], -2)  # [M, D, B + 2, width]
    M, D, B, width = weight.shape
    out = torch.bmm(encoded, weight.permute(1, 2, 0, 3).reshape(D, B, M * width))
    return out.view(D, -1, M, width).permute(2, 1, 0, 3)


def _table(run: Ensemble, trunk: TableTrunk, inputs: dict[str, Tensor]) -> Tensor:
    parts = []
    if trunk.numbers is not None:
        parts.append(run.run(trunk.numbers, inputs["numeric"]).flatten(2))
    if trunk.categories is not None:
        offset = run.per_model(trunk.offset).unsqueeze(1)
        parts.append(run.run(trunk.categories, inputs["categorical"] + offset).flatten(2))
    entered = run.run(trunk.enter, torch.cat(parts, 2) if len(parts) > 1 else parts[0])
    return torch.relu(run.run(trunk.blocks, entered))


def _heads(run: Ensemble, heads: Heads, h: Tensor, task: Tensor | None = None) -> Tree:
    if task is not None or any(len(set(widths)) > 1 for widths in heads.widths.values()):
        return run.mapped(heads, h, task)
    out = _affine(run, heads.weight, heads.bias, h)
    parts = out.split([sum(widths) for widths in heads.widths.values()], -1)
    return {
        key: part.view(*part.shape[:-1], len(widths), widths[0])
        for (key, widths), part in zip(heads.widths.items(), parts, strict=True)
    }


def _multitask(
    run: Ensemble, model: MultiTask, inputs: Tree, task: Tensor | None = None, row: Tensor | None = None
) -> Tree:
    dtype = model.heads.weight.dtype
    inputs = map_tree(lambda each: each.to(dtype) if each.is_floating_point() else each, inputs)
    h = run.run(model.trunk, inputs)
    return run.run(model.heads, h if row is None else h.take_along_dim(row.unsqueeze(-1), -2), task)


Rule: TypeAlias = Callable[..., Tree]

# a rule holds for its very type: a subclass may compute something else
RULES: dict[type[nn.Module], Rule] = {
    nn.Identity: _elementwise,
    nn.ReLU: _elementwise,
    nn.GELU: _elementwise,
    nn.SiLU: _elementwise,
    nn.Tanh: _elementwise,
    nn.Sigmoid: _elementwise,
    nn.Linear: _linear,
    nn.Embedding: _embedding,
    nn.LayerNorm: _norm,
    nn.Dropout: _dropout,
    nn.Sequential: _sequential,
    Residual: _residual,
    MLP: _mlp,
    PiecewiseLinear: _piecewise,
    TableTrunk: _table,
    Heads: _heads,
    MultiTask: _multitask,
}
