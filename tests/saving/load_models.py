"""Load every .keras file of a folder; print what became of it and what Python did.

Runs as a child process: an audit hook can't be taken off again, and a crash, a hang or
a flood of memory is its own.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import load_model

SUSPECT = ("exec", "import", "compile", "os.", "subprocess.", "socket.", "pickle.")
events: list[str] = []


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if writes or event.startswith(SUSPECT):
        events.append(f"{event} {arguments!r:.200}")


def load(path: Path) -> dict[str, Any]:
    start, events[:] = time.perf_counter(), []
    try:
        load_model(path)
        message = ""
    except CheckpointError as error:
        message = str(error)
    seconds = time.perf_counter() - start
    return {"message": message, "seconds": seconds, "events": list(events)}


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(folder: Path) -> None:
    good = load(folder.parent / "good.keras")
    assert not good["message"], good
    sys.addaudithook(watch)
    before = peak_bytes()
    results = {path.name: load(path) for path in sorted(folder.iterdir())}
    print(json.dumps({"results": results, "extra_bytes": peak_bytes() - before}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
