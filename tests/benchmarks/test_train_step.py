from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import train_step
from tests.benchmarks.conftest import is_summary, read


@pytest.mark.usefixtures("alone")
def test_quick_run_without_peers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--quick", "--threads", "1", "--models", "fashion_ann"]
    assert train_step.main([*words, "--out", str(tmp_path)]) == 0
    document = read(tmp_path, "train_step")
    assert document["libraries"] == ["scratchnet"]
    assert "keras" in document["missing"]
    activities = document["cases"]["fashion_ann"]["activities"]
    assert list(activities) == ["training_64", "inference_64", "inference_256"]
    for found in activities.values():
        entry = found["libraries"]["scratchnet"]
        assert is_summary(entry["seconds_per_step"], rounds=2)
        assert is_summary(found["sgemm_flop_per_second"], rounds=2)
        assert entry["warm_up"]["first_step"] > 0
        median = entry["seconds_per_step"]["median"]
        sgemm = found["sgemm_flop_per_second"]["median"]
        share = found["flop_per_step"] / median / sgemm
        assert entry["share_of_sgemm"] == pytest.approx(share)
        assert found["against_fastest_peer"] is None
    assert "Fashion-MNIST ANN, training 64" in capsys.readouterr().out


def test_a_model_that_is_none_is_refused() -> None:
    with pytest.raises(SystemExit):
        train_step.main(["--models", "fashion_ann,beans"])
