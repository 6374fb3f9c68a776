import math
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest

from sharewise.study import _report
from sharewise.study._parts import Effect
from sharewise.study._report import write_report

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr"}
LOADS = {"script", "link", "img", "iframe", "object", "embed", "audio", "video", "source", "image", "base"}


class Page(HTMLParser):
    """Reads a page strictly: every element is closed by its own end tag, in order."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], Counter(), [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture
def read(tmp_path):
    def write_and_read(summary, records=None):
        path = write_report(summary, pd.DataFrame() if records is None else records, tmp_path / "report.html")
        return path.read_text(encoding="utf-8")

    return write_and_read


@pytest.fixture(scope="module")
def names():
    return [
        '<b>&"x',
        "x" * 300,
        "体重",
        "a 'quoted' one",
        "{{ 7 * 7 }}",
        "$\\alpha$",
        "</style><script>alert(1)</script>",
    ]


@pytest.fixture
def odd(made, names):
    tasks = [made["task"](name, "binary", "auroc", 0.7, 0.01 * (i - 2), seed=i) for i, name in enumerate(names)]
    return made["summary"](tasks, name=names[0])


def test_the_page_is_well_formed_and_loads_nothing(digits, digits_records, read):
    text = read(digits, digits_records)
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert not LOADS & set(page.tags)
    assert "://" not in text
    assert "@import" not in text
    assert not re.search(r"url\((?!#)", text)
    assert all(value.startswith("#") for _, attrs in page.attributes if (value := attrs.get("href")))
    assert not any(key.startswith("on") for _, attrs in page.attributes for key in attrs)


def test_ids_are_unique_and_references_have_targets(digits, digits_records, read):
    page = Page(read(digits, digits_records))
    ids = Counter(attrs["id"] for _, attrs in page.attributes if "id" in attrs)
    assert max(ids.values()) == 1
    used = {attrs[key] for _, attrs in page.attributes for key in ("aria-labelledby",) if key in attrs}
    used |= {attrs["href"][1:] for _, attrs in page.attributes if attrs.get("href")}
    assert used <= set(ids)


def test_every_picture_has_a_label_or_is_hidden_beside_its_numbers(digits, digits_records, read):
    page = Page(read(digits, digits_records))
    pictures, inside = [], 0
    for tag, attrs in page.attributes:
        if tag == "svg" and "x" not in attrs:
            pictures.append(attrs)
    inside = sum(attrs.get("role") == "img" and "aria-labelledby" in attrs for attrs in pictures)
    assert inside == len(digits.tasks) + 3  # a learning curve each, norms, cosines, weights
    strips = [attrs for attrs in pictures if attrs.get("role") != "img" and attrs.get("aria-hidden") != "true"]
    assert len(strips) == len(digits.tasks) + 1  # within one hidden block, and their axis


def test_it_can_be_read_by_keyboard_and_on_a_phone(digits, digits_records, read):
    page = Page(read(digits, digits_records))
    assert ("html", {"lang": "en"}) in page.attributes
    assert any(attrs.get("name") == "viewport" for _, attrs in page.attributes)
    scrolled = [attrs for _, attrs in page.attributes if attrs.get("class") == "scroll"]
    assert scrolled
    assert all(attrs["tabindex"] == "0" and attrs["aria-label"] for attrs in scrolled)
    assert ("a", {"class": "skip", "href": "#answer"}) in page.attributes


def test_the_first_screen_answers_with_the_numbers(digits, digits_records, read):
    text = Page(read(digits, digits_records)).text
    slant = next(task for task in digits.tasks if task.name == "slant")
    answer, evidence = text.index("and slant alone"), text.index("Loss over training steps")
    assert answer < evidence
    signed = f"{slant.difference:+.4f}".replace("-", "\N{MINUS SIGN}")
    assert answer < text.index(signed) < evidence
    for said in (
        digits.command,
        digits.fingerprint,
        "4 min 22 s",
        "row_id",
        *digits.versions,
        *digits.protocol,
        *digits.notes,
    ):
        assert said in text


def test_names_appear_as_they_are_and_nothing_of_them_runs(odd, names, read):
    text = read(odd)
    page = Page(text)
    assert page.tags["script"] == 0
    assert page.tags["style"] == 1
    for name in names:
        assert name in page.text
    assert "<title>&lt;b&gt;" in text


def test_names_of_any_kind_do_not_disturb_the_charts(odd, made, read):
    page = Page(read(odd, made["records"](odd.tasks, replicates=1)))
    assert sum(attrs.get("role") == "img" for _, attrs in page.attributes) == len(odd.tasks) + 3


def test_unknown_numbers_are_dashes(digits, read):
    nothing = {"alone": math.nan, "together": math.nan, "difference": math.nan, "low": math.nan, "high": math.nan}
    tasks = tuple(
        replace(
            task,
            **nothing,
            floor=math.nan,
            margin=math.nan,
            references={"trees": math.nan},
            scores={},
            verdict="UNDETERMINED",
        )
        for task in digits.tasks
    )
    page = Page(read(replace(digits, tasks=tasks, timing={"total": math.nan, "tuning": math.nan})))
    assert not re.search(r"\bnan\b", page.text)
    assert "\N{EN DASH}" in page.text


def test_a_summary_without_anything_optional_is_a_page(made, read):
    base = made["task"]("a", "binary", "auroc", 0.7, 0.1)
    task = replace(
        base, references={}, scores={}, extra={}, labels={}, missing=math.nan, together_best_checkpoint=math.nan
    )
    empty = {"protocol": {}, "findings": (), "timing": {}, "rows": {}, "versions": {}, "mixing": {}, "notes": ()}
    summary = made["summary"]([task, replace(task, name="b")], **empty, command="", model="", fingerprint="")
    assert "Train both tasks together." in Page(read(summary)).text


SECTIONS = {
    "treatments": ["Ways of training them", "worst task", "together less shuffled"],
    "transfer": ["Which task helps which", "Two at a time", "One left out"],
    "trade": ["Trade-offs between tasks", "Pareto set"],
    "fit": ["Calibration and residuals", "calibration error", "mean distance"],
    "runs": ["The runs behind the numbers", "Scores of every replicate"],
}


def test_everything_that_was_measured_has_its_section(full, digits_records, read):
    text = read(full, digits_records)
    page = Page(text)
    ids = {attrs.get("id") for _, attrs in page.attributes}
    for place, words in SECTIONS.items():
        assert f"{place}-h" in ids
        assert all(word in page.text for word in words)
    assert "triples of tasks" in page.text
    assert len(text.encode()) < 1_000_000


def test_what_was_not_measured_has_none(digits, read):
    bare = replace(digits, tasks=tuple(replace(task, scores={}) for task in digits.tasks))
    page = Page(read(bare))
    ids = {attrs.get("id") for _, attrs in page.attributes}
    assert not ids & {f"{place}-h" for place in SECTIONS}
    assert not any(word in page.text for word in ("shuffled", "Pareto", "Calibration", "behind the numbers"))


def test_nothing_but_unknown_numbers_is_a_page_too(full, read):
    nothing = replace(
        full,
        tasks=tuple(
            replace(
                task,
                **dict.fromkeys(("alone", "together", "difference", "low", "high", "margin", "floor"), math.nan),
                verdict="UNDETERMINED",
                effects={name: Effect() for name in task.effects},
                scores={arm: (math.nan,) * len(scores) for arm, scores in task.scores.items()},
                bins=dict.fromkeys(task.bins, ()),
            )
            for task in full.tasks
        ),
        treatments=tuple(
            replace(row, gain=Effect(), delta_m=Effect(), rank=math.nan, memory=math.nan, seconds=math.nan)
            for row in full.treatments
        ),
        points=tuple(replace(point, scores=dict.fromkeys(point.scores, math.nan)) for point in full.points),
        overlap=tuple((math.nan,) * len(full.tasks) for _ in full.tasks),
        transfer=None,
    )
    page = Page(read(nothing))
    assert not re.search(r"\bnan\b", page.text)
    assert "Pareto" not in page.text
    assert "--replicates 10" in page.text


def test_every_score_leads_to_its_replicates_and_each_to_its_run(full, read):
    page = Page(read(full))
    ids = [attrs["id"] for _, attrs in page.attributes if "id" in attrs]
    links = [attrs["href"][1:] for tag, attrs in page.attributes if tag == "a" and "href" in attrs]
    assert set(links) <= set(ids)
    rows = {link for link in links if link.startswith("scores-")}
    assert len(rows) == len(full.tasks) * len(full.treatments)
    runs = [link for link in links if link.startswith("run-")]
    assert len(runs) == len(full.tasks) * len(full.treatments) * full.replicates
    assert {f"run-{run.number}" for run in full.runs} == set(runs)
    first = full.tasks[0].runs["alone"][0]
    assert f"{full.runs[first].file} " in f"{page.text} "


@pytest.mark.parametrize("count", [24, 139])
def test_many_tasks_with_everything_stay_small(made, read, count):
    summary = made["fill"](made["many"](count))
    text = read(summary, made["records"](summary.tasks[:15], replicates=1))
    assert len(text.encode()) < 1_500_000
    page = Page(text)
    ids = {attrs.get("id") for _, attrs in page.attributes}
    assert {attrs["href"][1:] for tag, attrs in page.attributes if tag == "a" and "href" in attrs} <= ids
    assert ("24 of 139 tasks: those with the strongest transfer" in page.text) == (count == 139)


def test_very_many_replicates_are_cut(full, read):
    long = tuple(
        replace(task, scores={arm: values * 400 for arm, values in task.scores.items()}) for task in full.tasks
    )
    text = read(replace(full, tasks=long, replicates=2000))
    assert len(text.encode()) < 1_500_000
    assert "the first 166 of 2000" in Page(text).text


@pytest.mark.parametrize("count", [139, 617])
def test_many_tasks_stay_readable_and_small(made, read, count):
    summary = made["many"](count)
    text = read(summary, made["records"](summary.tasks[:15], replicates=1))
    page = Page(text)
    assert len(text.encode()) < 1_000_000
    for task in summary.tasks:
        assert task.name in page.text
    assert page.tags["svg"] < 300
    assert f"All {count} tasks as a table" in page.text


def test_ten_thousand_tasks_stay_below_three_megabytes(made, read):
    first = made["task"]("a", "binary", "auroc", 0.7, 0.01)
    tasks = [replace(first, name=f"a target with a rather long name, number {i}") for i in range(10_000)]
    assert len(read(made["summary"](tasks)).encode()) < 3_000_000


def test_the_same_study_gives_the_same_page(digits, digits_records, read):
    assert read(digits, digits_records) == read(digits, digits_records)


def test_a_failure_leaves_the_old_page_and_nothing_half_written(digits, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old", encoding="utf-8")

    def fail(*_):
        raise RuntimeError("no chart")

    monkeypatch.setattr(_report, "standing", fail)
    with pytest.raises(RuntimeError, match="no chart"):
        write_report(digits, pd.DataFrame(), path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_study_without_tasks_has_no_report(digits, tmp_path):
    with pytest.raises(ValueError, match="needs tasks, got none"):
        write_report(replace(digits, tasks=()), pd.DataFrame(), tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(first, second):
    high, low = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1])
def test_numbers_can_be_read_on_the_strongest_tint(digits, read, scheme):
    style = re.search(r"<style>(.*?)</style>", read(digits), re.DOTALL)[1]
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", block))
    full = int(re.search(r"--heat: (\d+)%", block)[1]) / 100
    paper = "#ffffff" if colours["paper"] == "#fff" else colours["paper"]
    for side in ("together", "alone"):
        parts = [
            round(full * int(colours[side][i : i + 2], 16) + (1 - full) * int(paper[i : i + 2], 16)) for i in (1, 3, 5)
        ]
        assert _contrast(colours["ink"], "#{:02x}{:02x}{:02x}".format(*parts)) >= 4.5


@pytest.mark.parametrize("scheme", [0, 1])
def test_colours_have_the_contrast_of_wcag_aa(digits, read, scheme):
    style = re.search(r"<style>(.*?)</style>", read(digits), re.DOTALL)[1]
    block = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", block))
    colours = {
        name: "#" + "".join(c * 2 for c in code[1:]) if len(code) == 4 else code for name, code in colours.items()
    }
    for text in ("ink", "muted", "together", "alone"):
        assert _contrast(colours[text], colours["paper"]) >= 4.5
    assert _contrast(colours["ink"], colours["band"]) >= 4.5
    for line in range(1, 7):
        assert _contrast(colours[f"line{line}"], colours["paper"]) >= 3


def test_what_is_shared_is_drawn(digits, digits_records, tmp_path):
    names = [task.name for task in digits.tasks]
    rows = [
        {"run": 0, "treatment": "mmoe", "trained": "all", "replicate": 0, "trial": 0, "chosen": True, "role": "valid",
         "task": name, "other": None, "name": f"expert_use.0.{expert}", "step": None, "value": 0.5}
        for name in names for expert in range(2)
    ]  # fmt: skip
    plain = write_report(digits, digits_records, tmp_path / "a.html").read_text()
    assert "What is shared" not in plain
    found = write_report(digits, pd.concat([digits_records, pd.DataFrame(rows)]), tmp_path / "b.html").read_text()
    assert '<h2 id="health-h">What is shared</h2>' in found
    assert "<figcaption>mmoe: use of experts, level 1</figcaption>" in found
    assert 'href="#health-h"' in found
