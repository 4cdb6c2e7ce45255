"""Arguments of callbacks that make no sense are refused where they are given."""

import pytest

from scratchnet.callbacks import (
    CSVLogger,
    EarlyStopping,
    ModelCheckpoint,
    ReduceLROnPlateau,
)

NAN = float("nan")


@pytest.mark.parametrize(
    ("callback", "arguments"),
    [
        *((EarlyStopping, {"patience": value}) for value in ("5", -1, 2.5, NAN)),
        *((EarlyStopping, {"min_delta": value}) for value in ("x", NAN)),
        (EarlyStopping, {"baseline": "a"}),
        *((EarlyStopping, {"monitor": value}) for value in (None, ["val_loss"])),
        (EarlyStopping, {"start_from_epoch": "1"}),
        (EarlyStopping, {"restore_best_weights": "no"}),
        *((ReduceLROnPlateau, {"factor": value}) for value in (-1, "x", NAN, 1)),
        (ReduceLROnPlateau, {"patience": "1"}),
        *((ReduceLROnPlateau, {"min_lr": value}) for value in (-1, "x")),
        (ReduceLROnPlateau, {"cooldown": "x"}),
        (ModelCheckpoint, {"filepath": "a.keras", "initial_value_threshold": "x"}),
        *((CSVLogger, {"filename": "a.csv", "separator": s}) for s in (";;", "", None)),
    ],
)
def test_an_argument_that_makes_no_sense_is_refused_by_name(callback, arguments):
    name, value = list(arguments.items())[-1]
    with pytest.raises(ValueError, match=callback.__name__) as found:
        callback(**arguments)
    assert name in str(found.value) and f"received {value!r}" in str(found.value)


def test_a_log_needs_a_file():
    with pytest.raises(TypeError, match="CSVLogger: expected a filename"):
        CSVLogger(None)
