"""The same trainings alone and in a population."""

import torch

from sharewise.training import NonFiniteLossError, train_population


def both(make):
    """What `make()` gives, run one by one and together: (training, fit or error) of both ways."""
    alone, together, found = make(), make(), []
    for training in alone:
        try:
            found.append(training.run())
        except NonFiniteLossError as error:
            found.append(error)
    return list(zip(alone, found, together, train_population(together), strict=True))


def distance(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs)


def places(fit):
    return [(each.name, each.role, each.task, each.other, each.step) for each in fit.records]


def values(fit):
    return torch.tensor([each.value for each in fit.records], dtype=torch.float64)


def assert_same(make, tolerance=1e-10):
    """Steps, best states, records, watched outputs and seen rows agree; the fits of the population."""
    found = both(make)
    loose = {"rtol": 100 * tolerance, "atol": 100 * tolerance, "equal_nan": True}
    for alone, fit, together, other in found:
        assert (other.steps, other.best_step) == (fit.steps, fit.best_step)
        assert other.best_skill == fit.best_skill or abs(other.best_skill - fit.best_skill) < 100 * tolerance
        assert distance(alone.model, together.model) < tolerance
        assert torch.equal(other.seen, fit.seen)
        assert places(other) == places(fit)
        torch.testing.assert_close(values(other), values(fit), **loose)
        torch.testing.assert_close(other.watched, fit.watched, **loose)
    return [fit for *_, fit in found]
