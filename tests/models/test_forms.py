"""The forms of sharing against their papers' equations, network by network, in loops."""

import pytest
import torch

from sharewise.models import MLP, Heads, adatt, cross_stitch, mmoe, ple, sluice, stem
from sharewise.models import cgc as build_cgc

TASKS = 3
X = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def heads() -> Heads:
    return Heads(6, {"regression": [1] * TASKS}, {"regression": range(TASKS)})


def expert(features):
    return MLP(features, 6, 1)


def built(form, **options):
    torch.manual_seed(0)
    model = form(expert, 4, heads(), **options).double()
    for level in model.levels:
        for parameter in level.router.parameters():
            torch.nn.init.normal_(parameter)
    return model


def read(model, features):
    """Each head on its task's features."""
    return torch.stack([h @ model.heads.weight[task] + model.heads.bias[task] for task, h in enumerate(features)], 1)


def gate(router, output, x, experts):
    logits = torch.stack([x @ router.gate.weight[output, e] + router.gate.bias[output, e] for e in experts], 1)
    return logits.softmax(1)


def mix(w, opinions):
    return sum(w[:, at : at + 1] * opinion for at, opinion in enumerate(opinions))


def test_mmoe():
    model = built(mmoe, experts=4)
    level = model.levels[0]
    opinions = [each(X) for each in level.experts.unstack()]
    features = [mix(gate(level.router, task, X, range(4)), opinions) for task in range(TASKS)]
    torch.testing.assert_close(model(X)["regression"][..., 0], read(model, features))


@pytest.mark.parametrize(("own", "shared"), [(1, 1), (2, 3)])
def test_cgc(own, shared):
    model = built(build_cgc, own=own, shared=shared)
    level = model.levels[0]
    opinions = [each(X) for each in level.experts.unstack()]
    features = []
    for task in range(TASKS):
        mine = [*range(task * own, task * own + own), *range(TASKS * own, TASKS * own + shared)]
        features.append(mix(gate(level.router, task, X, mine), [opinions[e] for e in mine]))
    torch.testing.assert_close(model(X)["regression"][..., 0], read(model, features))


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_ple_reads_the_task_s_own_output_below(levels):
    own, shared = 2, 1
    model = built(ple, levels=levels, own=own, shared=shared)
    streams = [X] * (TASKS + 1)
    for number, level in enumerate(model.levels):
        networks = level.experts.unstack()
        opinions = [networks[task * own + at](streams[task]) for task in range(TASKS) for at in range(own)]
        opinions += [networks[TASKS * own + at](streams[TASKS]) for at in range(shared)]
        above = []
        for task in range(TASKS):
            mine = [task * own, task * own + 1, TASKS * own]
            above.append(mix(gate(level.router, task, streams[task], mine), [opinions[e] for e in mine]))
        if number < levels - 1:
            every = range(len(opinions))
            above.append(mix(gate(level.router, TASKS, streams[TASKS], every), opinions))
        streams = above
    torch.testing.assert_close(model(X)["regression"][..., 0], read(model, streams))


@pytest.mark.parametrize(("own", "shared"), [(1, 0), (2, 1)])
def test_adatt(own, shared):
    model = built(adatt, own=own, shared=shared)
    streams = [X] * (TASKS + 1)
    for number, level in enumerate(model.levels):
        networks = level.experts.unstack()
        opinions = [networks[task * own + at](streams[task]) for task in range(TASKS) for at in range(own)]
        opinions += [networks[TASKS * own + at](streams[TASKS]) for at in range(shared)]
        outputs = TASKS + (1 if shared and number == 0 else 0)
        above = []
        for output in range(outputs):
            fused = mix(gate(level.router, output, streams[output], range(len(opinions))), opinions)
            natives = range(output * own, output * own + own) if output < TASKS else range(TASKS * own, len(opinions))
            for native in natives:
                weight = level.router.own[output, native] if own > 1 else 1.0
                fused = fused + weight * opinions[native]
            above.append(fused)
        streams = above
    torch.testing.assert_close(model(X)["regression"][..., 0], read(model, streams[:TASKS]))


def test_stem_hears_all_and_teaches_its_own():
    model = built(stem, own=1, shared=1)
    level = model.levels[0]
    opinions = [each(X) for each in level.experts.unstack()]
    features = [mix(gate(level.router, task, X, range(4)), opinions) for task in range(TASKS)]
    out = model(X)["regression"][..., 0]
    torch.testing.assert_close(out, read(model, features))
    out[:, 1].sum().backward()
    taught = [level.experts.module.layers[0][0].weight.grad[e].abs().sum() > 0 for e in range(4)]
    assert taught == [False, True, False, True]
    assert (level.router.gate.bias.grad[1] != 0).all()


def test_cross_stitch():
    model = built(cross_stitch, levels=3)
    streams = [X] * TASKS
    for level in model.levels:
        opinions = [network(stream) for network, stream in zip(level.experts.unstack(), streams, strict=True)]
        alpha = level.router.table
        streams = [sum(alpha[k, other] * opinions[other] for other in range(TASKS)) for k in range(TASKS)]
    torch.testing.assert_close(model(X)["regression"][..., 0], read(model, streams))


def test_sluice():
    model = built(sluice, levels=2, subspaces=2)
    torch.nn.init.normal_(model.skips)
    streams, outputs = [X] * TASKS, []
    for level in model.levels:
        opinions = [network(stream) for network, stream in zip(level.experts.unstack(), streams, strict=True)]
        parts = [part for opinion in opinions for part in opinion.split(3, 1)]
        alpha = level.router(X.unsqueeze(0))[0]
        mixed = [sum(alpha[at, other] * parts[other] for other in range(6)) for at in range(6)]
        streams = [torch.cat(mixed[2 * task : 2 * task + 2], 1) for task in range(TASKS)]
        outputs.append(streams)
    features = [sum(model.skips[k, level] * outputs[level][k] for level in range(2)) for k in range(TASKS)]
    torch.testing.assert_close(model(X)["regression"][..., 0], read(model, features))


def test_untouched_stitches_are_independent_networks():
    model = built(cross_stitch, levels=2)
    for level in model.levels:
        with torch.no_grad():
            level.router.table.copy_(torch.eye(TASKS))
    networks = [level.experts.unstack() for level in model.levels]
    features = [networks[1][task](networks[0][task](X)) for task in range(TASKS)]
    torch.testing.assert_close(model(X)["regression"][..., 0], read(model, features))
