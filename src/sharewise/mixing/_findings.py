"""What was noticed about data."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, final

Severity: TypeAlias = Literal["note", "warning"]

_SHOWN = 5  # findings of one sort


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


def condensed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, those of one sort together; from the sixth of a sort on in one finding that names the columns.

    Example:
        >>> many = [Finding(f"x{place}", "constant", "dropped.") for place in range(7)]
        >>> print(condensed(many)[-1])
        2 more: constant: x5, x6
    """
    sorts: dict[tuple[str, Severity], list[Finding]] = {}
    for finding in findings:
        sorts.setdefault((finding.what, finding.severity), []).append(finding)
    shown: list[Finding] = []
    for (what, severity), alike in sorts.items():
        rest = alike[_SHOWN:]
        shown += alike[:_SHOWN]
        if rest:
            columns = ", ".join(finding.column for finding in rest)
            shown.append(Finding(f"{len(rest)} more", what, columns, severity))
    return tuple(shown)
