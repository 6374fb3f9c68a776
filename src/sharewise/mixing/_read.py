"""Files to data frames."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas import DataFrame

from sharewise._core import InputError

_SEPARATORS = (",", ";", "\t")
_SNIFFED = 200  # lines from which the separator and the decimal sign are told


def read_table(path: str | Path, *, text: Collection[str] = ()) -> DataFrame:
    r"""Read a CSV or Parquet file into columns of pandas' nullable types, so that gaps turn no integer into a float.

    CSV: UTF-8, one header line, the separator (comma, semicolon or tab) told from the first lines; in files with
    semicolons `1,5` is a number. Besides what pandas takes as missing (empty, `NA`, `nan`, `None`, ...) `?` is.

    Args:
        path: `.csv`, `.tsv`, `.parquet` or `.pq`.
        text: columns that stay text in a CSV even if they look like numbers: the categories of a trained model, so
            that `01` does not become 1.

    Raises:
        InputError: the file is absent, of another type, not what its name says, empty, ragged, not UTF-8, or two
            columns have one name.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp(), "people.csv")
        >>> _ = path.write_text("age;job\n39;clerk\n?;cook\n")
        >>> read_table(path)
            age    job
        0    39  clerk
        1  <NA>   cook
    """
    path = Path(path)
    _check_exists(path)
    suffix = path.suffix.lower()
    try:
        if suffix in (".parquet", ".pq"):
            return _read_parquet(path)
        if suffix in (".csv", ".tsv"):
            return _read_csv(path, text)
    except PermissionError as error:
        raise InputError(f"`{path}` may not be read ({error.strerror}); allow reading it.") from error
    raise InputError(f"`{path}` ends in `{suffix}`; give a file that ends in .csv, .tsv, .parquet or .pq.")


def _check_exists(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"`{path}` is a folder; give a .csv or .parquet file.")
    if not path.is_file():
        near = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
        raise InputError(f"There is no file `{path}`{_suggest(path.name, near)}.")


def _suggest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f"; did you mean `{close[0]}`?" if close else ""


def _check_names(path: Path, names: Sequence[str]) -> None:
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        places = ", ".join(str(place + 1) for place, name in enumerate(names) if name == twice[0])
        raise InputError(f"`{path}` has several columns named `{twice[0]}` (columns {places}); rename all but one.")


def _read_parquet(path: Path) -> DataFrame:
    _check_magic(path)
    try:
        schema = pq.read_schema(path)
        _check_names(path, schema.names)
        _check_flat(path, schema)
        frame = pd.read_parquet(path, dtype_backend="numpy_nullable")
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"`{path}` is a damaged Parquet file ({error}); write it again.") from error
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    if not len(frame):
        raise InputError(f"`{path}` has no rows; give at least one.")
    return frame


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        first = file.read(4)
        file.seek(max(0, path.stat().st_size - 4))
        last = file.read(4)
    if first != b"PAR1" or last != b"PAR1":
        raise InputError(
            f"`{path}` is not a Parquet file (it starts with {first!r} and ends with {last!r}, not b'PAR1'); "
            "rename it if it is a CSV file, or write it again if it was cut off."
        )


def _check_flat(path: Path, schema: pa.Schema) -> None:
    for field in schema:
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type):
            raise InputError(
                f"Column `{field.name}` of `{path}` holds {field.type}, not one number, text or date a row; "
                "drop it or spread it over several columns."
            )


def _read_csv(path: Path, text: Collection[str]) -> DataFrame:
    try:
        sample = _sample(path)
        separator = "\t" if path.suffix.lower() == ".tsv" else _separator(sample)
        names = _scan(path, separator)
        return pd.read_csv(
            path,
            sep=separator,
            encoding="utf-8",
            header=0,
            names=names,
            index_col=False,
            dtype={name: "string" for name in names if name in text},
            dtype_backend="numpy_nullable",
            na_values=["?"],
            skipinitialspace=True,
            low_memory=False,
            decimal="," if separator == ";" and _has_decimal_commas(sample) else ".",
        )
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    except (csv.Error, pd.errors.ParserError) as error:
        raise InputError(f"`{path}` is not a readable CSV file ({error}); look for an unclosed quote.") from error


def _not_utf8(path: Path) -> InputError:
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
        return InputError(
            f"`{path}` is not UTF-8 text (byte 0x{byte:02x} in line {line}); save it as UTF-8, "
            "for example by `iconv -f latin1 -t utf-8`."
        )
    raise AssertionError(f"{path} changed while it was read")


def _sample(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = [line for line in islice(file, _SNIFFED) if line.strip()]
    if not lines:
        raise InputError(f"`{path}` is empty; give a header line and rows.")
    return lines


def _rows(lines: Iterator[str] | Sequence[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    return ((reader.line_num, row) for row in reader if row)


def _separator(sample: Sequence[str]) -> str:
    def quality(separator: str) -> tuple[float, int]:
        widths = [len(row) for _, row in _rows(sample, separator)]
        alike = sum(width == widths[0] for width in widths) / len(widths)
        return (alike if widths[0] > 1 else 0.0, widths[0])

    return max(_SEPARATORS, key=quality)


def _has_decimal_commas(sample: Sequence[str]) -> bool:
    fields = [field for _, row in _rows(sample, ";") for field in row]
    commas = any(re.fullmatch(r"[+-]?\d+,\d+", field) for field in fields)
    return commas and not any(re.fullmatch(r"[+-]?\d+\.\d+", field) for field in fields)


def _scan(path: Path, separator: str) -> list[str]:
    """Check every line's number of fields, which pandas fills up in silence; return the names of the columns."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = _rows(file, separator)
        _, header = next(rows)
        names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
        _check_names(path, names)
        _check_header(path, names)
        count = 0
        for count, (line, row) in enumerate(rows, 1):  # noqa: B007
            if len(row) != len(names):
                raise InputError(
                    f"Line {line} of `{path}` has {len(row)} fields, the header has {len(names)} "
                    f"(separator {separator!r}); repair that line, or quote fields that hold the separator."
                )
    if not count:
        raise InputError(f"`{path}` has a header but no rows; give at least one.")
    return names


def _check_header(path: Path, names: Sequence[str]) -> None:
    numbered = list(names) == [str(place) for place in range(len(names))]
    if not numbered and all(re.fullmatch(r"[+-]?\d*\.?\d+([eE][+-]?\d+)?", name) for name in names):
        raise InputError(
            f"The first line of `{path}` holds only numbers (`{names[0]}`, ...); add a header line with column names."
        )
