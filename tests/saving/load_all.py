"""Load every file of a folder into a small model and print what became of each.

Runs as a child process, so that a crash, a hang or a flood of memory is its own.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from stand_ins import make_model, same_weights, weights_of

from scratchnet.foundation.errors import CheckpointError
from scratchnet.saving import load_weights


def load(path: Path) -> dict:
    model, saved = make_model(1), weights_of(make_model(0))
    before = weights_of(model)
    start = time.perf_counter()
    try:
        load_weights(model, path)
        message, expected = "", saved
    except CheckpointError as error:
        message, expected = str(error), before
    return {
        "message": message,
        "seconds": time.perf_counter() - start,
        "weights_right": same_weights(weights_of(model), expected),
    }


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(folder: Path) -> None:
    good = load(folder.parent / "good.npz")
    assert good["weights_right"] and not good["message"], good
    before = peak_bytes()
    results = {path.name: load(path) for path in sorted(folder.iterdir())}
    print(json.dumps({"results": results, "extra_bytes": peak_bytes() - before}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
