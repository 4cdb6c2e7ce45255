import copy
import itertools
import math

import numba
import numpy as np
import pytest

from scratchnet.kernels import OPERATIONS
from scratchnet.kernels.optimizers.together import CHUNK

RUNGS = ("reference", "loops")


@pytest.mark.parametrize("rung", RUNGS)
class TestAdam:
    def test_first_step_by_hand(self, rung):
        parameter, m, v = np.array([1.0]), np.zeros(1), np.zeros(1)
        alpha = 0.1 * math.sqrt(1 - 0.999) / (1 - 0.9)
        OPERATIONS["adam_update"].rungs[rung](
            (parameter,), (np.array([4.0]),), (m,), (v,), (), alpha, 0.9, 0.999, 1e-7
        )
        np.testing.assert_allclose([m[0], v[0]], [0.4, 0.016], rtol=1e-14)
        # A step of about the learning rate, whatever the gradient's size.
        expected = 1 - alpha * 0.4 / (math.sqrt(0.016) + 1e-7)
        np.testing.assert_allclose(parameter, expected, rtol=1e-15)
        assert parameter[0] == pytest.approx(0.9, abs=1e-6)

    def test_no_gradient_from_the_start_is_no_step(self, rung):
        parameter, m, v = np.array([1.0]), np.zeros(1), np.zeros(1)
        OPERATIONS["adam_update"].rungs[rung](
            (parameter,), (np.zeros(1),), (m,), (v,), (), 0.1, 0.9, 0.999, 1e-7
        )
        assert (parameter[0], m[0], v[0]) == (1, 0, 0)

    def test_is_computed_in_the_type_of_the_parameter(self, rung):
        # Keras: 1 − beta is taken in float64 and then rounded to float32.
        m, v = np.zeros(1, np.float32), np.zeros(1, np.float32)
        one = np.ones(1, np.float32)
        OPERATIONS["adam_update"].rungs[rung](
            (one.copy(),), (one,), (m,), (v,), (), 1e-3, 0.9, 0.999, 1e-7
        )
        assert m[0] == np.float32(1 - 0.9)
        assert v[0] == np.float32(1 - 0.999)


@pytest.mark.parametrize("rung", RUNGS)
def test_rmsprop_by_hand(rung):
    # v = 0.25·4² = 4 and a = 0.25·4 = 1, so that the step is 6·4 / √(4 − 1 + 1).
    theta, v, m, a = np.array([[20.0], [0], [2], [0]])
    step = OPERATIONS["rmsprop_update"].rungs[rung]
    rates = 6, 0.75, 0.5, 1
    step((theta,), (np.array([4.0]),), (v,), (m,), (a,), *rates)
    assert (theta[0], v[0], m[0], a[0]) == (7, 4, 13, 1)
    # 0.75·4 + 0.25·0: without a gradient, momentum alone takes a step.
    step((theta,), (np.zeros(1),), (v,), (m,), (a,), *rates)
    assert (theta[0], v[0], m[0], a[0]) == (0.5, 3, 6.5, 0.75)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(("name", "columns"), [("adam", 5), ("rmsprop", 5)])
def test_each_parameter_is_updated_as_if_it_were_the_only_one(
    name, columns, rung, threads
):
    rng, update = np.random.default_rng(0), OPERATIONS[f"{name}_update"].rungs[rung]
    sizes = [1, CHUNK, 7, 3 * CHUNK + 1, 0, CHUNK - 1, 2]
    rates = 1e-2, 0.9, 0.999, 1e-1
    together = [
        [rng.random(size, np.float32) for size in sizes] for _ in range(columns)
    ]
    for velocity in together[2]:
        velocity += 1  # above the square of any average gradient
    alone = copy.deepcopy(together)
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, before))
    try:
        update(*map(tuple, together), *rates)
    finally:
        numba.set_num_threads(before)
    for row in zip(*alone, strict=True):
        update(*((array,) for array in row), *rates)
    for ours, theirs in zip(
        itertools.chain(*together), itertools.chain(*alone), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("rung", RUNGS)
def test_gradient_descent_by_hand(rung):
    parameter = np.array([1.0, 2])
    OPERATIONS["sgd_update"].rungs[rung](parameter, np.array([4.0, -4]), 0.25)
    assert parameter.tolist() == [0, 3]


@pytest.mark.parametrize("rung", RUNGS)
@pytest.mark.parametrize(
    ("nesterov", "first", "second"), [(False, 0, -1.5), (True, -0.5, -2.25)]
)
def test_momentum_by_hand(rung, nesterov, first, second):
    # m is −1 and then −1.5; Nesterov's steps are −1.5 and −1.75.
    parameter, m, gradient = np.array([1.0]), np.zeros(1), np.array([4.0])
    step = OPERATIONS["sgd_momentum_update"].rungs[rung]
    step(parameter, gradient, m, 0.25, 0.5, nesterov)
    assert (m[0], parameter[0]) == (-1, first)
    step(parameter, gradient, m, 0.25, 0.5, nesterov)
    assert (m[0], parameter[0]) == (-1.5, second)


def test_the_mean_of_a_gradient_that_is_0_becomes_0():
    # Without help it would stay at a few of the smallest numbers there are, for good.
    parameter, momentum = np.ones(3, np.float32), np.full(3, 1e-37, np.float32)
    gradient, velocity = np.zeros(3, np.float32), np.full(3, 1e-37, np.float32)
    rates = 1e-3, 0.9, 0.9, 1e-7
    for _ in range(100):
        OPERATIONS["adam_update"].rungs["loops"](
            (parameter,), (gradient,), (momentum,), (velocity,), (), *rates
        )
    assert not momentum.any()
    assert not velocity.any()
    assert np.float32(1e-40) * np.float32(1) != 0  # the caller's own setting is back
