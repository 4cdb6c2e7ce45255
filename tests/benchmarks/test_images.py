from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.harness import images
from benchmarks.harness.networks import CASES


def test_made_up_images_have_the_shapes_of_the_real_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(images, "is_here", lambda _: False)
    monkeypatch.setattr(images, "COUNTS", {"cifar100": (30, 20)})
    case = CASES["cifar100_ann"]
    assert images.write(case, tmp_path) == "synthetic"
    assert "not on this machine" in capsys.readouterr().err
    for split, count in (("train", 30), ("test", 20)):
        x, y = (np.load(tmp_path / f"{name}_{split}.npy") for name in "xy")
        assert (x.shape, x.dtype) == ((count, 32, 32, 3), np.uint8)
        assert y.shape == (count,)
        assert 0 <= y.min() and y.max() < 100
