import pytest
import torch

from sharewise.tasks import Custom, mae


def _loss(outputs, targets):
    return (outputs.squeeze(-1) - targets).abs()


def test_own_prediction_and_constant():
    kind = Custom(
        "ratio",
        2,
        loss_function=_loss,
        metrics_default=(mae,),
        predict_function=lambda outputs: outputs[..., 0] / outputs[..., 1],
        constant_function=1.5,
    )
    assert kind.predict(torch.tensor([[4.0, 2.0]])).tolist() == [2.0]
    assert kind.constant(torch.zeros(3)).tolist() == [1.5, 1.5]


@pytest.mark.parametrize("width", [1, 2])
def test_predictions_are_the_outputs_by_default(width):
    kind = Custom("plain", width, loss_function=_loss, metrics_default=(mae,))
    outputs = torch.randn(4, width)
    assert torch.equal(kind.predict(outputs), outputs[:, 0] if width == 1 else outputs)


@pytest.mark.parametrize("name", ["a.b", "", "two words"])
def test_name_must_be_an_identifier(name):
    with pytest.raises(ValueError, match="`name` must be an identifier, got `name="):
        Custom(name, 1, loss_function=_loss, metrics_default=(mae,))


def test_needs_a_metric():
    with pytest.raises(ValueError, match="at least one metric, got `metrics_default=\\(\\)`"):
        Custom("plain", 1, loss_function=_loss, metrics_default=())


def test_needs_outputs():
    with pytest.raises(ValueError, match="`outputs` must be at least 1, got `outputs=0`"):
        Custom("plain", 0, loss_function=_loss, metrics_default=(mae,))
