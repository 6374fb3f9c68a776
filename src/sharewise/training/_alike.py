"""Whether trainings can be one population, and why not."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from sharewise._core import Batch, Objective, map_tree
from sharewise.tasks import Criterion
from sharewise.training._comparison import StackedComparison, stack_methods
from sharewise.training._layers import Ensemble
from sharewise.training._methods import StackedObjective
from sharewise.training._modes import frozen_parts, training_mode
from sharewise.training._noise import Noise
from sharewise.training._penalty import Penalties
from sharewise.training._pool import Pool, tensors_of
from sharewise.training._recipe import Recipe
from sharewise.training._stack import Stack
from sharewise.training._training import Training, mixture_of

_OWN = frozenset(vars(nn.Module()))  # what every module has: parameters, buffers, hooks


def can_join(trainings: Sequence[Training]) -> str | None:
    """Why these trainings cannot be one population; None: they can.

    Networks must have one structure, and recipes may differ in learning rate, weight decay, patience, largest norm and
    seed alone; penalties in strength. Cost: one step of all models on two rows, on copies.

    Args:
        trainings: at least one; a single one tells whether it can be in any population.

    Example:
        >>> from sharewise._core import Split
        >>> from sharewise.models import Heads, MultiTask
        >>> from sharewise.tasks import Regression, Task
        >>> x = torch.zeros(8, 2)
        >>> data, split = Batch(x, {"regression": x[:, :1]}), Split(*torch.arange(8).split(2))
        >>> def training(*more):
        ...     trunk = nn.Sequential(nn.Linear(2, 2), *more)
        ...     model = MultiTask(trunk, Heads(2, {"regression": [1]}, {"regression": [0]}))
        ...     return Training(model, [Task("a", Regression())], data, split)
        >>> can_join([training(), training()])
        >>> can_join([training(), training(nn.ReLU())])
        'their networks differ at `trunk.1`'
        >>> can_join([training(nn.BatchNorm1d(2))])
        '`trunk.1` (BatchNorm1d) keeps statistics of the rows it sees'
    """
    first = trainings[0]
    if len({id(each.model) for each in trainings}) < len(trainings):
        return "two of them train one and the same network"
    for each in trainings:
        reason = refused(each) or differ(first, each)
        if reason is not None:
            return reason
    return _trial(trainings)


def alike(one: nn.Module, other: nn.Module) -> str | None:
    """Where two modules differ in more than their numbers; None: nowhere.

    Example:
        >>> alike(nn.Linear(2, 3), nn.Linear(2, 3)), alike(nn.Dropout(0.1), nn.Dropout(0.2))
        (None, '')
    """
    ours, theirs = dict(one.named_modules()), dict(other.named_modules())
    for name, module in ours.items():
        if name not in theirs or not _alike(module, theirs[name]):
            return name
    return next((name for name in theirs if name not in ours), None)


def _alike(one: nn.Module, other: nn.Module) -> bool:
    return type(one) is type(other) and _plain(one) == _plain(other) and _same(_settings(one), _settings(other))


def _plain(module: nn.Module) -> list[tuple[object, ...]]:
    """Names and forms of the parameters and buffers of one module, without its parts."""
    tensors = [*module._parameters.items(), *module._buffers.items()]
    return [(name, None if each is None else (*_form(each), each.requires_grad, each.device)) for name, each in tensors]


def _form(tensor: Tensor) -> tuple[object, ...]:
    return tensor.shape, tensor.dtype


def _settings(module: nn.Module) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if name not in _OWN}


def _same(one: object, other: object) -> bool:
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return _form(one) == _form(other) and torch.equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return (one == other) is True


def refused(given: Training) -> str | None:
    """What a training asks for that no population does; None: nothing."""
    still = {module for part in frozen_parts(given.model) for module in part.modules()}
    for name, module in given.model.named_modules():
        if module not in still and isinstance(module, _NormBase) and module.track_running_stats:
            return f"`{name}` ({type(module).__name__}) keeps statistics of the rows it sees"
    trained = {(each.dtype, each.device) for each in given.model.parameters() if each.requires_grad}
    rates = {each.p for each in given.model.modules() if isinstance(each, nn.Dropout) and each not in still}
    reasons = {
        f"`{type(given.method).__name__}` compares gradients and has parameters of its own": _learns(given.method),
        "there are no validation rows": len(given.split.valid) == 0,
        "it writes a checkpoint": given.checkpoint is not None,
        "its tasks are computed in chunks": given.budget is not None,
        "its gradients are scaled for float16": given.precision == "float16",
        "its parameters differ in type or device, or there are none": len(trained) != 1,
        "an accelerator draws dropout in its own way": bool(rates - {0.0}) and any(d.type != "cpu" for _, d in trained),
        "dropout of everything leaves nothing to train": 1.0 in rates,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def differ(one: Training, other: Training) -> str | None:
    """In what two trainings differ that a population has in common; None: in nothing."""
    if one is other:
        return None
    network, method = alike(one.model, other.model), alike(one.method, other.method)
    reasons = {
        f"their networks differ at `{network}`": network is not None,
        f"their methods differ: `{one.method}` and `{other.method}`": method is not None,
        f"their recipes differ: `{one.recipe}` and `{other.recipe}`": _common(one.recipe) != _common(other.recipe),
        "their batch sizes differ": _batch_size(one) != _batch_size(other),
        "their tasks differ": tuple(one.tasks) != tuple(other.tasks),
        "their data have different forms": _data_form(one.data) != _data_form(other.data),
        "their precisions differ": one.precision != other.precision,
        "their learning rates differ by part": dict(one.scales) != dict(other.scales),
        "their penalties differ": _penalised(one) != _penalised(other),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _penalised(given: Training) -> object:
    return None if given.penalty is None else given.penalty.function


def _common(recipe: Recipe) -> Recipe:
    """What the recipes of a population must have in common."""
    clip = None if recipe.clip is None else 1.0
    return replace(recipe, learning_rate=1.0, weight_decay=0.0, patience=1, seed=0, clip=clip)


def _batch_size(given: Training) -> int:
    return given.recipe.batch_size if given.mixture is None else given.mixture.batch_size


def _learns(method: nn.Module) -> bool:
    """Whether a method that compares gradients has parameters, to which no gradient flows."""
    return not isinstance(method, Objective) and any(True for _ in method.parameters())


def _data_form(data: Batch) -> list[object]:
    tree = (data.inputs, data.targets, data.task, data.weight)
    empty = map_tree(lambda _: torch.empty(0), tree)
    return [repr(empty), *((each.shape[1:], each.dtype, each.layout) for each in tensors_of(tree))]


def _trial(trainings: Sequence[Training]) -> str | None:
    """What goes wrong in a step of all models on two rows; it touches copies only."""
    first = trainings[0]
    template = training_mode(copy.deepcopy(first.model))
    stack = Stack([template, *(each.model for each in trainings[1:])])
    device = stack.flat.device
    methods = [copy.deepcopy(given.method).to(device).train() for given in trainings]
    noise = Noise([each.recipe.seed for each in trainings])
    rows = torch.stack([mixture_of(each).rows(0)[:2] for each in trainings])
    batch = Pool([each.data for each in trainings], len(first.tasks), device).take(rows.to(device))
    before = [each.clone() for each in template.buffers()]
    try:
        outputs = Ensemble(stack, noise)(batch.inputs, batch.task, None)
        losses = Criterion(first.tasks).to(device)(outputs, batch)
        penalties = Penalties([each.penalty for each in trainings])
        if penalties:
            penalties(stack, batch.inputs, 0)
        gradients = torch.autograd.grad(losses.total.sum(), stack.leaves, allow_unused=True)
        given = [replace(each, method=method) for each, method in zip(trainings, methods, strict=True)]
        wrong = _apart(stack_methods(given, stack), losses.mean().detach(), losses.present)
    except (RuntimeError, IndexError) as error:
        return f"the network or its method cannot be stacked: {str(error).splitlines()[0]}"
    return wrong or _moved(template, before) or _unused(stack, gradients)


def _apart(methods: StackedObjective | StackedComparison, losses: Tensor, present: Tensor) -> str | None:
    """Whether a method without a stack of its own looks at other models' losses or gradients."""
    if isinstance(methods, StackedComparison):
        good, name = methods.agrees(losses), str(methods.template)
    else:
        each, name = methods.mapped(losses, present), str(methods.stack.template)
        together = each if methods.stack.tensors() else methods(losses, present)
        good = together.shape == each.shape and torch.allclose(together, each, equal_nan=True)
    return None if good else f"the method `{name}` takes no losses or gradients of several models [M, K, ...]"


def _moved(template: nn.Module, before: Sequence[Tensor]) -> str | None:
    for (name, buffer), old in zip(template.named_buffers(), before, strict=True):
        if not torch.equal(buffer, old):
            return f"the buffer `{name}` of the network changes in training"
    return None


def _unused(stack: Stack, gradients: Sequence[Tensor | None]) -> str | None:
    names = {each: name for name, each in stack.template.named_parameters()}
    for parameter, gradient in zip(stack.trained, gradients, strict=True):
        if gradient is None:
            return f"the parameter `{names[parameter]}` of the network is not used"
    return None
