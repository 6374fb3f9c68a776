"""A trained model: networks, the tasks they serve, and the fitted preparation, as a folder."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, final

import pandas as pd
import safetensors.torch
import torch
from pandas import DataFrame
from torch import Tensor, nn

import sharewise.tasks as kinds
from sharewise._core import Batch, InputError, Tree
from sharewise.mixing import Encoder, TableEncoder, TensorEncoder
from sharewise.runs._body import MakeTrunk
from sharewise.runs._build import build_network
from sharewise.runs._run import Network
from sharewise.runs._sharing import Sharing
from sharewise.tasks import Custom, Kind, Task, predictions
from sharewise.training import outputs_on, whole_file

FORMAT = 2
DESCRIPTION = "model.json"
PREDICTION = "prediction"


@final
@dataclass(frozen=True, eq=False)
class Part:
    """One network of a model.

    Args:
        serves: names of the tasks whose predictions are taken from it.
        network: size of its trunk.
        module: the network, with a head for every task.
        sharing: its form.
        features: how many a trunk of the user's making gives.
    """

    serves: tuple[str, ...]
    network: Network
    module: nn.Module
    sharing: Sharing = field(default_factory=Sharing)
    features: int | None = None


@final
@dataclass(frozen=True, eq=False)
class TrainedModel:
    """Networks that serve tasks, with all that new rows need. Saved as a folder of numbers and texts, without code.

    Args:
        tasks: K of them.
        encoder: prepares new rows, and puts predictions into the units of the data.
        parts: each task is served by one of them.
        own_trunk: whether the trunks are of the user's making; then loading needs their maker.
    """

    tasks: tuple[Task, ...]
    encoder: Encoder
    parts: tuple[Part, ...]
    own_trunk: bool = False

    def predict(self, inputs: DataFrame | Tree, tasks: Sequence[str] | None = None) -> dict[str, Tensor]:
        """Predictions for new rows. One forward pass of each network that serves an asked task.

        Args:
            inputs: a table with the feature columns, or tensors as in training.
            tasks: names of the tasks, or None for all.

        Returns:
            Task's name -> [N] (means, probabilities of yes) or [N, C] (probabilities, several outputs), in the units of
            the data.

        Raises:
            InputError: an unknown task, or rows that cannot be read.
        """
        found = self.encoder.decode(self._predict(self.encoder.encode(inputs), tasks, None))
        return {name: values.detach().cpu() for name, values in found.items()}

    def table(self, frame: DataFrame, tasks: Sequence[str] | None = None) -> DataFrame:
        """Predictions for the rows of a table as columns, with labels and probabilities of classes.

        Where the tasks are the values of a column, each row is answered for its own task; rows of tasks that were not
        asked for stay empty.

        Args:
            frame: a table with the feature columns.
            tasks: names of the tasks, or None for all.

        Raises:
            InputError: the model was not trained on a table; or as `predict`.
        """
        if not isinstance(self.encoder, TableEncoder):
            raise InputError("the model was trained on tensors, not on a table; use `predict`")
        own = self.encoder.task(frame)
        found = self._predict(self.encoder.encode(frame), tasks, own)
        if own is None:
            return self.encoder.table(found)
        rows = [
            (own == place).nonzero().flatten().numpy() for place, task in enumerate(self.tasks) if task.name in found
        ]
        parts = [self._own_columns(name, values) for name, values in found.items()]
        found_rows = pd.concat([part.set_axis(row) for part, row in zip(parts, rows, strict=True) if len(row)])
        return found_rows.reindex(range(len(frame)))

    def _own_columns(self, name: str, values: Tensor) -> DataFrame:
        """Predictions of one task under a name that is the same for all of them."""
        assert isinstance(self.encoder, TableEncoder)
        columns = self.encoder.table({name: values})
        return columns.set_axis([PREDICTION + str(column).removeprefix(name) for column in columns], axis=1)

    def save(self, folder: Path | str) -> None:
        """Write the model, whole or not at all; a model that is there already is replaced at once.

        The description is written last and names the file of the weights by its content, so that a reader finds the
        old model or the new one, whenever writing stops.

        Raises:
            InputError: the folder holds something that is no model.
            OSError: the disk is full, or may not be written.
        """
        folder = Path(folder)
        check_model_folder(folder)
        description, tensors = self._state()
        content = safetensors.torch.save(tensors)
        weights = f"weights-{_hash(content)}.safetensors"
        text = json.dumps(description | {"weights": weights}, indent=1, ensure_ascii=False)
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / weights) as draft:
            draft.write_bytes(content)
        with whole_file(folder / DESCRIPTION) as draft:
            draft.write_text(text, encoding="utf-8")
        for stale in set(folder.glob("weights-*.safetensors")) - {folder / weights}:
            stale.unlink()

    @staticmethod
    def load(
        folder: Path | str, *, trunk: MakeTrunk | None = None, custom: Mapping[str, Kind] | None = None
    ) -> "TrainedModel":
        """Read a model; nothing in the folder is executed.

        Args:
            folder: of `save`.
            trunk: makes the trunk, if it was one of your own.
            custom: key -> kind, for kinds of your own.

        Raises:
            InputError: the folder holds no model of this format, or one that needs a trunk or kinds of your own.
        """
        folder = Path(folder)
        try:
            description = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
            version = description["format"]
            content = (folder / description["weights"]).read_bytes() if version == FORMAT else b""
        except (OSError, ValueError, KeyError, TypeError) as error:
            problem = f"`{DESCRIPTION}` lacks {error}" if isinstance(error, KeyError) else error
            raise InputError(
                f"`{folder}` holds no model that can be read ({problem}); give the folder of a model"
            ) from None
        if version != FORMAT:
            raise InputError(f"`{folder}` has format {version}, this version reads {FORMAT}; train anew")
        if _hash(content) not in description["weights"]:
            raise InputError(f"`{folder / description['weights']}` is damaged; copy the model again, or train anew")
        return _from_state(description, safetensors.torch.load(content), trunk, custom or {})

    def _asked(self, tasks: Sequence[str] | None) -> set[str]:
        known = [task.name for task in self.tasks]
        unknown = sorted(set(tasks or ()) - set(known))
        if unknown:
            raise InputError(f"the model has no task `{unknown[0]}`; it has {', '.join(known[:20])}")
        return set(tasks or known)

    def _predict(self, encoded: Tree, tasks: Sequence[str] | None, own: Tensor | None) -> dict[str, Tensor]:
        """Predictions in the units of training, in the order of the tasks; with `own` each task's own rows alone."""
        asked = self._asked(tasks)
        rows = _rows(encoded)
        everything = Batch(encoded, {"rows": torch.empty(rows)}, task=own)
        found: dict[str, Tensor] = {}
        for part in self.parts:
            if wanted := asked & set(part.serves):
                outputs = outputs_on(part.module, everything, torch.arange(rows))
                found |= {name: each for name, each in predictions(outputs, self.tasks, own).items() if name in wanted}
        return {task.name: found[task.name] for task in self.tasks if task.name in found}

    def _state(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        encoder, tensors = self.encoder.state()
        tensors = {f"encoder.{name}": tensor.contiguous() for name, tensor in tensors.items()}
        for place, part in enumerate(self.parts):
            tensors |= {f"{place}.{name}": tensor.contiguous() for name, tensor in part.module.state_dict().items()}
        return {
            "format": FORMAT,
            "tasks": [_describe_task(task) for task in self.tasks],
            "parts": [_describe_part(part) for part in self.parts],
            "inputs": "table" if isinstance(self.encoder, TableEncoder) else "tensors",
            "own_trunk": self.own_trunk,
            "encoder": encoder,
        }, tensors


def _rows(inputs: Tree) -> int:
    if isinstance(inputs, Tensor):
        return inputs.shape[0]
    return _rows(next(iter(inputs.values() if isinstance(inputs, Mapping) else inputs)))


def check_model_folder(folder: Path) -> None:
    """Check that a model may be written into a folder: it is new, empty, or holds a model.

    Raises:
        InputError: it holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"`{folder}` is a file; choose a folder for the model")
    if not folder.exists() or (folder / DESCRIPTION).exists():
        return
    if any(file.suffix != ".safetensors" and not file.name.startswith(".") for file in folder.iterdir()):
        raise InputError(f"`{folder}` is not empty and holds no model; choose another folder")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:20]


def _describe_part(part: Part) -> dict[str, Any]:
    sharing = {"name": part.sharing.key, "options": dict(part.sharing.options)}
    network = asdict(part.network)
    return {"serves": list(part.serves), "network": network, "sharing": sharing, "features": part.features}


def _describe_task(task: Task) -> dict[str, Any]:
    kind = task.kind
    own = isinstance(kind, Custom) or type(kind).__name__ not in kinds.__all__
    fields: dict[str, Any] = asdict(kind) if is_dataclass(kind) and not own else {}
    return {"name": task.name, "kind": "own" if own else type(kind).__name__, "key": kind.key, "fields": fields}


def _read_task(row: Mapping[str, Any], custom: Mapping[str, Kind]) -> Task:
    if row["key"] in custom:
        return Task(row["name"], custom[row["key"]])
    if row["kind"] not in kinds.__all__:
        raise InputError(f"task `{row['name']}` has a kind of your own; load with `custom={{'{row['key']}': ...}}`")
    return Task(row["name"], getattr(kinds, row["kind"])(**row["fields"]))


def _from_state(
    description: Mapping[str, Any], tensors: Mapping[str, Tensor], trunk: MakeTrunk | None, custom: Mapping[str, Kind]
) -> TrainedModel:
    if description["own_trunk"] and trunk is None:
        raise InputError("the model has a trunk of your own; load it with `trunk=`, the function that makes it")
    tasks = tuple(_read_task(row, custom) for row in description["tasks"])
    reader = TableEncoder if description["inputs"] == "table" else TensorEncoder
    encoder = reader.from_state(tasks, description["encoder"], _under("encoder", tensors))
    parts = []
    for place, row in enumerate(description["parts"]):
        network, weights = Network(**row["network"]), _under(str(place), tensors)
        sharing, size = Sharing(**row["sharing"]), row["features"]
        module = build_network(encoder, tasks, network, seed=0, sharing=sharing, trunk=trunk, features=size)
        module.load_state_dict(weights)
        parts.append(Part(tuple(row["serves"]), network, module.eval(), sharing, size))
    return TrainedModel(tasks, encoder, tuple(parts), description["own_trunk"])


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}."
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}
