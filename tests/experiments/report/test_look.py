from __future__ import annotations

import io

import matplotlib
import numpy as np
import pytest

from experiments.report import look


def test_a_png_shows_what_was_drawn():
    from PIL import Image

    def draw():
        made, (axes,) = look.figure(2, 1)
        axes.set_axis_off()
        axes.axvspan(0, 1, color="#ff0000")
        return made

    pixels = np.asarray(Image.open(io.BytesIO(look.png(draw))).convert("RGB"))
    assert pixels.shape == (look.DOTS_PER_INCH, 2 * look.DOTS_PER_INCH, 3)
    assert tuple(pixels[60, 120]) == (255, 0, 0)


def test_the_same_figure_is_the_same_file():
    pages = [look.png(lambda: look.figure(1, 1)[0]) for _ in "12"]
    assert pages[0] == pages[1]


def test_drawing_leaves_the_settings_of_others_alone():
    before = dict(matplotlib.rcParams)
    look.png(lambda: look.figure(1, 1)[0])
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    "name", ["$x", "a$b$c", r"\frac{", "日本語", "a\nb", "_", "%s"]
)
def test_any_class_name_can_be_drawn(name):
    def draw():
        made, (axes,) = look.figure(2, 1)
        axes.set_title(look.readable(name))
        return made

    assert look.png(draw).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("lawn_mower", "lawn mower"),
        ("  a\tb\u202ec\x00 ", "a b c"),
        ("T-shirt/top", "T-shirt/top"),
        ("", ""),
        ("x" * 30, "x" * 21 + "…"),
    ],
)
def test_a_name_becomes_readable(name, expected):
    assert look.readable(name) == expected


@pytest.mark.parametrize("share", np.linspace(0, 1, 41))
def test_a_number_can_be_read_on_any_field_of_a_heat_map(share):
    """A contrast of at least 4.5, as WCAG 2.1, 1.4.3 asks for."""
    colour = look.colour_map()(share)
    parts = np.array(colour[:3])
    linear = np.where(parts <= 0.03928, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    ground = float(linear @ [0.2126, 0.7152, 0.0722])
    ink = {"#000000": 0.0, "#ffffff": 1.0}[look.ink_on(colour)]
    assert (max(ground, ink) + 0.05) / (min(ground, ink) + 0.05) >= 4.5
