"""What Keras's callbacks decided on random runs of metrics, decided again."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.keras.golden import callback_cases, compare_callbacks

RECORDS = compare_callbacks.read()


@pytest.mark.parametrize("kind", callback_cases.KINDS)
def test_callbacks_decide_as_keras_does(kind: str) -> None:
    records = [record for record in RECORDS if record["case"]["kind"] == kind]
    assert len(records) >= 100
    for record in records:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COLUMNS", "80")
            compare_callbacks.assert_decides_as_keras(record)


def test_every_deviation_is_met() -> None:
    met = Counter(
        deviation
        for record in RECORDS
        if "deviating" in record
        for deviation in callback_cases.deviations(record["case"])
    )
    assert min(met.values()) >= 5 and len(met) == 3, met
