from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import gadgets
import numpy as np
import pytest
from tiny_files import cifar_arrays, mutant, python2_batch, python3_batch, rows

from scratchnet.datasets.inert_pickle import load_dictionary
from scratchnet.foundation.errors import DatasetError

ARRAYS = cifar_arrays(3)

WATCHED_LOAD = """
import json, resource, sys
payloads = {k: bytes.fromhex(v) for k, v in json.load(open(sys.argv[1])).items()}
from scratchnet.datasets import inert_pickle
from scratchnet.foundation.errors import DatasetError
try:
    inert_pickle.load_dictionary(b"cos\\nsystem\\n.", "warm-up")
except DatasetError:
    pass
events, outcomes, watching = [], {}, False
sys.addaudithook(lambda name, _: watching and events.append(name))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name, payload in payloads.items():
    watching = True
    try:
        inert_pickle.load_dictionary(payload, "file")
        outcome = "loaded"
    except DatasetError as error:
        outcome = "refused"
        str(error)
    except BaseException as error:
        outcome = repr(error)
    watching = False
    outcomes[name] = outcome
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = {"events": events, "outcomes": outcomes, "memory": after - before}
print(json.dumps(report))
"""

REAL_LOAD = """
import pickle, sys
try:
    pickle.loads(bytes.fromhex(sys.stdin.read()))
except Exception:
    pass
"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """What a process that reads all gadgets did, as its audit hook saw it."""
    folder = tmp_path_factory.mktemp("gadgets")
    marker = folder / "marker"
    payloads = {**gadgets.executing(str(marker)), **gadgets.others(str(marker))}
    listing = folder / "payloads.json"
    listing.write_text(json.dumps({k: v.hex() for k, v in payloads.items()}))
    finished = subprocess.run(
        [sys.executable, "-c", WATCHED_LOAD, str(listing)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout), payloads, marker


def test_every_gadget_is_refused(watched):
    report, payloads, _ = watched
    assert len(payloads) >= 100
    assert report["outcomes"] == dict.fromkeys(payloads, "refused")


def test_no_gadget_does_anything_that_the_interpreter_audits(watched):
    report, _, marker = watched
    # Opening, importing, compiling, running, connecting: all raise audit events.
    assert report["events"] == []
    assert not marker.exists()


def test_no_gadget_takes_much_memory(watched):
    report, _, _ = watched
    # Half a million empty dictionaries, of 64 bytes and a header of 16, and the stack's
    # pointers to them are the most that half a megabyte can ask for; once more for
    # fragmentation.
    assert report["memory"] < 2 * 500_000 * (64 + 16 + 8) / 1024


def test_the_executing_gadgets_do_execute_under_pythons_own_unpickler(tmp_path):
    marker = tmp_path / "marker"
    payloads = gadgets.executing(str(marker))
    chosen = ["os.system/reduce", "eval/inst", "exec/obj", "open/stack_global"]
    for name in [*chosen, "pathlib/reduce", "numpy.runstring/in a value"]:
        subprocess.run(
            [sys.executable, "-c", REAL_LOAD],
            input=payloads[name].hex(),
            text=True,
            timeout=30,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        assert marker.exists(), name
        marker.unlink()


@pytest.mark.parametrize("protocol", ["python 2", 3, 4, 5])
def test_all_protocols_give_the_same_values(protocol):
    if protocol == "python 2":
        content = python2_batch(ARRAYS)
    else:
        content = python3_batch(ARRAYS, protocol)
    batch = load_dictionary(content, "file")
    assert batch["fine_labels"] == ARRAYS["fine"].tolist()
    np.testing.assert_array_equal(batch["data"].values, rows(ARRAYS["x"]))


def test_python2_sample_is_a_pickle_that_python_agrees_on():
    batch = pickle.loads(python2_batch(ARRAYS), encoding="bytes")
    np.testing.assert_array_equal(batch[b"data"], rows(ARRAYS["x"]))
    assert batch[b"coarse_labels"] == ARRAYS["coarse"].tolist()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_plain_values_come_back(protocol):
    value = {
        "text": "ä",
        "numbers": [0, 255, 256, 65535, 65536, -1, -(2**31), 2**40],
        "nothing": [None, True, False, (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
        "nested": {"a": [[], {}], "b": {"c": "text"}},
    }
    assert load_dictionary(pickle.dumps(value, protocol=protocol), "file") == value


@pytest.mark.parametrize("protocol", [3, 5])
def test_fortran_order_is_kept(protocol):
    content = pickle.dumps({"x": np.asfortranarray(rows(ARRAYS["x"]))}, protocol)
    values = load_dictionary(content, "file")["x"].values
    np.testing.assert_array_equal(values, rows(ARRAYS["x"]))


@pytest.mark.parametrize("dtype", [np.int8, np.float32, object])
def test_arrays_of_other_dtypes_are_refused(dtype):
    with pytest.raises(DatasetError, match="another dtype than 'u1'"):
        load_dictionary(pickle.dumps({"x": np.zeros(3, dtype)}, 4), "file")


def test_error_names_file_and_reason():
    message = r"^train: expected .*the import of 'os\.system' is refused"
    with pytest.raises(DatasetError, match=message):
        load_dictionary(b"\x80\x02cos\nsystem\n.", "train")


def test_something_else_than_a_dictionary():
    with pytest.raises(DatasetError, match="expected a dictionary, received list"):
        load_dictionary(pickle.dumps([1], 4), "file")


@pytest.mark.parametrize("protocol", ["python 2", 3, 4, 5])
def test_mutants_load_or_raise_dataset_error(protocol):
    rng = np.random.default_rng([7, 0 if protocol == "python 2" else protocol])
    if protocol == "python 2":
        original = python2_batch(ARRAYS)
    else:
        original = python3_batch(ARRAYS, protocol)
    refused = 0
    for _ in range(300):
        try:
            load_dictionary(mutant(original, rng), "file")
        except DatasetError:
            refused += 1
    assert 50 < refused < 300
