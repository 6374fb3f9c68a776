import re
import xml.etree.ElementTree as ElementTree

from sharewise.study._charts_svg import PAINT, draw


def _paint(axes):
    axes.plot([0, 1000, 2000], [1.0, 0.5, -0.25], color=PAINT["alone"])
    axes.fill_between([0, 2000], [0.0, 0.1], [0.2, 0.4], color=PAINT["together"], alpha=0.2)


def test_a_chart_is_well_formed_labelled_and_loads_nothing():
    svg = draw("first", 'Losses of <b> & "x"', _paint)
    root = ElementTree.fromstring(svg)
    assert root.get("role") == "img"
    assert root.find("title").text == 'Losses of <b> & "x"'
    assert root.get("aria-labelledby") == root.find("title").get("id")
    assert "http" not in svg
    assert "<style" not in svg


def test_all_its_colours_and_fonts_come_from_the_page():
    svg = draw("first", "Losses", _paint)
    assert not re.search(r"#[0-9a-fA-F]{6}", svg)
    assert "font-family" not in svg
    assert "var(--alone)" in svg
    assert "var(--together)" in svg


def test_text_stays_text():
    texts = [text.text for text in ElementTree.fromstring(draw("first", "Losses", _paint)).iter("text")]
    assert {"0", "600", "1200"} <= set(texts)


def test_two_charts_share_no_id_and_every_reference_has_its_target():
    charts = [draw(name, "Losses", _paint) for name in ("first", "second")]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in charts]
    assert not ids[0] & ids[1]
    for svg, own in zip(charts, ids, strict=True):
        used = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
        assert used
        assert used <= own


def test_the_same_chart_is_the_same_text():
    assert draw("first", "Losses", _paint) == draw("first", "Losses", _paint)
