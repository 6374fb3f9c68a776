"""The commands of the README, run on tiny data in the order in which they stand; its Python runs as a doctest."""

import re
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from sharewise.cli import main

ROOT = Path(__file__).parents[1]
SMALL = {
    "study": "--replicates 1 --trials 1 --steps 5 --width 8 --no-references --workers 1",
    "diagnose": "--replicates 2 --trials 1 --steps 5 --width 8 --workers 1",
    "fit": "--steps 5 --width 8",
    "group": "--replicates 2 --short-replicates 2 --trials 1 --randoms 1 --method pairs --steps 5 --width 8 "
    "--workers 1",
    "predict": "",
}


def commands():
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("sharewise ")]


def write_tables():
    random = np.random.default_rng(0)
    skill, rows = random.normal(size=160), 160
    people = pd.DataFrame(
        {
            "income": np.where(skill > 0, "high", "low"),
            "age": 40 + 10 * skill,
            "job": random.choice(["cook", "smith", "tailor"], rows),
            "household": np.arange(rows) // 2,
            "hours": 40 + skill + random.normal(size=rows),
            "region": random.choice(["north", "south"], rows),
        }
    )
    people.to_csv("people.csv", index=False)
    people[["region", "hours"]].to_csv("new.csv", index=False)
    for colour in ("red", "white"):
        wine = pd.DataFrame(random.normal(size=(80, 2)), columns=["acid", "sugar"])
        wine.assign(quality=wine["acid"] + 5).to_csv(f"{colour}.csv", index=False)


def test_commands_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_tables()
    for line in commands():
        words = shlex.split(line)[1:]
        found = CliRunner().invoke(main, words + shlex.split(SMALL[words[0]]))
        assert found.exit_code == 0, f"{line}\n{found.output}\n{found.exception!r}"
    predictions = pd.read_parquet("predictions.parquet")
    assert len(predictions) == 160
    assert {"income", "income: high", "income: low", "age", "job"} <= set(predictions.columns)
    assert Path("models/people/model.json").exists()
    assert Path("runs/people/report.html").read_text(encoding="utf-8").startswith("<!")


def test_readme_shows_every_command():
    shown = {line.split()[1] for line in commands()}
    assert shown == set(SMALL)


@pytest.mark.parametrize("page", sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]))
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing
