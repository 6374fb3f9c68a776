"""Commands made from other commands: the same data, another verb."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from sharewise.study._plan import SETTINGS

SOURCE = frozenset(
    {"task", "feature", "exclude", "keep", "categorical", "group", "time", "split", "by", "weight", "plan", "rate"}
    | {"config", "seed", "batch-size"}
)
"""Options that say which data, and how they are read and mixed."""

EFFORT = frozenset(
    {"width", "blocks", "dropout", "steps", "replicates", "trials", "margin", "out", "device", "workers"}
)
"""Further options that `study` and `diagnose` have in common."""

_FLAGS = frozenset(
    {"references", "no-references", "transfer", "no-transfer", "tensorboard", "diagnose", "no-diagnose"}
    | {
        "choose-groups",
        "no-choose-groups",
        "conditions",
        "no-conditions",
        "causes",
        "no-causes",
        "benefits",
        "no-benefits",
    }
)


def words_of(command: str) -> list[str]:
    """The words of a command; none if its quotes do not close, as happens where it is typed by hand.

    Example:
        >>> words_of("sharewise study 'my table.csv'"), words_of("sharewise study 'my")
        (['sharewise', 'study', 'my table.csv'], [])
    """
    try:
        return shlex.split(command)
    except ValueError:
        return []


def reworded(command: str, verb: str, *, keep: Collection[str] = SOURCE | EFFORT, more: Sequence[str] = ()) -> str:
    """A command of `sharewise` with another verb and only some of its options; "" if it is none.

    Args:
        command: as it was typed.
        verb: the new one.
        keep: names of options that the new command has too.
        more: words added at the end.

    Example:
        >>> reworded("sharewise study a.csv --task y --looks 3 --no-transfer --out runs/a", "diagnose")
        'sharewise diagnose a.csv --task y --out runs/a'
        >>> reworded("python mine.py", "diagnose")
        ''
    """
    words = words_of(command)
    if words[:1] != ["sharewise"] or len(words) < 2:
        return ""
    kept, rest = ["sharewise", verb], iter(words[2:])
    for word in rest:
        name, equals, _ = word.removeprefix("--").partition("=")
        parts = [word]
        if word.startswith("--") and not equals and name not in _FLAGS:
            parts += [value for value in [next(rest, None)] if value is not None]
        if not word.startswith("--") or name in keep:
            kept += parts
    return shlex.join([*kept, *more])


def fit_command(command: str, *, keep: Collection[str] = SOURCE, more: Sequence[str] = ()) -> str:
    """The command that fits a network on the data of another command; "" if that is none.

    A command that names no data stands in the folder of a study, whose settings have them.

    Args:
        command: as it was typed.
        keep: names of options that the new command has too.
        more: words added at the end.

    Example:
        >>> fit_command("sharewise diagnose a.csv --task y --out runs/a", more=["--width", "8"])
        'sharewise fit a.csv --task y --width 8'
        >>> fit_command("sharewise diagnose --out runs/a --trials 2")
        'sharewise fit --config runs/a/study.yaml'
    """
    folder = option_of(command, "out")
    if folder and reworded(command, "fit", keep=()) == "sharewise fit" and not option_of(command, "config"):
        more = ["--config", f"{folder}/{SETTINGS}", *more]
    return reworded(command, "fit", keep=keep, more=more)


def option_of(command: str, name: str) -> str:
    """The value of an option of a command; "" if it has none.

    Example:
        >>> option_of("sharewise study a.csv --out 'my runs'", "out"), option_of("sharewise study a.csv", "out")
        ('my runs', '')
    """
    return next(iter(values_of(command, name)), "")


def values_of(command: str, name: str) -> list[str]:
    """All values of an option that a command may have several times.

    Example:
        >>> values_of("sharewise study a.csv --task x --task=y:binary", "task")
        ['x', 'y:binary']
    """
    words = words_of(command.replace(f"--{name}=", f"--{name} "))
    return [value for word, value in pairwise(words) if word == f"--{name}"]


def fit_options(run: Mapping[str, Any], *, whole: bool = False) -> list[str]:
    """The options of `sharewise fit` that make it train a row of a plan; what is usual is left out.

    Args:
        run: as `Run.describe` gives it.
        whole: the usual size of the network too, where a file of settings may have another.

    Example:
        >>> from sharewise.runs import Network, Run
        >>> " ".join(fit_options(Run("together", ("a", "b"), 0, network=Network(width=384)).describe()))
        '--learning-rate 0.001 --weight-decay 0.01 --steps 1000 --batch-size 128 --width 384'
    """
    network, recipe = run["network"], run["recipe"]
    found = {
        "learning-rate": recipe["learning_rate"],
        "weight-decay": recipe["weight_decay"],
        "steps": recipe["steps"],
        "batch-size": recipe["batch_size"],
    }
    usual = {"width": 96, "blocks": 2, "dropout": 0.0}
    found |= {name: network[name] for name, value in usual.items() if whole or network[name] != value}
    found |= {} if run["method"] == "Sum" else {"method": run["method"]}
    found |= {} if run["sharing"] == "hard" else {"sharing": run["sharing"]}
    found |= {} if run["plan"] == "proportional" or run["rates"] else {"plan": run["plan"]}
    words = [word for name, value in found.items() for word in (f"--{name}", _text(value))]
    for option, values in (("method-option", run["options"]), ("sharing-option", run["sharing_options"])):
        for name, value in values.items():
            words += [f"--{option}", f"{name}={_yaml(value)}"]
    return words


def _text(value: Any) -> str:  # noqa: ANN401  # of options
    return f"{value:g}" if isinstance(value, float) else str(value)


def _yaml(value: Any) -> str:  # noqa: ANN401  # of options
    """A value as YAML reads it: 1e-05 would be a text there, 1.0e-05 is a number."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    text = str(value)
    return text.replace("e", ".0e") if isinstance(value, float) and "e" in text and "." not in text else text
