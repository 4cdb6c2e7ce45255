from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser

import jinja2
import numpy as np
import pytest

from experiments import report
from experiments.__main__ import main
from experiments.report import pages
from experiments.report.drawing import Drawing
from experiments.report.tiles import Guess, Tile
from tests.experiments.report import made_runs

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></script><!--",
    "&lt;b&gt;",
    "{{ 7 * 7 }}{% raise %}",
]


class Collector(HTMLParser):
    """Takes HTML apart as a browser does."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def part(name: str, *args, **words) -> str:
    """Return what one of the macros that pages are made of gives."""
    template = pages.environment().get_template("parts.html")
    return str(getattr(template.make_module({"scripts": []}), name)(*args, **words))


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text_and_an_attribute_stays_one(text):
    html = part("figure", Drawing("name", text, text, lambda: None, png=b"x"), text)
    found = Collector(html)
    assert [tag for tag, _ in found.tags] == ["figure", "div", "img", "figcaption"]
    assert found.tags[2][1]["alt"] == f"{text}: {text}"
    assert found.text.strip() == text


@pytest.mark.parametrize("text", HOSTILE)
def test_every_cell_of_a_table_is_text(text):
    found = Collector(part("table", [[text], [text]]))
    assert [tag for tag, _ in found.tags] == [
        "div",
        "table",
        "thead",
        "tr",
        "th",
        "tbody",
        "tr",
        "td",
    ]
    assert "".join(found.text.split()) == "".join(f"{text}{text}".split())


def gallery(kind: str, guesses=(), true="cat") -> str:
    tile = Tile(np.zeros((2, 2, 3), np.uint8), true, 7, guesses)
    return part("gallery", Drawing("name", "title", "", lambda: None, kind, [tile]))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    ("kind", "tags", "times"),
    [
        ("samples", "ul li img span", 1),
        ("predictions", "ul li img span small", 2),
        ("mistakes", "ul li img span small", 2),
        ("top", "ul li img span span strong span b", 2),
    ],
)
def test_every_text_of_a_gallery_is_text(kind, tags, times, text):
    found = Collector(gallery(kind, [Guess(text, 0.5, False)], text))
    assert " ".join(tag for tag, _ in found.tags) == tags
    assert found.text.count(text) == times
    (alt,) = (about["alt"] for tag, about in found.tags if tag == "img")
    assert text in alt


def test_a_gallery_says_what_was_predicted_and_what_is_true():
    right = gallery("predictions", [Guess("cat", 0.9, True)])
    assert 'class="right"' in right and "<span>cat</span></li>" in right
    wrong = gallery("predictions", [Guess("guinea_pig", 0.9, False)])
    assert 'class="wrong"' in wrong and "<small>(cat)</small>" in wrong
    assert 'alt="test image 7: guinea pig, true class cat"' in wrong
    assert "<span>guinea pig</span>" in wrong
    sure = gallery("mistakes", [Guess("guinea_pig", 0.9, False)])
    assert "<span>guinea pig 90.0%</span>" in sure


def test_the_first_cell_of_a_row_may_be_a_link():
    html = part("table", [["a", "b"], ["c", "d"], ["e", "f"]], links=["./x", "./y"])
    found = Collector(html)
    assert [about["href"] for tag, about in found.tags if tag == "a"] == ["./x", "./y"]
    assert '<td class="text"><a href="./x">c</a></td><td class="number">d</td>' in html


def test_bars_of_probabilities_have_their_length_and_colour():
    guesses = [
        Guess("dog", 0.7, False),
        Guess("cat", 0.1234, True),
        Guess("a", 0, False),
    ]
    html = gallery("top", guesses)
    assert re.findall(r"linear-gradient\(var\(--(\w+)-bar\)", html) == [
        "wrong",
        "right",
        "other",
    ]
    assert re.findall(r"background-size: ([\d.]+)%", html) == ["70.00", "12.34", "0.00"]
    assert "<b>70.0%</b>dog" in html and "<b>12.3%</b>cat" in html
    assert "true: <strong>cat</strong>" in html


@pytest.mark.parametrize("text", HOSTILE)
def test_data_for_a_script_cannot_end_it(text):
    html = pages.environment().from_string("{{ it|tojson }}").render(it={"name": text})
    assert "<" not in html
    assert json.loads(html) == {"name": text}


def test_a_number_that_json_has_not_is_refused():
    template = pages.environment().from_string("{{ it|tojson }}")
    with pytest.raises(ValueError, match="JSON compliant"):
        template.render(it=float("nan"))


def test_a_name_that_is_misspelt_in_a_template_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        pages.environment().from_string("{{ rum }}").render(run="x")


def test_nothing_from_outside_is_called_safe():
    """What is not escaped: our scripts and, included, our style sheet."""
    found = [
        (path.name, line.strip())
        for path in sorted(pages.TEMPLATES.glob("*.html"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\|\s*safe|autoescape|Markup", line)
    ]
    assert found == [("page.html", "<script>{{ source|safe }}</script>")]


def test_the_hash_is_that_of_the_policys_standard():
    # From the example of W3C's "Content Security Policy Level 2", 7.17.2.
    expected = "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
    assert pages.sha256("alert('Hello, world.');") == expected


@pytest.fixture
def without_jinja2(monkeypatch):
    monkeypatch.setitem(sys.modules, "jinja2", None)


def test_without_jinja2_the_study_says_how_to_get_its_report(
    without_jinja2, quick_study, capsys
):
    words = ["run", "--quick", "--model", "ann,basic_cnn", "--out", str(quick_study)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "| digits   | basic_cnn |" in out
    assert "no report: " in out and "pip install -e '.[report]'" in out


def test_without_jinja2_nothing_is_written(without_jinja2, tmp_path, capsys):
    made_runs.make(tmp_path / "run", ["a", "b"])
    before = sorted(tmp_path.rglob("*"))
    assert main(["report", str(tmp_path)]) == 1
    assert "the report needs jinja2" in capsys.readouterr().err
    with pytest.raises(report.UnavailableError, match="jinja2"):
        report.write_run(tmp_path / "run")
    assert sorted(tmp_path.rglob("*")) == before
