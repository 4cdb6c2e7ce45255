"""Pictures and tables once more, from the JSON that is there: nothing is measured.

    python -m benchmarks.redraw

Writes the pictures and ``ladder.md`` beside the JSON, and prints the other tables.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks import epoch, kernels, memory, scaling, startup, train_step
from benchmarks.harness import results

MODULES = {
    "train_step": train_step,
    "epoch": epoch,
    "kernels": kernels,
    "scaling": scaling,
    "startup": startup,
    "memory": memory,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw what there are results of."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--out", type=Path, default=results.FOLDER, help="folder of the results"
    )
    options = parser.parse_args(arguments)
    for name in MODULES:
        path = options.out / f"{name}.json"
        if path.is_file():
            redraw(name, path)
    return 0


def redraw(name: str, path: Path) -> None:
    """Draw one benchmark's picture and make its tables."""
    document = results.read(path)
    results.write_picture(path.with_suffix(".png"), MODULES[name].picture(document))
    results.say(f"written: {path.with_suffix('.png')}")
    if name == "kernels":
        results.write_text(path.with_name("ladder.md"), kernels.as_markdown(document))
    else:
        print(f"{MODULES[name].as_table(document)}\n")


if __name__ == "__main__":
    raise SystemExit(main())
