from __future__ import annotations

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from scratchnet.foundation.errors import CheckpointError
from scratchnet.runs.classifier import Guess
from scratchnet.runs.figure import draw
from scratchnet.runs.prepare import Picture


def picture(name: str = "a.png", channels: int = 1) -> Picture:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (28, 28, channels), dtype=np.uint8)
    shown = rng.integers(0, 256, (90, 60, 3), dtype=np.uint8)
    return Picture(Path(name), pixels, shown, ())


def guesses(*shares: float) -> list[Guess]:
    return [Guess(i, f"class {i}", share) for i, share in enumerate(shares)]


def test_an_svg_has_all_texts(tmp_path):
    found = guesses(0.75, 0.2, 0.05)
    draw(tmp_path / "a.svg", [picture("shoe.png")], [found])
    # Letters are drawn as shapes; the texts stand in comments beside them.
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    for expected in ("shoe.png", "class 0", "class 2", "75.0%", "5.0%", "28x28"):
        assert f"<!-- {expected}" in text or f"{expected} -->" in text, expected


def test_bars_and_pixels_are_in_the_picture(tmp_path):
    draw(tmp_path / "a.png", [picture()], [guesses(1.0, 0.0)])
    draw(tmp_path / "b.png", [picture()], [guesses(0.1, 0.1)])
    one, other = (
        matplotlib.image.imread(tmp_path / name)[..., :3] * 255
        for name in ("a.png", "b.png")
    )
    blue = np.array([31, 119, 180])  # the first bar's colour
    long, short = ((abs(x - blue).sum(2) < 9).sum() for x in (one, other))
    assert long > 5 * short > 0
    assert len(np.unique(one[:, : one.shape[1] // 4])) > 200  # the noise is there


@pytest.mark.parametrize("ending", [".png", ".PNG", ".pdf", ".svg"])
def test_colour_many_rows_and_every_ending(ending, tmp_path):
    pictures = [picture(channels=3)] * 3
    draw(tmp_path / f"a{ending}", pictures, [guesses(0.6, 0.4)] * 3)
    assert (tmp_path / f"a{ending}").stat().st_size > 5000


def test_names_are_drawn_as_they_are(tmp_path):
    names = ["$\\frac$", "a_b^c", "鞄", "two\nlines", "x" * 300]
    found = [Guess(i, name, 0.2) for i, name in enumerate(names)]
    draw(tmp_path / "a.svg", [picture("$x$.png")], [found])
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "$x$.png" in text and "$\\frac$" in text
    assert "two\N{REPLACEMENT CHARACTER}lines" in text and "x" * 33 not in text


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(CheckpointError, match="make the folder first"):
        draw(tmp_path / "none" / "a.png", [picture()], [guesses(1.0)])
