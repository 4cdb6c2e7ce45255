"""The six models, 200 steps of Adam in Keras and in scratchnet, on real images.

    export SCRATCHNET_PARITY=/some/folder       # optional: keeps Keras's trajectories
    python -m pytest tests/keras/parity/test_step_by_step.py
    python -m pytest tests/keras/parity/test_step_by_step.py -k fashion_ann  # one model

Both sides start from Keras's initial weights, take the same batches of 64 training
images in the files' order, and multiply by the same dropout masks.

- **float64**: no loss differs by more than 1e-9, no weight by more than 1e-7. Pixels
  are the study's, v/255, save in CIFAR-100's Deeper CNN, which gets (v + 1)/256:
  `trajectories.batches` says why.
- **float32**: Adam scales the rounding noise on tiny gradients up to the learning rate,
  so that two correct programs part. The yardstick is Keras itself: scratchnet's
  `Distance` from Keras's float64 run, root mean squares of losses and of weights, is at
  most three times that of Keras's own float32 run. Pixels are (v + 1)/256: on v/255,
  Fashion-MNIST's ANN meets a ReLU in its 22nd step whose input is 1e-6, within the
  rounding of its 128 products, and scratchnet's own rungs part there.

Keras's side takes minutes. Its trajectories are kept in the folder, so that only
scratchnet's side runs again when its kernels have changed; without SCRATCHNET_PARITY,
the folder is ``scratchnet-parity`` among the temporary files. The distances of all
models run so far stand in ``step_by_step.json`` there; a table of them ends the run.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.harness.networks import CASES, Case
from scratchnet import kernels
from scratchnet.foundation.errors import DatasetError
from tests.keras.golden import trajectories
from tests.keras.golden.trajectories import Distance, Trajectory, distance
from tests.keras.parity import keras_process

pytestmark = [keras_process.needs_keras, pytest.mark.slow]

STEPS = 200
PARTS = "cifar100_deeper_cnn"  # on v/255, even in float64
LOSS_TOLERANCE, WEIGHT_TOLERANCE = 1e-9, 1e-7
TIMES_KERAS = 3

FOLDER = Path(
    os.environ.get("SCRATCHNET_PARITY")
    or Path(tempfile.gettempdir(), "scratchnet-parity")
)


def test_float64(case: Case, table: Table) -> None:
    off = case.name == PARTS
    start, expected = keras(case, "float64", off)
    found = distance(scratchnet(case, "float64", off, start), expected)
    table.add(case, "float64", found)
    assert found.loss_max <= LOSS_TOLERANCE
    assert found.weights_max <= WEIGHT_TOLERANCE


def test_float32(case: Case, table: Table) -> None:
    start, exact = keras(case, "float64", True)
    yardstick = distance(keras(case, "float32", True)[1], exact)
    found = distance(scratchnet(case, "float32", True, start), exact)
    table.add(case, "float32", found, yardstick)
    assert found.loss <= TIMES_KERAS * yardstick.loss
    assert found.weights <= TIMES_KERAS * yardstick.weights


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    """Return a model whose images are at hand."""
    found = CASES[request.param]
    try:
        digest(found, True)
    except DatasetError as error:
        pytest.skip(f"{found.dataset} is not here: {str(error).splitlines()[0]}")
    return found


def scratchnet(
    case: Case, dtype: str, off_the_kink: bool, start: list[np.ndarray]
) -> Trajectory:
    """Return scratchnet's trajectory."""
    samples = trajectories.batches(case, STEPS, off_the_kink=off_the_kink)
    return trajectories.scratchnet_trajectory(case, dtype, start, samples)


def keras(
    case: Case, dtype: str, off_the_kink: bool
) -> tuple[list[np.ndarray], Trajectory]:
    """Return Keras's initial weights and trajectory: run, or read from the folder."""
    name = f"{case.name}-{STEPS}-{digest(case, off_the_kink)}"
    start, found = FOLDER / f"{name}-start.npz", FOLDER / f"{name}-{dtype}.npz"
    if not (start.exists() and found.exists()):
        FOLDER.mkdir(parents=True, exist_ok=True)
        unfinished = found.with_name(f"unfinished-{found.name}")
        keras_process.run(
            "tests.keras.golden.keras_trajectory",
            *(case.name, dtype, str(STEPS), str(int(off_the_kink))),
            *(str(start), str(unfinished)),
        )
        os.replace(unfinished, found)
    return Trajectory.load(start).weights, Trajectory.load(found)


@cache
def digest(case: Case, off_the_kink: bool) -> str:
    """Return a name for all that Keras's trajectory follows from."""
    mask = trajectories.mask((64,), 0.5, seed=1, step=2, dtype="float64")
    network = trajectories.network(case, "float64")
    text = json.dumps([network, keras_process.versions()], sort_keys=True)
    found = hashlib.sha256(text.encode() + mask.tobytes())
    for name in ("keras_trajectory.py", "trajectories.py"):
        found.update(Path(trajectories.__file__).with_name(name).read_bytes())
    for x, y in trajectories.batches(case, STEPS, off_the_kink=off_the_kink):
        found.update(x.tobytes())
        found.update(y.tobytes())
    return found.hexdigest()[:12]


class Table:
    """The distances, in a file and on the screen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[str] = []

    def add(
        self, case: Case, dtype: str, ours: Distance, keras: Distance | None = None
    ) -> None:
        """Note one model's distance from Keras's float64 run, and Keras's own."""
        entry: dict[str, Any] = {
            "steps": STEPS,
            "batch_size": trajectories.BATCH,
            "dtype": dtype,
            "scratchnet": asdict(ours),
            "keras": keras and asdict(keras),
            "rung": kernels.get_rung(),
            "machine": platform.machine(),
            "versions": {"numpy": np.__version__, **keras_process.versions()},
        }
        known = json.loads(self.path.read_text()) if self.path.exists() else {}
        known[f"{case.name}/{dtype}"] = entry
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")
        cells = [f"{value:11.1e}" for value in asdict(ours).values()]
        if keras:
            shares = ours.loss / keras.loss, ours.weights / keras.weights
            cells += [f"{keras.loss:11.1e}", f"{keras.weights:11.1e}"]
            cells += [f"{share:7.2f}" for share in shares]
        self.rows.append(f"{case.title:27}{dtype:8}{''.join(cells)}")

    def text(self) -> str:
        """Return the table."""
        names = ["loss", "max", "weights", "max", "Keras loss", "weights"]
        head = "".join(f"{name:>11}" for name in names)
        return "\n".join(
            [
                "",
                f"distance from Keras's float64 run after {STEPS} steps (root mean "
                "square, and largest); last, in times Keras's",
                f"{'':35}{head}{'loss':>7}{'wts':>7}",
                *self.rows,
                f"written to {self.path}",
            ]
        )


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[Table]:
    """Collect the distances, and print them in the end."""
    collected = Table(FOLDER / "step_by_step.json")
    yield collected
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print(collected.text())
