"""The page about coverage names corpora, whose names and formats come from files."""

from pathlib import Path

from plywise.arena.verify.coverage import CorpusFigures, CoverageReport, write_page


def test_a_corpus_adds_no_markup_to_the_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    hostile = CorpusFigures("a`<img src=x onerror=go()>|b", "c | d\n# <script>\x1b[2J", 1, 2, 3)
    write_page(page, CoverageReport(corpora=[hostile]))
    (line,) = [line for line in page.read_text().split("\n") if "onerror" in line]
    shown = (
        r"| `a'&lt;img src=x onerror=go()&gt;\|b` | c \| d\n# &lt;script&gt;\u001b[2J | 1 | 2 | 3 |"
    )
    assert line == shown
