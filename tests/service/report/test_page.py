from datetime import UTC, datetime

from service.report.markup import Markup
from service.report.page import MOST_LINES, Part, listed, report, tiles
from tests.service.report.fleets import EVIL, tags, words

MADE = datetime(2026, 11, 24, 18, 5, tzinfo=UTC)


def test_a_page_needs_nothing_from_outside_and_runs_nothing() -> None:
    page = report(Part(EVIL, EVIL, Markup("<p>x</p>")), None, MADE)
    assert tags(page) == {"html", "head", "meta", "title", "style", "body", "header", "h1", "p", "footer"}
    assert "http:" not in page
    assert "https:" not in page
    assert "url(" not in page
    assert EVIL in words(page)
    assert page.startswith("<!DOCTYPE html>")


def test_two_parts_stand_one_after_the_other() -> None:
    page = report(Part("One", "a", Markup("b")), Part("Other", "c", Markup("d")), MADE)
    assert (
        words(page).strip()
        == "One and other One and other a c One b Other d Made by computecast on 24 Nov 2026 at 18:05 UTC."
    )


def test_lists_end_where_the_page_would() -> None:
    assert listed("none", []) == ""
    told = words(listed("many", [f"line{each}" for each in range(MOST_LINES + 2)]))
    assert f"line{MOST_LINES - 1} and 2 more" in told
    assert f"line{MOST_LINES} " not in told


def test_tiles_escape_what_they_say() -> None:
    assert EVIL in words(tiles([(EVIL, "1", "")]))
