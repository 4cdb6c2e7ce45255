"""The notebook: what is in the file, and that its code runs, without Jupyter."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from experiments import walkthrough

NOTEBOOK = walkthrough.read()
CELLS = walkthrough.code_cells(NOTEBOOK)


def printed(cell: dict) -> str:
    return "".join(
        "".join(output["text"])
        for output in cell["outputs"]
        if output["output_type"] == "stream" and output["name"] == "stdout"
    )


def figures(cell: dict) -> list[np.ndarray]:
    found = []
    for output in cell["outputs"]:
        if "image/png" in output.get("data", {}):
            png = base64.b64decode("".join(output["data"]["image/png"]))
            with Image.open(io.BytesIO(png)) as image:
                found.append(np.asarray(image.convert("RGB")))
    return found


def test_the_outputs_are_those_of_the_code():
    assert NOTEBOOK["metadata"]["scratchnet"] == {
        "code_sha256": walkthrough.code_digest(NOTEBOOK)
    }, "the code has changed: python -m experiments.walkthrough makes the outputs anew"
    counts = [cell["execution_count"] for cell in CELLS]
    assert counts == list(range(1, len(CELLS) + 1))


def test_the_digest_depends_on_every_cell():
    for index in range(len(CELLS)):
        changed = json.loads(json.dumps(NOTEBOOK))
        walkthrough.code_cells(changed)[index]["source"].append("\n")
        before = NOTEBOOK["metadata"]["scratchnet"]["code_sha256"]
        assert walkthrough.code_digest(changed) != before


def test_no_cell_failed_or_warned():
    for cell in CELLS:
        for output in cell["outputs"]:
            assert output["output_type"] in ("stream", "display_data"), output
            assert output.get("name", "stdout") == "stdout", output


def test_figures_are_not_empty():
    found = [figure for cell in CELLS for figure in figures(cell)]
    assert len(found) == 8
    for figure in found:
        assert min(figure.shape[:2]) > 60
        colours = figure.astype(int) @ (65536, 256, 1)
        assert len(np.unique(colours)) > 50


def test_the_file_is_small_and_has_no_traces_of_a_machine():
    assert walkthrough.PATH.stat().st_size < 500_000
    assert set(NOTEBOOK["metadata"]) == {"kernelspec", "language_info", "scratchnet"}
    ids = [cell["id"] for cell in NOTEBOOK["cells"]]
    assert len(set(ids)) == len(ids)
    text = walkthrough.PATH.read_text(encoding="utf-8")
    assert "/tmp/" not in text and "/home/" not in text


def test_every_step_of_the_study_is_there_and_explained():
    kinds = [cell["cell_type"] for cell in NOTEBOOK["cells"]]
    assert kinds[0] == "markdown" and kinds.count("markdown") >= 15
    titles = [
        line.removeprefix("## ")
        for cell in NOTEBOOK["cells"]
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
        if line.startswith("## ")
    ]
    numbered = [title for title in titles if title[0].isdigit()]
    assert [int(title.split(".")[0]) for title in numbered] == list(range(1, 14))


def test_the_code_runs_in_its_quick_form(monkeypatch, capsys):
    """Run the cells one after the other, as a kernel does, on a part of digits.

    Each prints where the file's outputs do, and shows as many figures.
    """
    matplotlib.use("agg")
    monkeypatch.setenv("SCRATCHNET_QUICK", "1")
    shown: list[int] = []

    def show() -> None:
        shown.append(len(plt.gcf().axes))
        plt.close("all")

    monkeypatch.setattr(plt, "show", show)
    names: dict = {"__name__": "__main__"}
    with matplotlib.rc_context():
        for number, cell in enumerate(CELLS, 1):
            shown.clear()
            source = walkthrough.code(cell)
            exec(compile(source, f"walkthrough.ipynb, cell {number}", "exec"), names)
            out, err = capsys.readouterr()
            assert bool(out.strip()) == bool(printed(cell).strip()), source
            assert len(shown) == len(figures(cell)), source
            assert all(axes > 0 for axes in shown), source
            assert "Traceback" not in err
    assert names["DATASET"] == "digits" and names["EPOCHS"] == 2
    check_what_was_computed(names)


def check_what_was_computed(names: dict) -> None:
    assert names["x_train"].shape == (360, 28, 28, 1) and names["x_train"].max() == 1
    assert list(names["results"]) == ["ANN", "Basic CNN", "Deeper CNN"]
    # Two epochs on 360 images; the average of a class needs no training.
    assert names["results"]["ANN"][1] > 0.3
    assert names["baseline"] > 0.8
    expected = names["models"]["Basic CNN"].predict(names["x_test"], verbose=0)
    np.testing.assert_array_equal(names["probabilities"], expected)
    wrong = expected.argmax(1) != names["test_labels"]
    assert sorted(names["mistakes"]) == np.flatnonzero(wrong).tolist()
    assert not names["report"].passed


def test_the_committed_numbers_are_plausible():
    [cell] = [c for c in CELLS if "model.evaluate(" in walkthrough.code(c)]
    lines = printed(cell).splitlines()
    accuracies = {line.split("  ")[0].split(" test")[0]: line[-5:] for line in lines}
    baseline = float(accuracies.pop("nearest average"))
    assert 0.6 < baseline < 0.75
    assert list(accuracies) == ["ANN", "Basic CNN", "Deeper CNN"]
    assert all(baseline + 0.05 < float(a) < 0.95 for a in accuracies.values())


@pytest.mark.skipif(
    importlib.util.find_spec("nbformat") is None,
    reason="nbformat is not installed; the extra 'notebook' brings it",
)
def test_the_file_is_a_valid_notebook():
    import nbformat

    nbformat.validate(nbformat.reads(json.dumps(NOTEBOOK), as_version=4))


def test_without_jupyter_the_command_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "nbformat", None)
    assert walkthrough.main() == 2
    assert "pip install -e '.[notebook]'" in capsys.readouterr().err
