import re

from ui.figures import Line, table

NAMES = ["log_mel_distance_db", "onset_correlation", "compute_ratio"]


def rows(lines, names=NAMES):
    """[[(text, whether it is best) of each cell] of each row]."""
    body = table(lines, names).split("<tbody>")[1]
    return [
        [
            (text, "best" in attributes)
            for attributes, text in re.findall(r"<t[hd]([^>]*)>(.*?)<", row)
        ]
        for row in re.findall(r"<tr>(.*?)</tr>", body)
    ]


def test_ours_come_first_and_the_best_of_each_figure_is_told():
    published = Line("Theirs", True, {"log_mel_distance_db": 15.0, "onset_correlation": 0.1})
    first = Line("One", False, {"log_mel_distance_db": 7.123, "onset_correlation": 0.5})
    second = Line("Two", False, {"log_mel_distance_db": 8.0, "onset_correlation": 0.6})
    found = rows([published, first, second])
    assert [row[0][0] for row in found] == ["One", "Two", "Theirs"]
    assert [row[1] for row in found] == [("7.12", True), ("8.00", False), ("15.00", False)]
    assert [row[2][1] for row in found] == [False, True, False]


def test_what_is_missing_or_not_defined_is_said_and_never_the_best():
    nothing = Line("A", False, {"log_mel_distance_db": float("nan")})
    found = rows([nothing, Line("B", False, {"log_mel_distance_db": 9.0})])
    assert found[0][1:] == [("not defined", False), ("–", False), ("–", False)]
    assert found[1][1] == ("9.00", False), "one figure alone is not the best of any"


def test_figures_that_print_alike_are_best_alike():
    lines = [Line(t, False, {"onset_correlation": v}) for t, v in (("A", 0.501), ("B", 0.499))]
    assert [row[1][1] for row in rows(lines, ["onset_correlation"])] == [True, True]


def test_a_title_is_text_and_no_markup():
    assert "<b>" not in table([Line("<b>", False, {"compute_ratio": 1.0})], ["compute_ratio"])
