"""Load files that may do harm in a child process, and hold it to its limits.

A child, so that a crash, a hang or a flood of memory is its own; and an audit hook
can't be taken off again.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from stand_ins import make_model, same_weights, weights_of

from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import load_model
from scratchnet.saving import load_weights

SUSPECT = ("exec", "import", "compile", "os.", "subprocess.", "socket.", "pickle.")
events: list[str] = []


def load_all(good: Path, contents: dict[str, bytes], folder: str) -> dict[str, str]:
    """Return what is said of each file; nothing if it was loaded.

    Args:
        good: a file that loads; of a ``.npz``, the weights are `make_model(0)`'s.
        contents: name → content of the files.
        folder: a new folder for them, beside the good one.
    """
    (good.parent / folder).mkdir()
    for name, content in contents.items():
        (good.parent / folder / f"{name}{good.suffix}").write_bytes(content)
    done = subprocess.run(
        [sys.executable, __file__, str(good), folder],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    largest = max(len(content) for content in contents.values())
    assert report["extra_bytes"] <= 3 * largest + (32 << 20)
    assert len(report["results"]) == len(contents)
    for name, result in report["results"].items():
        assert result["weights_right"], name
        assert result["seconds"] <= 1, name  # of the processor, whoever else uses it
        assert result["events"] == [], (name, result["events"])
        assert len(result["message"]) < 1000 + len(str(good)), name
    return {
        name.removesuffix(good.suffix): result["message"]
        for name, result in report["results"].items()
    }


# In the child


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(SUSPECT):
        events.append(f"{event} {arguments!r:.200}")


def load(path: Path) -> dict[str, Any]:
    model, message = make_model(1), ""
    expected = weights_of(model)
    start, events[:] = time.process_time(), []
    try:
        if path.suffix == ".keras":
            load_model(path)
        else:
            load_weights(model, path)
            expected = weights_of(make_model(0))
    except CheckpointError as error:
        message = str(error)
    return {
        "message": message,
        "seconds": time.process_time() - start,
        "events": list(events),
        "weights_right": same_weights(weights_of(model), expected),
    }


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(good: Path, folder: Path) -> None:
    first = load(good)
    assert first["weights_right"] and not first["message"], first
    sys.addaudithook(watch)
    before = peak_bytes()
    results = {path.name: load(path) for path in sorted(folder.iterdir())}
    print(json.dumps({"results": results, "extra_bytes": peak_bytes() - before}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[1]).with_name(sys.argv[2]))
