"""Whether scratchnet's callbacks decide as Keras's did, on recorded cases."""

import json
import re
from pathlib import Path

import numpy as np

from scratchnet import callbacks, optimizers
from tests.keras.golden import callback_cases

GOLDEN = Path(__file__).with_name("callbacks.jsonl")
EPSILON = float(np.finfo(np.float32).eps)


def read(path=GOLDEN):
    """Return the records of a file that `make_callbacks.py` wrote."""
    _versions, *lines = path.read_text().splitlines()
    return [json.loads(line) for line in lines]


def assert_decides_as_keras(record):
    """Require the decisions of Keras, the documented deviations put into it.

    Where Keras as it is decides otherwise, the case has to give occasion for one.
    """
    case = record["case"]
    expected = record.get("deviating", record["keras"])
    if "deviating" in record:
        assert callback_cases.deviations(case), "Keras decides otherwise: why?"
    callback = getattr(callbacks, case["kind"])
    found = callback_cases.decide(callback, optimizers.SGD(0.1), case)
    assert found["error"] == expected["error"]
    assert found["warnings"] == expected["warnings"]
    assert len(found["fits"]) == len(expected["fits"])
    for got, want in zip(found["fits"], expected["fits"], strict=True):
        # Keras holds a learning rate in float32, and rounds it once per reduction.
        rates, keras_rates = got.pop("rates", []), want.pop("rates", [])
        rounding = EPSILON * (1 + len(keras_rates))
        np.testing.assert_allclose(rates, keras_rates, rtol=rounding, atol=0)
        assert got == want
    assert _without_rates(found["printed"]) == _without_rates(expected["printed"])


def _without_rates(lines):
    return [re.sub(r"(learning rate to) .*", r"\1", line) for line in lines]
