"""Run the notebook of the study and keep what it shows: `walkthrough.ipynb`.

    python -m experiments.walkthrough

The file holds the outputs of its own code: a digest of the code that made them is kept
with them, and a test compares it. Needs the extra ``notebook``.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from scratchnet.saving import atomic_write

PATH = Path(__file__).with_name("walkthrough.ipynb")
SECONDS = 900  # that a cell may take


def read() -> dict[str, Any]:
    """Return the notebook as it is."""
    return json.loads(PATH.read_text(encoding="utf-8"))


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells that hold code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def code(cell: dict[str, Any]) -> str:
    """Return a cell's code; files hold it line by line."""
    return "".join(cell["source"])


def code_digest(notebook: dict[str, Any]) -> str:
    """Return the SHA-256 of all code, cell by cell."""
    cells = json.dumps([code(cell) for cell in code_cells(notebook)])
    return hashlib.sha256(cells.encode()).hexdigest()


def execute(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook with the outputs of a fresh kernel.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised an error.
    """
    import nbformat
    from nbclient import NotebookClient

    made = nbformat.reads(json.dumps(notebook), as_version=4)
    client = NotebookClient(
        made,
        timeout=SECONDS,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(PATH.parent)}},
    )
    client.execute()
    # Versions of Python and its kernel would differ with every machine.
    made.metadata = {
        "kernelspec": notebook["metadata"]["kernelspec"],
        "language_info": {"name": "python"},
        "scratchnet": {"code_sha256": code_digest(notebook)},
    }
    return json.loads(nbformat.writes(made))


def main() -> int:
    """Run the notebook and write it back.

    Returns:
        0, or 2 where Jupyter's libraries are missing.
    """
    try:
        made = execute(read())
    except ImportError as error:
        print(f"{error}; pip install -e '.[notebook]' brings it", file=sys.stderr)
        return 2
    with atomic_write(PATH, text=True) as file:
        json.dump(made, file, indent=1, ensure_ascii=False)
        file.write("\n")
    print(f"{PATH}: {len(code_cells(made))} cells run, their outputs kept")
    return 0


if __name__ == "__main__":
    sys.exit(main())
