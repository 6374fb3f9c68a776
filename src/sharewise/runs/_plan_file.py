"""The file in which a long work writes down its data and its way before the first run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from sharewise._core import InputError
from sharewise.mixing import Dataset
from sharewise.runs._way import Way
from sharewise.training import whole_file


@final
@dataclass(frozen=True, slots=True)
class PlanFile:
    """A file of a work's folder that lets a continued command repeat nothing.

    Args:
        name: of the file.
        of: the work, with its article, for errors.
        keys: what such a file holds at least.

    Example:
        >>> import tempfile
        >>> from sharewise.mixing import digits
        >>> file, folder = PlanFile("plan.json", "a work"), Path(tempfile.mkdtemp())
        >>> file.write(folder, digits(), Way(2), seed=3)
        >>> file.read(folder)["seed"], file.way(folder).workers
        (3, 2)
    """

    name: str
    of: str
    keys: tuple[str, ...] = ("fingerprint", "way")

    def read(self, folder: Path) -> Mapping[str, Any] | None:
        """What was written down in a folder; None: nothing yet.

        Raises:
            InputError: the file is another one.
        """
        path = folder / self.name
        if not path.exists():
            return None
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            found = None
        if not isinstance(found, dict) or not found.keys() >= set(self.keys):
            raise InputError(f"`{path}` is no plan of {self.of}; choose another folder with `--out`")
        return found

    def way(self, folder: Path) -> Way | None:
        """The way to run that the work was begun with; None: there is none yet.

        Raises:
            InputError: the file is another one.
        """
        found = (self.read(folder) or {}).get("way")
        return None if found is None else Way.from_description(found)

    def write(self, folder: Path, dataset: Dataset, way: Way | None, **more: Any) -> None:  # noqa: ANN401  # for JSON
        """Write the file, whole or not at all.

        Args:
            folder: of the work; made if absent.
            dataset: whose runs are performed.
            way: to run them, if it is known already.
            more: what else is written down.
        """
        folder.mkdir(parents=True, exist_ok=True)
        known = {"fingerprint": dataset.fingerprint, "way": None if way is None else way.describe()}
        with whole_file(folder / self.name) as draft:
            draft.write_text(json.dumps(known | more, indent=1), encoding="utf-8")
