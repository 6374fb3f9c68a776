"""Refresh the output shown in the README: `python docs/make_output.py`, from the repository's root.

Runs `sharewise study digits --out runs/digits`; after `make study` its trainings are there already.
"""

import os
import re
import subprocess
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- made by docs/make_output.py -->\n```text\n).*?(```\n<!-- end -->)", re.S)
COMMAND = ["sharewise", "study", "digits", "--out", "runs/digits"]


def main() -> None:
    """Put the true output into the README."""
    found = subprocess.run(COMMAND, check=True, capture_output=True, text=True, env=os.environ | {"COLUMNS": "100"})
    shown = "".join(f"{line.rstrip()}\n" for line in found.stdout.strip("\n").splitlines())
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda parts: parts[1] + shown + parts[2], text), encoding="utf-8")


if __name__ == "__main__":
    main()
