"""Records for TensorBoard."""

from importlib.util import find_spec
from pathlib import Path

from sharewise._core import InputError
from sharewise.study import Study


def check_board() -> None:
    """Check, before hours of training, that the board can be written.

    Raises:
        InputError: tensorboardX is not installed.
    """
    if find_spec("tensorboardX") is None:
        raise InputError("`--tensorboard` needs tensorboardX; install `sharewise[tensorboard]`")


def write_board(found: Study) -> Path:
    """Write the records over time of the chosen runs, a run of TensorBoard for each of them.

    Args:
        found: a finished study.
    """
    from tensorboardX import SummaryWriter

    folder = found.folder / "tensorboard"
    over_time = found.records[found.records["step"].notna() & found.records["chosen"]]
    for names, rows in over_time.groupby(["treatment", "trained", "replicate"]):
        with SummaryWriter(str(folder / "-".join(map(str, names)))) as writer:
            for record in rows.to_dict("records"):
                tasks = "-".join(str(record[which]) for which in ("task", "other") if isinstance(record[which], str))
                writer.add_scalar(f"{record['name']}/{record['role']}/{tasks}", record["value"], int(record["step"]))
    return folder
