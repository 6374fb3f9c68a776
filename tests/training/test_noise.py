import torch

from sharewise.training._noise import Noise, step_seed


def alone(x, seed, step, places):
    with torch.random.fork_rng():
        torch.manual_seed(step_seed(seed, step))
        return [torch.nn.functional.dropout(x, probability) for probability in places]


def test_each_model_draws_what_it_draws_alone_at_every_place():
    noise, x = Noise([3, 8]), torch.randn(2, 70, 40, generator=torch.Generator().manual_seed(0))
    for step in (0, 5, 2):
        noise.start(step)
        found = [noise.drop(x, probability) for probability in (0.1, 0.5)]
        for model, seed in enumerate((3, 8)):
            for place, expected in enumerate(alone(x[model], seed, step, (0.1, 0.5))):
                assert torch.equal(found[place][model], expected)


def test_some_of_the_models_go_on():
    noise, x = Noise([3, 8, 9]).take([2, 0]), torch.ones(2, 6, 6)
    noise.start(1)
    found = noise.drop(x, 0.5)
    assert torch.equal(found[0], alone(x[0], 9, 1, (0.5,))[0])


def test_the_global_generator_is_not_used():
    torch.manual_seed(0)
    expected = torch.rand(2)
    torch.manual_seed(0)
    Noise([1]).drop(torch.ones(1, 8), 0.5)
    assert torch.equal(torch.rand(2), expected)
