"""The six models compute the bits that were recorded on this kind of machine."""

from pathlib import Path

import pytest

from tests.same_bits import training

RECORDED = training.read(Path(__file__).with_name("recorded.jsonl"))

# The rungs on which nothing depends on BLAS and its threads, in the dtype of the study;
# `python -m tests.same_bits.training FILE --compare recorded.jsonl` trains all.
SETTINGS = [
    setting
    for setting in training.settings()
    if setting["rung"] in ("direct", "winograd") and setting["dtype"] == "float32"
]


@pytest.mark.parametrize(
    "setting", SETTINGS, ids=lambda found: "-".join(map(str, found.values()))
)
def test_training_computes_what_was_recorded(setting):
    line = {**training.machine(), "threads": 1, **setting}
    known = RECORDED.get(training.key(line))
    if known is None:
        pytest.skip("recorded on another processor, or with other versions")
    assert training.train(**setting) == known["hash"]
