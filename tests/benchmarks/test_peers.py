from __future__ import annotations

import numpy as np
import pytest

from benchmarks.harness import peers
from benchmarks.harness.libraries import LIBRARIES
from benchmarks.harness.peers import Peers
from benchmarks.harness.processes import Worker, WorkerError

OUTPUTS = np.full((2, 10), 0.1, "float32")
LOSSES = [2.3, 2.2, 2.1, 2.0]


OURS = OUTPUTS, LOSSES


def test_what_differs_by_rounding_agrees() -> None:
    theirs = OUTPUTS * np.float32(1 + 1e-6), [loss * (1 + 1e-6) for loss in LOSSES]
    found = peers.compare("other", theirs, OURS)
    assert 0 < found["outputs"] < 1e-5
    assert 0 < found["losses"] < 1e-5


@pytest.mark.parametrize("value", [0.1002, np.nan])
def test_other_outputs_are_a_disagreement(value: float) -> None:
    wrong = OUTPUTS.copy()
    wrong[1, 3] = value
    with pytest.raises(peers.DisagreementError, match="other and scratchnet"):
        peers.compare("other", (wrong, LOSSES), OURS)


@pytest.mark.parametrize("step", range(4))
def test_another_loss_is_a_disagreement(step: int) -> None:
    wrong = list(LOSSES)
    wrong[step] *= 1 + 2 * peers.LOSS_TOLERANCES[step]
    with pytest.raises(peers.DisagreementError, match="losses"):
        peers.compare("other", (OUTPUTS, wrong), OURS)


@pytest.mark.usefixtures("alone")
def test_without_the_extra_scratchnet_runs_alone_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    there, missing = peers.installed(list(LIBRARIES))
    assert there == ["scratchnet"]
    assert [*there, *missing] == list(LIBRARIES)
    said = capsys.readouterr().err
    assert "reference" in said
    assert "scratchnet runs alone" in said


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let objects of this package be the libraries."""
    made = {"scratchnet": "Target", "good": "Target", "unmade": "Unmade"}
    monkeypatch.setattr(
        peers, "target", lambda name: f"tests.benchmarks.targets:{made[name]}"
    )


@pytest.mark.usefixtures("workers")
def test_a_peer_that_fails_is_left_out() -> None:
    with Peers(["scratchnet", "unmade", "good"], threads=1) as several:
        assert several.each(lambda worker: worker.call("add", 1)) == {
            "scratchnet": 1,
            "good": 1,
        }
        good = several.workers["good"]

        def fail(worker: Worker) -> int:
            return worker.call("fail" if worker is good else "add", 1)

        assert several.each(fail) == {"scratchnet": 1}
        assert list(several.workers) == ["scratchnet"]
    assert "no such library" in several.failures["unmade"]
    assert "out of beans" in several.failures["good"]


@pytest.mark.usefixtures("workers")
def test_scratchnet_is_never_left_out() -> None:
    with (
        Peers(["scratchnet", "good"], threads=1) as several,
        pytest.raises(WorkerError, match="out of beans"),
    ):
        several.each(lambda worker: worker.call("fail"))
