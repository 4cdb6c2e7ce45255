"""A Keras script runs with nothing but the import changed."""

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("h5py", reason="the script writes .weights.h5, as notebooks do")

SCRIPT = (Path(__file__).with_name("classify.py")).read_text()

# What Keras counts in these models (`python tests/notebook/classify.py`).
PARAMS = {"ANN": 6570, "CNN": 2746, "Deeper CNN": 5018}


def as_tensorflow_keras(script):
    """Return the script with its names imported one by one from tensorflow.keras."""
    body = script.replace("import keras\n", "")
    imports = []
    for module in ("layers", "models", "callbacks", "utils", "optimizers"):
        names = sorted(set(re.findall(rf"\bkeras\.{module}\.(\w+)", body)))
        imports.append(f"from tensorflow.keras.{module} import {', '.join(names)}\n")
        body = re.sub(rf"\bkeras\.{module}\.", "", body)
    imports.append("from tensorflow.keras import Sequential\n")
    body = body.replace("keras.Sequential(", "Sequential(")
    docstring, rest = body.split('"""\n', 1)
    assert "keras." not in rest
    return f'{docstring}"""\n{"".join(imports)}{rest}'


@pytest.fixture(autouse=True)
def files_go_away(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def test_import_scratchnet_as_keras(capsys):
    changed = SCRIPT.replace("import keras\n", "import scratchnet as keras\n")
    run(changed, SCRIPT, capsys)


def test_from_scratchnet_import(capsys):
    original = as_tensorflow_keras(SCRIPT)
    run(original.replace("from tensorflow.keras", "from scratchnet"), original, capsys)


def run(script, original, capsys):
    # Nothing but imports has changed.
    pairs = zip(script.splitlines(), original.splitlines(), strict=True)
    changed = [old for new, old in pairs if new != old]
    assert changed
    assert all(line.startswith(("import ", "from ")) for line in changed)
    names = {"__name__": "__main__"}
    exec(compile(script, "classify.py", "exec"), names)
    shown = capsys.readouterr().out
    for name, result in names["results"].items():
        assert result["params"] == PARAMS[name]
        # Eight epochs of 23 steps; Keras 3.15 reached 0.96, 0.91 and 0.98.
        assert result["accuracy"] > 0.8, name
        # The best epoch's weights were loaded.
        assert result["loss"] == pytest.approx(result["best_val_loss"], rel=1e-6)
        assert result["history"] == ["accuracy", "loss", "val_accuracy", "val_loss"]
        assert result["probabilities"].shape == (360, 10)
        assert result["probabilities"].dtype == np.float32
        assert result["confusion"].trace() / 360 == pytest.approx(result["accuracy"])
        assert f"{name}: test loss" in shown
    assert shown.count("Epoch 1/8") == shown.count("macro avg") == len(PARAMS)
    assert 'Model: "deeper_cnn"' in shown
    assert "Total params: 6,570 (25.66 KB)" in shown
