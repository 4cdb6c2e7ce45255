from __future__ import annotations

import math

import pytest

from experiments import divergence
from experiments.divergence import DivergedError


def test_finite_losses_pass():
    divergence.check({"loss": [2.0, 1.0], "val_loss": [3e38, -1.0]}, "a run")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["loss", "val_loss"])
@pytest.mark.parametrize("epoch", [0, 2])
def test_the_first_epoch_that_is_not_finite_is_named(name, value, epoch):
    history = {"loss": [1.0] * 4, "val_loss": [1.0] * 4}
    history[name][epoch] = history[name][3] = value
    with pytest.raises(DivergedError, match=rf"^a run: .* in epoch {epoch + 1}$"):
        divergence.check(history, "a run")
