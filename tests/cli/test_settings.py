import pytest
import yaml

from sharewise._core import InputError
from sharewise.cli._settings import Settings, read_settings, write_settings


def test_options_overrule_the_file(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("source: [a.csv]\ntask: [x, y]\nreplicates: 7\n")
    found = read_settings(path, {"replicates": 2})
    assert (found.source, found.task, found.replicates, found.trials) == (["a.csv"], ["x", "y"], 2, 4)


def test_what_is_written_repeats_the_command(tmp_path):
    given = {"source": ["ä.csv"], "task": ["tags=red,blue:multilabel"], "group": ["a", "b"], "references": False,
             "rate": [1.0, 2.5], "margin": 0.02, "steps": 9}  # fmt: skip
    settings = read_settings(None, given)
    path = tmp_path / "study.yaml"
    path.write_text(write_settings(settings), encoding="utf-8")
    assert read_settings(path, {}) == settings
    assert yaml.safe_load(path.read_text()) == given


def test_all_errors_of_a_file_are_told_at_once(tmp_path):
    path = tmp_path / "bad.yaml"
    path.write_text("task: income\nreplicate: 3\ntrials: 0\nmargin: big\nplan: fair\ndropout: 1.5\nseed: -1\n")
    with pytest.raises(InputError) as caught:
        read_settings(path, {})
    text = str(caught.value)
    assert f"`{path}` cannot be used, correct:" in text
    for line in (
        "source: must be given",
        "task: Input should be a valid list, got 'income'",
        "replicate: there is no such choice; did you mean `replicates`?",
        "trials: Input should be greater than or equal to 1, got 0",
        "margin: Input should be a valid number, unable to parse string as a number, got 'big'",
        "plan: Input should be 'proportional', 'equal' or 'temperature', got 'fair'",
        "dropout: Input should be less than 1, got 1.5",
        "seed: Input should be greater than or equal to 0, got -1",
    ):
        assert f"\n  {line}" in text
    assert len(text.splitlines()) == 9


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: [1\n", "is no YAML: "),
        (b"- a\n- b\n", "must hold choices as `name: value`, got list"),
        (b"", "must hold choices as `name: value`, got NoneType"),
        (b"task: [gr\xf6sse]\n", "is not UTF-8 text; save it as UTF-8"),
        (b"!!python/object/apply:os.system ['true']\n", "is no YAML: "),
    ],
)
def test_files_that_hold_no_choices(tmp_path, content, message):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_settings(tmp_path / "a.yaml", {})


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"nowhere.yaml` cannot be read: No such file"):
        read_settings(tmp_path / "nowhere.yaml", {})


def test_numbers_that_are_none_are_refused():
    for name in ("margin", "dropout"):
        with pytest.raises(InputError, match=f"{name}: .*got nan"):
            read_settings(None, {"source": ["a"], name: float("nan")})


def test_the_defaults_are_those_of_the_protocol():
    from sharewise.runs import Network
    from sharewise.study import Protocol

    settings, protocol = Settings(source=["a"]), Protocol()
    for name in ("trials", "batch_size", "steps", "margin", "references", "plan", "seed"):
        assert getattr(settings, name) == getattr(protocol, name)
    assert tuple(settings.rate) == protocol.rates
    assert Network(settings.width, settings.blocks, settings.dropout) == protocol.network
