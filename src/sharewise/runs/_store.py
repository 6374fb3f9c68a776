"""The store of finished runs: one file each, whole or absent."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, final

import safetensors.torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from sharewise._core import InputError, Record, Role
from sharewise.training import whole_file


@final
@dataclass(frozen=True, slots=True)
class Finished:
    """What a finished run left.

    Args:
        records: its measured numbers.
        tensors: weights or predictions, by name.
        info: what else is worth knowing, such as seconds; plain numbers and texts.
    """

    records: Sequence[Record] = ()
    tensors: dict[str, Tensor] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)

    def last(self, name: str, role: Role) -> dict[str, float]:
        """A number at the end of the run: task -> value, for the tasks that have it.

        Example:
            >>> Finished([Record("loss", 0.5, "test", "age"), Record("loss", 0.9, "test", "age", step=0)]).last(
            ...     "loss", "test"
            ... )
            {'age': 0.5}
        """
        wanted = (name, role, None)
        rows = [each for each in self.records if (each.name, each.role, each.step) == wanted]
        return {each.task: each.value for each in rows if each.task is not None}


@final
@dataclass(frozen=True, slots=True)
class Store:
    """A folder with one safetensors file for each finished run, named by the run's key.

    Two processes may write to one folder. A file appears whole or not at all.

    Args:
        folder: made when the first run is stored.

    Example:
        >>> import tempfile, torch
        >>> store = Store(Path(tempfile.mkdtemp()))
        >>> store.put("abc", Finished([Record("loss", 0.5, "valid")], {"weight": torch.ones(2)}))
        >>> store.get("abc").records[0].value, "abc" in store, "abd" in store
        (0.5, True, False)
    """

    folder: Path

    def __contains__(self, key: str) -> bool:
        return self._path(key).exists()

    def put(self, key: str, finished: Finished) -> None:
        """Store a finished run; nothing half-written is ever seen.

        Raises:
            OSError: the disk is full, or may not be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"records": [asdict(record) for record in finished.records], "info": finished.info})
        tensors = {name: tensor.contiguous() for name, tensor in finished.tensors.items()}
        with whole_file(self._path(key)) as draft:
            draft.write_bytes(safetensors.torch.save(tensors, {"sharewise": text}))

    def get(self, key: str) -> Finished:
        """Read a finished run.

        Raises:
            FileNotFoundError: it is not in the store.
            InputError: its file is damaged.
        """
        path = self._path(key)
        try:
            with safe_open(path, framework="pt") as file:
                text = json.loads(file.metadata()["sharewise"])
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except SafetensorError as error:
            raise InputError(f"`{path}` is damaged ({error}); delete it, and its run is repeated") from None
        return Finished([Record(**record) for record in text["records"]], tensors, text["info"])

    def drop(self, key: str) -> None:
        """Forget a finished run, if it is there."""
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.safetensors"
