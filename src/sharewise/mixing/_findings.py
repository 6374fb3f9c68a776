"""What was noticed about data."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, final

Severity: TypeAlias = Literal["note", "warning"]


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """Something noticed about a column of a table.

    Args:
        column: the column, task or file.
        what: in a word or two: `identifier`, `constant`, `leak`, `kind`, `rare class`, ...
        detail: what was seen, what was done about it and how to have it otherwise.
        severity: `warning` where the results would mislead or rows or columns are left out, else `note`.

    Example:
        >>> print(Finding("age", "constant", "every value is 7; dropped.", "warning"))
        age: constant: every value is 7; dropped.
    """

    column: str
    what: str
    detail: str
    severity: Severity = "warning"

    def __str__(self) -> str:
        return f"{self.column}: {self.what}: {self.detail}"
