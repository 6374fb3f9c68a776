import torch

from sharewise.objectives import IMTLL, Sum, parameter_groups


def test_groups_hold_the_parameters_with_the_options_given() -> None:
    objective = IMTLL(2)
    (group,) = parameter_groups(objective, lr=0.5)
    assert group["params"] == [objective.log_scale]
    assert group["lr"] == 0.5
    assert torch.optim.SGD([group], lr=1.0).param_groups[0]["weight_decay"] == 0.0
    assert parameter_groups(Sum()) == []
