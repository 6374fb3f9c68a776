import re

from tests.study.causes import benefits

from sharewise.study._charts_benefits import few_shot_chart, legend_of, worth_chart


def test_curves_are_drawn_in_the_colours_of_their_arms():
    worth = benefits().worth[0]
    svg = worth_chart(worth, 0)
    assert {"var(--alone)", "var(--together)"} <= set(re.findall(r"var\(--\w+\)", svg))
    assert "own labels" in svg
    assert {"25", "100", "400"} <= set(re.findall(r">([\d,]+)<", svg))


def test_each_way_has_a_line_of_its_own_and_a_legend():
    few = benefits().few_shot[0]
    legend = legend_of(few.curves)
    assert [name for name, _, _ in legend] == list(few.curves)
    assert len({(colour, dash) for _, colour, dash in legend}) == 5
    svg = few_shot_chart(few, 3)
    for _, colour, _ in legend:
        assert f"var(--{colour})" in svg
    assert 'id="few3-title"' in svg
