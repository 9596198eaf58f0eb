from service.report.markup import Markup, element, joined, table


def test_texts_are_escaped_and_markup_is_not() -> None:
    assert element("p", "a < b & c", Markup("<b>d</b>")) == "<p>a &lt; b &amp; c<b>d</b></p>"


def test_attributes_are_escaped_and_those_that_are_none_left_out() -> None:
    assert element("p", class_='x"><script>', title=None, fill_opacity=1) == (
        '<p class="x&quot;&gt;&lt;script&gt;" fill-opacity="1"></p>'
    )


def test_elements_that_hold_nothing_have_no_end() -> None:
    assert element("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_lists_are_joined_in_order() -> None:
    assert joined("a", [element("b", "c"), "<"], "d") == "a<b>c</b>&lt;d"


def test_columns_of_numbers_are_aligned() -> None:
    assert table(["name", "n"], [["a", "1"]], [1]) == (
        '<table><thead><tr><th>name</th><th class="number">n</th></tr></thead>'
        '<tbody><tr><td>a</td><td class="number">1</td></tr></tbody></table>'
    )
