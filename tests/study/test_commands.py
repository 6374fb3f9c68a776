import pytest
from click.testing import CliRunner

import sharewise.cli._fit as cli_fit
from sharewise.cli import main
from sharewise.runs import Network, Run
from sharewise.study import reworded
from sharewise.study._commands import fit_options
from sharewise.training import Recipe


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("sharewise study a.csv --task y --no-references --seed 3", "sharewise diagnose a.csv --task y --seed 3"),
        ("sharewise study a.csv --budget=10m --task=y:count", "sharewise diagnose a.csv --task=y:count"),
        ("sharewise study 'my table.csv' --task 'a b' --looks 2", "sharewise diagnose 'my table.csv' --task 'a b'"),
        ("sharewise study --config x.yaml --treatment none --out o", "sharewise diagnose --config x.yaml --out o"),
        ("sharewise study a.csv --task y --diagnose --workers 2", "sharewise diagnose a.csv --task y --workers 2"),
        ("sharewise study 'a", ""),
        ("python mine.py --task y", ""),
        ("", ""),
    ],
)
def test_data_and_effort_are_kept(command, expected):
    assert reworded(command, "diagnose") == expected


def test_options_of_fit_train_the_row_again(monkeypatch, tmp_path):
    """What the command line makes of the options is the row itself."""
    recipe = Recipe(learning_rate=0.004, weight_decay=0.5, steps=70, batch_size=16)
    row = Run(
        "x",
        ("digit", "parity"),
        0,
        method="Weighted",
        options={"weights": [1.0, 0.25, 1e-05, 1.0, 1.0]},
        sharing="soft",
        sharing_options={"strength": 0.1},
        network=Network(24, 1, 0.1),
        recipe=recipe,
    )
    seen = []

    def stop(dataset, plan, work, bar):
        seen.extend(plan)
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_fit, "_train", stop)
    CliRunner().invoke(main, ["fit", "digits", *fit_options(row.describe()), "--out", str(tmp_path / "m")])
    (again,) = seen
    for name in ("method", "options", "sharing", "sharing_options", "network", "plan"):
        assert getattr(again, name) == getattr(row, name)
    for name in ("learning_rate", "weight_decay", "steps", "batch_size"):
        assert getattr(again.recipe, name) == getattr(recipe, name)
