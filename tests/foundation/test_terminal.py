"""What is printed where standard output has few characters, or is not there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchnet.foundation.terminal import PLAINLY

ROOT = Path(__file__).resolve().parents[2]

USE = """
import sys
import numpy as np
import scratchnet as keras
{before}
x = np.zeros((8, 4), np.float32)
last = keras.layers.Dense(2, activation="softmax")
model = keras.Sequential([keras.Input((4,)), last])
model.compile("adam", "sparse_categorical_crossentropy")
model.summary()
for verbose in (1, 2):
    model.fit(x, np.zeros(8), epochs=2, verbose=verbose)
model.evaluate(x, np.zeros(8), verbose=1)
model.predict(x, verbose=1)
keras.models.Sequential().summary()
print("done", file=sys.__stdout__)
"""


def run(*words, **environment):
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        timeout=600,
    )


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["ascii", "cp1252", "cp437", "latin-1", "utf-8"]),
)
def test_any_text_can_be_shown_in_any_encoding(text, encoding):
    shown = text.encode(encoding, PLAINLY).decode(encoding)
    if encoding == "utf-8" or text.isascii():
        assert shown == text
    for character in text:
        alone = character.encode(encoding, PLAINLY).decode(encoding)
        assert alone and alone in shown


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("βθΔ", "betathetadelta"),
        ("x₁² · 10⁻⁷", "x12 * 10-7"),
        ("┏━┓│½│", "+-+|1/2|"),
        ("∑ √ŷ → 靴…", "sum sqrty -> ?..."),
    ],
)
def test_what_is_plain_is_readable(text, plain):
    assert text.encode("ascii", PLAINLY).decode() == plain


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_training_prints_in_an_encoding_without_lines(encoding):
    done = run("-c", USE.format(before=""), PYTHONIOENCODING=encoding)
    assert done.returncode == 0, done.stderr.decode()
    text = done.stdout.decode(encoding)
    assert "+-" in text and "1/1 --------------------" in text and "done" in text


def test_training_runs_without_standard_output():
    done = run("-c", USE.format(before="sys.stdout = None"))
    assert (done.returncode, done.stdout) == (0, b"done\n"), done.stderr.decode()
    assert b"Traceback" not in done.stderr and b"step" not in done.stderr


def test_commands_print_plainly_and_end_quietly_where_nobody_reads():
    words = ["-m", "scratchnet", "gradcheck", "ReLU"]
    done = run(*words, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr.decode()
    shell = f"{sys.executable} -u -m scratchnet gradcheck ReLU LeakyReLU | head -n 1"
    quiet = subprocess.run(
        shell, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert quiet.stdout.count("\n") == 1 and quiet.stderr == ""
