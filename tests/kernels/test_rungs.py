"""What every rung of every operation promises, one test for all of them."""

import inspect
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scratchnet.kernels import FORMULAS, OPERATIONS, RUNGS
from tests.kernels.cases import CASES, DTYPES, ELEMENTWISE_LOSSES, ROW_LOSSES
from tests.kernels.run_cases import LARGE, ON_BLAS, ON_TILES, last

EVERY_OPERATION = pytest.mark.parametrize("operation", OPERATIONS)


def test_every_operation_has_a_case_and_every_case_an_operation():
    assert set(CASES) == set(OPERATIONS)


@EVERY_OPERATION
def test_rungs_stand_on_a_ladder_with_one_signature_and_say_what_limits_them(operation):
    rungs = OPERATIONS[operation].rungs
    wanted = list(inspect.signature(rungs["reference"]).parameters)
    order = [RUNGS.index(rung) for rung in rungs]
    assert order == sorted(order)
    for rung, implementation in rungs.items():
        assert list(inspect.signature(implementation).parameters) == wanted
        assert implementation.__name__ == f"{operation}_{rung}"
        module = inspect.getmodule(implementation)
        words = f"{implementation.__doc__} {module.__doc__}".split()
        assert "limits this rung" in " ".join(words), rung


@EVERY_OPERATION
@settings(deadline=None, derandomize=True, max_examples=8, database=None)
@given(data=st.data())
def test_every_rung_agrees_with_the_float64_reference(operation, data):
    # Results are filled with NaN before, and inputs are looked at after; see Case.run.
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    for dtype in DTYPES:
        case = CASES[operation](
            lambda options: data.draw(st.sampled_from(options)), rng, dtype
        )
        case.check(*OPERATIONS[operation].rungs.values())


@pytest.mark.parametrize("dtype", DTYPES)
@EVERY_OPERATION
def test_large_arrays_agree_too(operation, dtype):
    # Large enough for several chunks, which hypothesis may not draw.
    for pick in LARGE:
        case = CASES[operation](pick, np.random.default_rng(1), dtype)
        case.check(*OPERATIONS[operation].rungs.values())


@pytest.mark.parametrize(
    "operation", ["convolution_forward", "dense_forward", "dense_chain_forward"]
)
def test_tiles_take_read_only_arrays(operation):
    # For the rungs below, test_processes.py has this.
    rungs = OPERATIONS[operation].rungs
    case = CASES[operation](last, np.random.default_rng(1), np.float32)
    case.check(*(rungs[name] for name in rungs.keys() & ON_TILES), read_only=True)


ONE_ROW = {
    "convolution_forward": ("x", "y"),
    "dense_forward": ("x", "y"),
    "max_pooling_forward": ("x", "y"),
    "average_pooling_forward": ("x", "y"),
    "grouped_convolution_forward": ("x", "y"),
    "depthwise_convolution_forward": ("x", "y"),
    "upsampling_forward": ("x", "y"),
    "bilinear_forward": ("x", "y"),
    "global_max_pooling_forward": ("x", "y"),
    "parametric_relu_forward": ("x", "y"),
    "group_normalization_forward": ("x", "y"),
    "normalised_pooling_forward": ("z", "y"),
    "pooled_convolution_forward": ("x", "y"),
    "measured_convolution_forward": ("x", "z"),
    "normalised_convolution_inference": ("x", "y"),
    "batch_normalization_inference": ("x", "y"),
    "relu_forward": ("x", "y"),
    **{f"{name}_forward": ("x", "y") for name in FORMULAS},
    "softmax_forward": ("x", "y"),
    "log_softmax_forward": ("x", "y"),
    "softmax_cross_entropy_forward": ("logits", "losses"),
    **{
        f"{name}_forward": ("predictions", "losses")
        for name in ("mean_squared_error", *ELEMENTWISE_LOSSES, *ROW_LOSSES)
    },
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ONE_ROW)
def test_a_row_has_the_same_bits_wherever_in_a_batch_it_is(operation, dtype):
    rungs = OPERATIONS[operation].rungs
    for rung in rungs.keys() - ON_BLAS:
        assert_rows_are_independent(operation, rungs[rung], dtype)


def assert_rows_are_independent(operation, implementation, dtype):
    source, result = ONE_ROW[operation]
    whole = CASES[operation](last, np.random.default_rng(2), dtype)
    expected = whole.run(implementation)[0][result]
    batch = len(whole.arguments[source])
    for first, stop in ((0, 1), (batch // 2, batch // 2 + 1), (1, batch)):
        part = CASES[operation](last, np.random.default_rng(2), dtype)
        for name, value in part.arguments.items():
            if isinstance(value, np.ndarray) and len(value) == batch:
                if name in (source, "targets"):
                    part.arguments[name] = value[first:stop]
        part.written = {
            name: (stop - first, *shape[1:]) if shape[0] == batch else shape
            for name, shape in part.written.items()
        }
        results, _ = part.run(implementation)
        np.testing.assert_array_equal(results[result], expected[first:stop])


IN_PLACE = {
    "relu_forward": ("x", "y"),
    "relu_backward": ("dy", "dx"),
    **{f"{name}_forward": ("x", "y") for name in FORMULAS},
    **{f"{name}_backward": ("dy", "dx") for name in FORMULAS},
    "softmax_forward": ("x", "y"),
    "softmax_backward": ("dy", "dx"),
    "log_softmax_forward": ("x", "y"),
    "log_softmax_backward": ("dy", "dx"),
    "dropout": ("x", "y"),
}


@pytest.mark.parametrize("operation", IN_PLACE)
def test_working_in_place_gives_the_same_bits(operation):
    source, result = IN_PLACE[operation]
    for implementation, pick in itertools.product(
        OPERATIONS[operation].rungs.values(), LARGE
    ):
        case = CASES[operation](pick, np.random.default_rng(3), np.float32)
        expected = case.run(implementation)[0][result]
        arguments = case.arguments | {source: case.arguments[source].copy()}
        arguments[result] = arguments[source]
        names = inspect.signature(implementation).parameters
        implementation(*(arguments[name] for name in names))
        np.testing.assert_array_equal(arguments[result], expected)
