from sharewise.mixing import Finding
from sharewise.mixing._findings import condensed


def test_findings_of_one_sort_stand_together_and_end_in_a_list():
    first = [Finding(f"c{place}", "constant", "d.") for place in range(8)]
    second = [Finding("a", "leak", "e."), Finding("b", "constant", "f.", "note")]
    shown = condensed([first[0], *second, *first[1:]])
    assert shown[:5] == tuple(first[:5])
    assert str(shown[5]) == "3 more: constant: c5, c6, c7"
    assert shown[6:] == tuple(second)
