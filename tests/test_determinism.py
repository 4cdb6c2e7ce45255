"""Training gives the same bits with any number of threads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]

# 25 steps on images as large as three blocks of convolution and pooling need.
IMAGES, BATCH_SIZE, PIXELS, CLASSES = 400, 16, (22, 22, 1), 5


def train():
    """Print a digest of each model's weights after an epoch."""
    import hashlib

    import scratchnet as keras
    from scratchnet.models import architectures

    rng = np.random.default_rng(11)
    x = rng.random((IMAGES, *PIXELS), dtype=np.float32)
    y = rng.integers(0, CLASSES, IMAGES)
    found = {}
    for name, architecture in architectures.ALL.items():
        keras.utils.set_random_seed(12)
        model = architecture(PIXELS, CLASSES)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        before = model.get_weights()
        history = model.fit(x, y, batch_size=BATCH_SIZE, epochs=1, verbose=0).history
        digest = hashlib.sha256(json.dumps(history).encode())
        for weight, old in zip(model.get_weights(), before, strict=True):
            assert np.isfinite(weight).all()
            assert not np.array_equal(weight, old)
            digest.update(weight.tobytes())
        digest.update(model.predict(x, verbose=0).tobytes())
        found[name] = digest.hexdigest()
    print(json.dumps(found))


def trained_with(threads):
    process = subprocess.run(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return json.loads(process.stdout)


def test_an_epoch_gives_the_same_bits_with_any_number_of_threads():
    expected = trained_with(1)
    assert len(expected) == len(set(expected.values())) == 4
    for threads in (2, 4):
        assert trained_with(threads) == expected


if __name__ == "__main__":
    train()
