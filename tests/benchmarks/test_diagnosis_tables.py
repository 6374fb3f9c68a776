import json

import numpy as np
import pandas as pd
import pytest
from benchmarks import diagnosis_tables
from benchmarks.diagnosis_tables import CASES, main, page

from sharewise.study import Protocol

FOUND = {
    "rows": 10_000,
    "tasks": 2,
    "conditions": [["Features in common", "met", "They have."]],
    "harm": [["a", 0.2, 0.1, 0.3, True], ["b", -0.2, -0.3, -0.1, False]],
    "causes": ["`a`: Together its loss is larger."],
    "benefits": [["Hints", ["No hint is kept."]]],
    "seconds": 1.0,
}


def test_the_page_tells_conditions_harm_and_benefits():
    text = page({"school": FOUND}, Protocol(replicates=3, trials=1))
    assert "## school" in text
    assert "| Features in common | met | They have. |" in text
    assert "Hurt together: `a` +0.200 (+0.100 to +0.300). 1 of 2 tasks surely lose less than alone" in text
    assert "\n- `a`: Together its loss is larger.\n" in text
    assert "- No hint is kept." in text


def test_what_is_finished_is_read(tmp_path, capsys):
    for name in CASES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "found.json").write_text(json.dumps(FOUND))
    main([str(tmp_path / "no data"), "--out", str(tmp_path)])
    assert [line[3:] for line in capsys.readouterr().out.splitlines() if line.startswith("## ")] == list(CASES)


@pytest.mark.slow
def test_a_small_table_is_diagnosed(tmp_path, monkeypatch):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(300, 4))
    columns = {f"x{place}": x[:, place] for place in range(4)}
    labels = {f"y_{name}": (x[:, 0] + draw.normal(size=300) > 0).astype(int) for name in diagnosis_tables.AI4I}
    (tmp_path / "ai4i_2020").mkdir()
    pd.DataFrame(columns | labels).to_parquet(tmp_path / "ai4i_2020/data.parquet")
    out = tmp_path / "out"
    monkeypatch.setitem(CASES, "ai4i_2020", diagnosis_tables.Case(diagnosis_tables.ai4i, ("y_rnf",), 10, "Small."))
    words = [str(tmp_path), "--out", str(out), "--sets", "ai4i_2020", "--replicates", "2", "--width", "4", "--workers"]
    main([*words, "1"])
    found = json.loads((out / "ai4i_2020" / "found.json").read_text())
    assert next(part for part, _ in found["benefits"]) == "Implicit data augmentation"
    assert len(found["harm"]) == 6
