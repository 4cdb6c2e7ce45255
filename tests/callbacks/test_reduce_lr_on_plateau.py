from __future__ import annotations

from typing import Any

import pytest
from fake_model import FakeModel, fit, values

from scratchnet.callbacks import ReduceLROnPlateau

NAN = float("nan")


@pytest.mark.parametrize(
    ("arguments", "metric", "rates"),
    [
        # The logged rate is the one the epoch was trained with.
        ({"patience": 1}, [3, 2, 1], [1, 1, 1]),
        ({"patience": 1}, [3, 3, 3, 3], [1, 1, 0.5, 0.25]),
        ({"patience": 2}, [3, 3, 3, 3, 3], [1, 1, 1, 0.5, 0.5]),
        ({"patience": 0}, [3, 3, 2, 2], [1, 1, 0.5, 0.5]),
        ({"patience": 1, "mode": "max"}, [3, 4, 4, 4], [1, 1, 1, 0.5]),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.5, 2, 9], [1, 1, 0.5, 0.5]),
        ({"patience": 1, "cooldown": 2}, [3] * 6, [1, 1, 0.5, 0.5, 0.25, 0.25]),
        ({"patience": 1, "min_lr": 0.375}, [3] * 5, [1, 1, 0.5, 0.375, 0.375]),
        ({"patience": 1}, [NAN, 3, 2], [1, 0.5, 0.5]),
        ({"patience": 2}, [3, NAN, 2, NAN, NAN, 9], [1, 1, 1, 1, 1, 0.5]),
    ],
)
def test_on_a_sequence_of_values(
    arguments: dict[str, Any], metric: list[float], rates: list[float]
) -> None:
    model = FakeModel()
    model.optimizer.learning_rate = 1.0
    fit(model, ReduceLROnPlateau(factor=0.5, **arguments), values("val_loss", *metric))
    assert model.history.history["learning_rate"] == rates


def test_missing_values_warn_and_are_not_counted() -> None:
    model = FakeModel()
    with pytest.warns(UserWarning, match="ReduceLROnPlateau.*not available"):
        fit(model, ReduceLROnPlateau(patience=1), values("val_loss", 3, None, 2))
    assert model.history.history["learning_rate"] == [0.1] * 3


def test_a_second_fit_starts_anew() -> None:
    model, reduce = FakeModel(), ReduceLROnPlateau(patience=1)
    fit(model, reduce, values("val_loss", 1))
    fit(model, reduce, values("val_loss", 9, 8))
    assert model.optimizer.learning_rate == 0.1


def test_a_rate_that_float32_cannot_tell_from_the_minimum_stays() -> None:
    model = FakeModel()
    model.optimizer.learning_rate = 1e-3 * (1 + 1e-12)
    fit(model, ReduceLROnPlateau(patience=1, min_lr=1e-3), values("val_loss", 1, 1, 1))
    assert model.optimizer.learning_rate == 1e-3 * (1 + 1e-12)


def test_factor_must_be_below_one() -> None:
    with pytest.raises(
        ValueError, match=r"factor to be a number in \[0, 1\), received 1"
    ):
        ReduceLROnPlateau(factor=1.0)


def test_unknown_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="epsilon"):
        ReduceLROnPlateau(epsilon=0.1)  # type: ignore[call-arg]


def test_verbose_says_what_was_done(capsys: pytest.CaptureFixture[str]) -> None:
    model = FakeModel()
    model.optimizer.learning_rate = 1.0
    reduce = ReduceLROnPlateau(patience=1, factor=0.5, verbose=1)
    fit(model, reduce, values("val_loss", 1, 1))
    line = "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.5.\n"
    assert capsys.readouterr().out == line
