"""The choices of a command, from its options or a YAML file, checked all at once."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from sharewise._core import InputError
from sharewise.runs import Sharing

EMBEDDED = ("digits", "multidigits")


@final
class Settings(BaseModel):
    """What to read, what to predict and how to measure; the same words as the options of the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: list[str] = Field(min_length=1)
    task: list[str] = []
    feature: list[str] = []
    exclude: list[str] = []
    keep: list[str] = []
    categorical: list[str] = []
    group: list[str] = []
    time: str | None = None
    split: str | None = None
    by: str | None = None
    weight: str | None = None
    plan: Literal["proportional", "equal", "temperature"] = "proportional"
    rate: list[float] = []
    replicates: int | None = Field(None, ge=1)
    trials: int = Field(4, ge=1)
    width: int = Field(96, ge=1)
    blocks: int = Field(2, ge=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    steps: int | None = Field(None, ge=1)
    batch_size: int | None = Field(None, ge=1)
    margin: float = Field(0.01, gt=0, lt=1)
    references: bool = True
    treatment: list[Literal["shuffled", "weighted", "worst task", "none"]] = ["shuffled", "weighted", "worst task"]
    sharing: list[str] = []
    transfer: bool | None = None
    looks: int = Field(1, ge=1, le=6)
    budget: str | None = None
    device: str = "auto"
    seed: int = Field(0, ge=0)


def read_settings(path: Path | None, given: Mapping[str, Any]) -> Settings:
    """Settings of a YAML file, overruled by what was given on the command line.

    Args:
        path: of the file, or None.
        given: options that were given.

    Raises:
        InputError: the file cannot be read, or choices are wrong; all of them are named.

    Example:
        >>> read_settings(None, {"source": ["digits"], "replicates": 3}).replicates
        3
    """
    found = {**({} if path is None else _read(path)), **given}
    try:
        return Settings(**found)
    except ValidationError as error:
        where = f"`{path}`" if path else "the options"
        lines = [f"  {_place(each)}: {_problem(each)}" for each in error.errors()]
        raise InputError(f"{where} cannot be used, correct:\n" + "\n".join(lines)) from None


def read_sharing(name: str, options: Sequence[str]) -> Sharing:
    """A form of sharing with its options, as the command line has them.

    Args:
        name: of the form.
        options: `NAME=VALUE` each, values as in YAML.

    Raises:
        InputError: there is no such form, or an option is not of that shape.

    Example:
        >>> read_sharing("ple", ["levels=3"])
        Sharing(name='ple', options={'levels': 3})
    """
    return Sharing(Sharing(name).key, read_options("sharing-option", options))


def read_options(name: str, words: Sequence[str]) -> dict[str, Any]:
    """Values by name, as the command line has them.

    Args:
        name: of the option that they were given to.
        words: `NAME=VALUE` each, values as in YAML.

    Raises:
        InputError: one is not of that shape.

    Example:
        >>> read_options("method-option", ["weights=[1, 2.5]"])
        {'weights': [1, 2.5]}
    """
    found: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"`--{name}` must be NAME=VALUE, such as `experts=4`, got `{word}`")
        try:
            found[key.replace("-", "_")] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise InputError(f"`--{name} {key}` must be a number, a word or a list, got `{value}`") from None
    return found


def _place(error: ErrorDetails) -> str:
    return ".".join(str(part) for part in error["loc"])


def _problem(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return f"must be given: a CSV or Parquet file, or embedded data ({', '.join(EMBEDDED)})"
    if error["type"] == "extra_forbidden":
        close = get_close_matches(_place(error), Settings.model_fields, 1)
        return "there is no such choice" + (f"; did you mean `{close[0]}`?" if close else "")
    return f"{error['msg']}, got {error['input']!r}"


def _read(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"`{path}` cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"`{path}` is not UTF-8 text; save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise InputError(f"`{path}` is no YAML: {error}") from None
    if not isinstance(found, dict):
        raise InputError(f"`{path}` must hold choices as `name: value`, got {type(found).__name__}")
    return found


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """Seconds of a time such as `90s`, `10m` or `1.5h`.

    Raises:
        InputError: it is no such time.

    Example:
        >>> seconds_of("10m"), seconds_of("1.5h")
        (600.0, 5400.0)
    """
    try:
        found = float(text.strip()[:-1]) * _UNITS[text.strip()[-1:]]
    except (ValueError, KeyError):
        found = 0.0
    if not 0 < found < float("inf"):
        raise InputError(f"a time must be a positive number with its unit, such as 90s, 10m or 2h; got `{text}`")
    return found


def write_settings(settings: Settings) -> str:
    """The YAML text that repeats a command."""
    return yaml.safe_dump(settings.model_dump(exclude_defaults=True), sort_keys=False, allow_unicode=True)
