"""Every form of sharing, found by discovery, against loops over rows, tasks and experts with the papers' equations."""

import math

import pytest
import torch
from tests.models.test_conformance import outputs
from tests.models.test_dselect import selectors
from torch import nn

from sharewise.models import (
    CGC,
    MLP,
    AdaTT,
    ConditionalNorm,
    Conditioned,
    CrossStitch,
    Described,
    DSelectK,
    Experts,
    FeatureGate,
    FiLM,
    Grouped,
    Hypernetwork,
    Independent,
    LowRank,
    MMoE,
    MultiTask,
    OneGate,
    Own,
    Polytropon,
    Scale,
    SharedBottom,
    Shift,
    Sluice,
    Stitched,
)


def softmax(logits):
    exponents = [math.exp(each) for each in logits]
    return [each / sum(exponents) for each in exponents]


def gate(router, k, x):
    """Softmax over the experts that the output may hear."""
    heard = router.gate.mask[k].nonzero().flatten().tolist()
    found = softmax([router.gate.weight[k, e] @ x + router.gate.bias[k, e] for e in heard])
    return [found[heard.index(e)] if e in heard else 0.0 for e in range(router.gate.mask.shape[1])]


def with_own(router, k, x):
    return [w + own for w, own in zip(gate(router, k, x), router.own[k] * router.native[k], strict=True)]


def described(router, k, x):
    pairs = zip(router.linear.weight, router.linear.bias, router.row.weight, strict=True)
    return softmax([v @ router.z[k] + b + w @ x for v, b, w in pairs])


def selected(router, k, x):
    mix = softmax(router.mix[k] + router.mix_weight[k] @ x)
    r = selectors(router, k, x)
    return [sum(mix[j] * r[j][i] for j in range(len(mix))) for i in range(len(router.codes))]


def normalised(router, k, _):
    skills = [1 / (1 + math.exp(-each)) for each in router.table[k]]
    return [each / sum(skills) for each in skills]


ROUTERS = {
    SharedBottom: lambda router, k, x: [1 / router.table.shape[1]] * router.table.shape[1],  # noqa: ARG005
    OneGate: lambda router, k, x: softmax(router.linear.weight @ x + router.linear.bias),  # noqa: ARG005
    MMoE: gate,
    CGC: gate,
    AdaTT: with_own,
    Described: described,
    DSelectK: selected,
    Own: lambda router, k, x: [float(at == k) for at in range(router.mask.shape[1])],  # noqa: ARG005
    CrossStitch: lambda router, k, x: router.table[k],  # noqa: ARG005
    Polytropon: normalised,
}


def sliced(level, opinions, k):
    """Each subspace of an output mixes all subspaces of all networks (sluice)."""
    parts = [opinion.chunk(level.subspaces) for opinion in opinions]
    weights = level.router.table[k]
    mixed = [
        sum(weights[g, e, other] * parts[e][other] for e in range(len(parts)) for other in range(level.subspaces))
        for g in range(level.subspaces)
    ]
    return torch.cat(mixed)


def climb(level, streams):
    """The streams of one row above a level."""
    reads = [0] * level.experts.copies if level.reads is None else level.reads.tolist()
    opinions = [alone(expert, streams[at]) for expert, at in zip(level.experts.unstack(), reads, strict=True)]
    above = []
    for k in range(level.outputs):
        if isinstance(level.router, Sluice):
            above.append(sliced(level, opinions, k))
            continue
        weights = ROUTERS[type(level.router)](level.router, k, streams[k if len(streams) > 1 else 0])
        above.append(sum(w * opinion for w, opinion in zip(weights, opinions, strict=True)))
    return above


def alone(module, x):
    return module(x.unsqueeze(0))[0]


def experts(model, x):
    tasks, streams, levels = model.heads.tasks, [alone(model.encoder, x)], []
    for level in model.levels:
        streams = climb(level, streams)
        levels.append(streams)
    if model.skips is None:
        return streams[:tasks]
    return [sum(model.skips[k, at] * each[k] for at, each in enumerate(levels)) for k in range(tasks)]


def stitched(model, x):
    streams = [x] * model.heads.tasks
    for place in model.backbone.layers:
        layer, table = place.module[0].stacked.module, place.router.table
        h = [(w @ s + b).relu() for w, b, s in zip(layer.weight, layer.bias, streams, strict=True)]
        streams = [sum(table[k, other] * h[other] for other in range(len(h))) for k in range(len(h))]
    return streams


def film(change, h, k):
    return (1 + change.scale.weight[k]) * h + change.shift.weight[k]


CONDITIONS = {
    Shift: lambda change, h, k: h + change.shift.weight[k],
    Scale: lambda change, h, k: h * (1 + change.scale.weight[k]),
    FiLM: film,
    FeatureGate: lambda change, h, k: 2 / (1 + (-change.gate.weight[k]).exp()) * h,
    ConditionalNorm: lambda change, h, k: film(change.film, (h - h.mean()) / (h.var(unbiased=False) + 1e-5).sqrt(), k),
    LowRank: lambda change, h, k: h + change.up.weight[k].T @ (change.down.weight[k].T @ h),
    Hypernetwork: lambda change, h, k: h + change.matrix.weight[k] @ h + change.shift.weight[k],
}


def walk(module, h, k):
    """A backbone layer by layer, told the task at its places."""
    if type(module).__name__ == "_Place":
        return CONDITIONS[type(module.change)](module.change, walk(module.module, h, k), k)
    if isinstance(module, nn.Sequential | MLP):
        for layer in module.layers if isinstance(module, MLP) else module:
            h = walk(layer, h, k)
        return h
    return alone(module, h)


MODELS = {
    MultiTask: lambda model, x: [alone(model.trunk, x)] * model.heads.tasks,
    Independent: lambda model, x: [alone(trunk, x) for trunk in model.trunks.unstack()],
    Experts: experts,
    Grouped: lambda model, x: [alone(model.trunks.unstack()[group], x) for group in model.group.tolist()],
    Stitched: stitched,
    Conditioned: lambda model, x: [walk(model.backbone, x, k) for k in range(model.heads.tasks)],
}


@torch.no_grad()
@pytest.mark.parametrize("tasks", [1, 3, 4])
def test_equals_the_loop(form, tasks):
    torch.manual_seed(0)
    model, x = form(tasks).double(), torch.randn(3, 4, dtype=torch.float64)
    found, heads = outputs(model, x), model.heads
    for row in range(3):
        for task, h in enumerate(MODELS[type(model)](model, x[row])):
            expected = heads.weight[heads.owner == task] @ h + heads.bias[heads.owner == task]
            torch.testing.assert_close(found[task][row], expected, rtol=0, atol=1e-12)
