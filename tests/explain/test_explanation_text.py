from __future__ import annotations

import re

import every_layer
import pytest

from scratchnet.explain import Equation, Explanation, Row, explain

PRODUCT = re.compile(r"^(.+?) +(\S+) × +(\S+) = +(\S+)$")


def test_products_and_their_sum_can_be_added_up_by_the_reader():
    model = every_layer.convolutional()
    found = explain(model, every_layer.images(model, 1), "same", (4, 4, 1), rows=100)
    text = str(found)
    products = [PRODUCT.match(line.strip()) for line in text.splitlines()]
    products = [match for match in products if match]
    assert len(products) == 18
    for match in products:
        product = float(match[2]) * float(match[3])
        assert float(match[4]) == pytest.approx(product, rel=2e-5)
    bias = float(re.search(r"bias\[1\] +(\S+)", text)[1])
    total = float(re.search(r"= z\[4, 4, 1\][^\n]*?(\S+)\n", text)[1])
    assert sum(float(match[4]) for match in products) + bias == pytest.approx(
        total, rel=1e-5
    )
    assert f"{found.equations[0].computed:.7g}" in text
    assert "agrees" in text or "as the kernel computed it" in text


def test_a_long_sum_shows_its_largest_and_the_rest_as_one_number():
    rows = tuple(Row(f"part {i}", (float(i), 2.0)) for i in range(40))
    rows += (Row("bias", (0.25,), essential=True),)
    value = float(sum(row.value for row in rows))
    equation = Equation(
        "here", "z", "∑", rows, value, computed=value, tolerance=0.0, is_sum=True
    )
    text = str(Explanation("title", (equation,), rows=3))
    shown = re.findall(r"part (\d+)", text)
    assert shown == ["37", "38", "39"]  # the largest, in their own order
    assert "bias" in text  # shown however small it is
    rest = float(re.search(r"… 37 smaller ones +(\S+)", text)[1])
    assert rest == sum(2 * i for i in range(37))
    whole = str(Explanation("title", (equation,), rows=41))
    assert len(re.findall(r"part \d+", whole)) == 40 and "smaller" not in whole


def test_the_verdict_says_how_far_apart_the_two_are():
    def said(computed: float, tolerance: float) -> str:
        equation = Equation("here", "z", "x", (), 1.0, computed, tolerance)
        return str(Explanation("title", (equation,)))

    assert "= z, as the kernel computed it" in said(1.0, 0.0)
    assert "agrees: 0.25 apart, where rounding explains up to 0.5" in said(1.25, 0.5)
    assert "DISAGREES: 0.25 apart, where rounding explains up to 0.1" in said(1.25, 0.1)
    assert "DISAGREES" in said(float("nan"), 0.1)


def test_lines_fit_a_terminal():
    model = every_layer.convolutional()
    x = every_layer.images(model, 4)
    for layer in model.layers:
        text = str(explain(model, x, layer, sample=1, training=True))
        assert max(map(len, text.splitlines())) <= 100
