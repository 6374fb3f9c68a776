import shutil

import pytest


@pytest.fixture(scope="module")
def studied(tmp_path_factory, quick):
    from click.testing import CliRunner

    from sharewise.cli import main

    folder = tmp_path_factory.mktemp("studied") / "out"
    words = ["study", "digits", *quick[:3], "2", *quick[4:], "--out", str(folder)]
    assert CliRunner().invoke(main, words).exit_code == 0
    return folder


def test_it_is_written_again_from_the_numbers(run, studied, tmp_path):
    folder = shutil.copytree(studied, tmp_path / "copy")
    before = (folder / "report.html").read_text()
    (folder / "report.html").unlink()
    assert str(folder / "report.html") in run("report", folder).done().out
    assert (folder / "report.html").read_text() == before


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda folder: (folder / "summary.json").unlink(),
            "holds no finished study; run `sharewise study` or `sharewise group` first",
        ),
        (lambda folder: (folder / "summary.json").write_text("{"), "this is no summary of a study"),
        (
            lambda folder: (folder / "records.parquet").write_text("PAR1"),
            r"records.parquet` is damaged .*finished runs are kept",
        ),
    ],
)
def test_damaged_studies(run, studied, tmp_path, harm, message):
    folder = shutil.copytree(studied, tmp_path / "copy")
    before = (folder / "report.html").read_text()
    harm(folder)
    run("report", folder).refused(message)
    assert (folder / "report.html").read_text() == before


def test_no_folder(run):
    run("report", "nowhere").refused("`nowhere` holds no finished study")
