import threading

import numpy as np
import pytest

from scratchnet import kernels
from scratchnet.kernels import ladder
from scratchnet.kernels.activations import relu, softmax
from scratchnet.kernels.machine import compile


@pytest.fixture
def operation():
    made = ladder.Operation(
        "test_ladder", reference=lambda: "reference", blas=lambda: "blas"
    )
    yield made
    del ladder.OPERATIONS["test_ladder"]


def test_the_highest_rung_up_to_the_one_in_use_runs(operation):
    for rung, expected in (
        ("reference", "reference"),
        ("loops", "reference"),
        ("blas", "blas"),
        ("im2col", "blas"),
    ):
        with kernels.rung(rung):
            assert kernels.get_rung() == rung
            assert operation() == expected


def test_the_rung_before_returns_even_after_an_error(operation):
    before = kernels.get_rung()
    with pytest.raises(RuntimeError, match="on purpose"), kernels.rung("reference"):
        raise RuntimeError("on purpose")
    assert kernels.get_rung() == before
    assert operation() == "blas"


def test_an_unknown_rung_is_refused_and_nothing_changes():
    before = kernels.get_rung()
    with pytest.raises(ValueError, match=r"expected one of .*, received 'cuda'"):
        kernels.set_rung("cuda")
    assert kernels.get_rung() == before


def test_an_operation_needs_a_reference_and_no_unknown_rung():
    with pytest.raises(ValueError, match="operation 'lame'"):
        ladder.Operation("lame", loops=len)
    with pytest.raises(ValueError, match="cuda"):
        ladder.Operation("lame", reference=len, cuda=len)
    with pytest.raises(ValueError, match=r"'relu_forward': no rung in .*\.softmax"):
        ladder.operation("relu_forward", relu, softmax)
    assert "lame" not in kernels.OPERATIONS


def test_threads_that_launch_at_once_do_not_disturb_each_other():
    # Without the lock, Numba's workqueue layer ends the process here.
    x = np.random.default_rng(14).standard_normal(200_000)
    results = [np.empty_like(x) for _ in range(4)]

    def work(y):
        for _ in range(20):
            kernels.OPERATIONS["relu_forward"].rungs["loops"](x, y)

    threads = [threading.Thread(target=work, args=(y,)) for y in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for y in results:
        np.testing.assert_array_equal(y, np.maximum(x, 0))


def test_launches_wait_for_the_lock():
    x = np.ones(10)
    launched = threading.Event()

    def work():
        kernels.OPERATIONS["relu_forward"].rungs["loops"](x, x.copy())
        launched.set()

    with compile.LAUNCH_LOCK:
        thread = threading.Thread(target=work)
        thread.start()
        assert not launched.wait(0.2)
    thread.join()
    assert launched.is_set()
