from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

from experiments.report import markup
from experiments.report.markup import Html, element

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></script><!--",
    "&lt;b&gt;",
    "${title}",
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


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text_and_an_attribute_stays_one(text):
    found = Collector(element("p", text, title=text))
    assert found.tags == [("p", {"title": text})]
    assert found.text == text


@pytest.mark.parametrize("text", HOSTILE)
def test_every_cell_of_a_table_is_text(text):
    found = Collector(markup.table([text], [[text]]))
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
    assert found.text == 2 * text


def test_html_is_not_escaped_again():
    assert element("b", element("i", "<"), "<") == "<b><i>&lt;</i>&lt;</b>"
    assert markup.join(["<", Html("<br>")], " ") == "&lt; <br>"


def test_attributes_of_python_names():
    assert element("img", class_="a", data_x="b") == '<img class="a" data-x="b">'


@pytest.mark.parametrize("text", HOSTILE)
def test_data_for_a_script_cannot_end_it(text):
    html = markup.json_script("data", {"name": text})
    assert html.count("<") == 2 and "<!--" not in html
    inside = html.removeprefix('<script type="application/json" id="data">')
    assert json.loads(inside.removesuffix("</script>")) == {"name": text}


def test_a_number_that_json_has_not_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        markup.json_script("data", float("nan"))


def test_the_hash_is_that_of_the_policys_standard():
    # From the example of W3C's "Content Security Policy Level 2", 7.17.2.
    expected = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert markup.script_hash("alert('Hello, world.');") == expected
