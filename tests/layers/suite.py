"""The tests that every layer passes: declare cases and an oracle, inherit the rest."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from scratchnet.foundation.workspace import Workspace
from scratchnet.gradcheck import gradcheck, inputs
from scratchnet.layers.data_layer import DataLayer
from scratchnet.layers.layer import Layer

BATCH = 3


@dataclass(frozen=True)
class Case:
    """A layer's settings, with the shapes of one sample that they lead from and to."""

    settings: dict[str, Any]
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    weights: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        settings = ",".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{settings or 'default'}-{'x'.join(map(str, self.input_shape))}"


class LayerSuite:
    """Subclass as ``TestDense``, and give what is declared here.

    Attributes:
        layer: the class under test.
        cases: settings and shapes; every inherited test runs on each.
        terms: most products or summands that make up one output value.
    """

    layer: type[Layer]
    cases: tuple[Case, ...]
    terms = 64

    def expected(
        self, layer: Any, x: np.ndarray, weights: dict[str, np.ndarray]
    ) -> np.ndarray:
        """Return y of inference, computed without any code of scratchnet."""
        raise NotImplementedError

    def pytest_generate_tests(self, metafunc):
        if "case" in metafunc.fixturenames:
            names = [case.name for case in self.cases]
            metafunc.parametrize("case", self.cases, ids=names)

    # Tools.

    def make(self, case: Case, dtype: str = "float32", **settings: Any) -> Layer:
        return self.layer(**{**case.settings, "dtype": dtype, **settings})

    def built(self, case: Case, dtype: str = "float32") -> Layer:
        """Return a built layer whose weights are all of them random."""
        layer = self.make(case, dtype)
        rng = np.random.default_rng(1)
        layer.ensure_built((None, *case.input_shape), rng)
        for weight in layer.weights:
            inputs.unsettle(weight, rng)
        return layer

    def batch(self, case: Case, size: int = BATCH, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return inputs.distinct((size, *case.input_shape), rng).astype(np.float32)

    def upstream(self, case: Case, size: int = BATCH, seed: int = 2) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return rng.standard_normal((size, *case.output_shape)).astype(np.float32)

    def tolerance(self, reference: np.ndarray, dtype: str) -> float:
        """The rounding of a sum of ``terms`` summands, each as large as a result."""
        largest = float(np.max(np.abs(reference), initial=1.0))
        return 4 * self.terms * float(np.finfo(dtype).eps) * largest

    def agree(self, one: Layer, other: Layer, x: np.ndarray) -> None:
        y = other(x, training=False)
        np.testing.assert_array_equal(one(x, training=False), y)

    # Results.

    def test_inference_gives_what_the_oracle_gives(self, case):
        for dtype in ("float32", "float64"):
            layer = self.built(case, dtype)
            x = self.batch(case).astype(dtype)
            expected = self.expected(
                layer,
                x.astype(np.float64),
                {name: w.astype(np.float64) for name, w in layer.named_weights.items()},
            )
            y = layer(x, training=False)
            assert y.shape == expected.shape
            tolerance = self.tolerance(expected, dtype)
            np.testing.assert_allclose(y, expected, rtol=0, atol=tolerance)

    def test_gradients_agree_with_differences(self, case):
        for settings in (
            {"seed": 0, "tolerance": 1e-6},
            {"seed": 1, "tolerance": 1e-6},
            {"batch_size": 1},
        ):
            report = gradcheck(
                self.make(case), input_shape=case.input_shape, **settings
            )
            assert report.passed, report

    def test_float32_results_are_those_of_float64_rounded(self, case):
        x = self.batch(case)
        for training in (False, True):
            low, high = (self.built(case, dtype) for dtype in ("float32", "float64"))
            high.set_weights(low.get_weights())
            high.buffers.update(
                {k: v.copy() for k, v in low.buffers.items() if v.dtype.kind == "u"}
            )
            y = high(x, training=training)
            # Statistics of a batch lose digits to the cancellation in x − mean.
            tolerance = 4 * self.tolerance(y, "float32")
            np.testing.assert_allclose(
                low(x, training=training), y, rtol=0, atol=tolerance
            )

    # Shapes and dtypes.

    def test_shapes_are_the_declared_ones(self, case):
        layer = self.built(case)
        assert layer.input_shape == (None, *case.input_shape)
        assert layer.output_shape == (None, *case.output_shape)
        assert layer.compute_output_shape((7, *case.input_shape)) == (
            7,
            *case.output_shape,
        )
        assert layer(self.batch(case), training=False).shape == (
            BATCH,
            *case.output_shape,
        )
        assert {k: v.shape for k, v in layer.named_weights.items()} == case.weights
        assert layer.weight_shapes(layer.input_shape) == case.weights
        assert layer.grads.keys() == layer.params.keys()
        layer.forward(self.batch(case), training=True)
        dx = layer.backward(self.upstream(case))
        assert dx.shape == (BATCH, *case.input_shape)
        for name, param in layer.params.items():
            assert layer.grads[name].shape == param.shape
        total = sum(int(np.prod(shape)) for shape in case.weights.values())
        assert layer.count_params() == total

    def test_dtype_is_float32_unless_asked_otherwise(self, case):
        for dtype in ("float32", "float64"):
            layer = self.built(case, dtype)
            x, dy = self.batch(case).astype(dtype), self.upstream(case).astype(dtype)
            assert layer(x, training=False).dtype == dtype
            assert layer.forward(x, training=True).dtype == dtype
            assert layer.backward(dy).dtype == dtype
            for array in (*layer.weights, *layer.grads.values()):
                assert array.dtype in (dtype, np.int64)
        layer = self.layer(**case.settings)
        assert layer.dtype == np.float32
        assert layer(self.batch(case).astype(np.float64)).dtype == np.float32

    def test_input_of_another_shape_than_built_for_is_refused(self, case):
        layer = self.built(case)
        if isinstance(layer, DataLayer):
            return  # made for whatever comes
        expected = r"expected input \(N, .*received"
        with pytest.raises(ValueError, match=f"{layer.name}.*{expected}"):
            layer(np.ones((2, *case.input_shape, 1), np.float32))
        if case.input_shape[-1] > 0:
            wider = (*case.input_shape[:-1], case.input_shape[-1] + 1)
            with pytest.raises(ValueError, match=f"{layer.name}.*{expected}"):
                layer(np.ones((2, *wider), np.float32))

    # What goes in stays as it is.

    def test_x_dy_and_parameters_are_left_alone(self, case):
        layer = self.built(case)
        x, dy = self.batch(case), self.upstream(case)
        before = x.copy(), dy.copy(), copy.deepcopy(layer.params)
        layer.forward(x, training=False)
        layer.forward(x, training=True)
        layer.backward(dy)
        np.testing.assert_array_equal(x, before[0])
        np.testing.assert_array_equal(dy, before[1])
        for name, value in before[2].items():
            np.testing.assert_array_equal(layer.params[name], value)

    def test_any_memory_layout_and_number_type_of_x(self, case):
        layer = self.built(case)
        x = np.rint(self.batch(case) * 10).astype(np.float32)
        y = layer(x, training=False).copy()
        wide = np.zeros((BATCH, *case.input_shape[:-1], 2 * case.input_shape[-1]))
        wide[..., ::2] = x
        frozen = x.copy()
        frozen.setflags(write=False)
        for other in (
            wide[..., ::2],
            np.asfortranarray(x),
            frozen,
            x[::-1].copy()[::-1],
            x.astype(np.int64),
            x.tolist(),
        ):
            np.testing.assert_array_equal(layer(other, training=False), y)

    # State.

    def test_inference_keeps_nothing(self, case):
        layer = self.built(case)
        with pytest.raises(RuntimeError, match=f"{layer.name}.*needs a forward"):
            layer.backward(self.upstream(case))
        buffers = copy.deepcopy(layer.buffers)
        x = self.batch(case)
        first = layer(x, training=False).copy()
        np.testing.assert_array_equal(layer(x, training=False), first)
        for name, value in buffers.items():
            np.testing.assert_array_equal(layer.buffers[name], value)
        with pytest.raises(RuntimeError, match=r"needs a forward\(x, training=True\)"):
            layer.backward(self.upstream(case))

    def test_inference_between_forward_and_backward_changes_no_gradient(self, case):
        layer, x, dy = self.built(case), self.batch(case), self.upstream(case)
        layer.forward(x, training=True)
        dx = layer.backward(dy).copy()
        grads = copy.deepcopy(layer.grads)
        layer.forward(self.batch(case, seed=9), training=False)
        np.testing.assert_array_equal(layer.backward(dy), dx)
        for name, value in grads.items():
            np.testing.assert_array_equal(layer.grads[name], value)

    def test_gradients_are_overwritten_in_place(self, case):
        layer, x, dy = self.built(case), self.batch(case), self.upstream(case)
        arrays = dict(layer.grads)
        layer.forward(x, training=True)
        layer.backward(dy)
        first = copy.deepcopy(layer.grads)
        for gradient in layer.grads.values():
            gradient[...] = np.nan
        layer.backward(dy)
        for name, value in first.items():
            assert layer.grads[name] is arrays[name]
            np.testing.assert_array_equal(layer.grads[name], value)

    def test_a_batch_of_one_gives_its_row_of_the_batch_and_one_of_none_none(self, case):
        layer, x = self.built(case), self.batch(case)
        y = layer(x, training=False)
        for row in range(BATCH):
            alone = layer(x[row : row + 1], training=False)
            assert alone.shape == (1, *case.output_shape)
            tolerance = self.tolerance(y, "float32")
            np.testing.assert_allclose(
                alone[0], y[row], rtol=0, atol=tolerance, equal_nan=False
            )
        assert layer(x[:0], training=False).shape == (0, *case.output_shape)

    def test_nan_in_x_is_not_hidden(self, case):
        layer, x = self.built(case), self.batch(case)
        x[0] = np.nan
        y = layer(x, training=False)
        assert np.isnan(y[0]).any()
        assert np.isfinite(y[1:]).all()

    def test_a_workspace_changes_no_result(self, case):
        bare, working = self.built(case), self.built(case)
        for seed, size in ((0, 3), (1, 5), (2, 2)):
            x, dy = self.batch(case, size, seed), self.upstream(case, size, seed)
            y = bare.forward(x, training=True)
            dx = bare.backward(dy)
            with self.workspace(working):
                np.testing.assert_array_equal(working.forward(x, training=True), y)
                np.testing.assert_array_equal(working.backward(dy), dx)
            for name, value in bare.grads.items():
                np.testing.assert_array_equal(working.grads[name], value)

    def workspace(self, layer: Layer) -> Workspace:
        """Return the one workspace that goes with a layer."""
        if "_test_workspace" not in vars(layer):
            vars(layer)["_test_workspace"] = Workspace()
        return layer._test_workspace

    # Round trips.

    def test_weights_round_trip(self, case):
        layer, x = self.built(case), self.batch(case)
        layer.forward(x, training=True)
        weights = layer.get_weights()
        assert [weight.shape for weight in weights] == list(case.weights.values())
        other = self.make(case)
        other.ensure_built((None, *case.input_shape), np.random.default_rng(5))
        other.set_weights(weights)
        self.agree(other, layer, x)
        for weight in weights:
            weight[...] = np.nan if weight.dtype.kind == "f" else -1
        assert all(np.isfinite(weight).all() for weight in layer.get_weights())
        assert all(np.isfinite(weight).all() for weight in other.get_weights())

    def test_weights_that_do_not_fit_change_nothing(self, case):
        layer = self.built(case)
        weights = layer.get_weights()
        with pytest.raises(ValueError, match=f"expected {len(weights)} weights"):
            layer.set_weights([*weights, np.ones(3)])
        if weights:
            wrong = [np.zeros_like(weight) for weight in weights]
            wrong[-1] = np.zeros((*weights[-1].shape, 2))
            with pytest.raises(ValueError, match=r"expected weight '.*' of shape"):
                layer.set_weights(wrong)
        for before, after in zip(weights, layer.get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)

    def test_config_round_trip(self, case):
        layer, x = self.built(case), self.batch(case)
        config = layer.get_config()
        text = json.dumps(config)
        clone = self.layer.from_config(json.loads(text))
        assert type(clone) is self.layer
        assert json.dumps(clone.get_config()) == text
        assert clone.name == layer.name
        clone.ensure_built((None, *case.input_shape))
        clone.set_weights(layer.get_weights())
        self.agree(clone, layer, x)

    def test_copies_and_pickles_compute_the_same(self, case):
        layer, x = self.built(case), self.batch(case)
        for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
            self.agree(twin, layer, x)

    # Settings that all layers share.

    def test_shared_settings(self, case):
        layer = self.make(case, name="mine", trainable=False)
        assert layer.name == "mine"
        assert layer.trainable is False
        layer.ensure_built((None, *case.input_shape))
        assert layer.trainable_params == {}
        with pytest.raises(ValueError, match="expected dtype float32 or float64"):
            self.make(case, dtype="float16")
        with pytest.raises(ValueError, match="expected a string without '/'"):
            self.make(case, name="a/b")
        with pytest.raises(TypeError):
            self.make(case, no_such_setting=1)


class RefusesShapes:
    """Added to the suite of a layer that doesn't take inputs of every shape.

    Attributes:
        bad_shapes: (settings, shape of a batch, pattern of the message).
    """

    layer: type[Layer]
    bad_shapes: tuple[tuple[dict[str, Any], tuple[int, ...], str], ...]

    def test_a_shape_that_the_layer_cannot_take_is_refused(self):
        assert self.bad_shapes
        for settings, shape, message in self.bad_shapes:
            layer = self.layer(**settings, name="victim")
            with pytest.raises(ValueError, match=message) as error:
                layer(np.ones(shape, np.float32))
            assert f"{self.layer.__name__} 'victim'" in str(error.value)
            assert not layer.built
            assert not layer.params


def refuses(make: Any, settings: dict[str, Any], message: str) -> None:
    """Require a constructor to refuse settings with a message."""
    with pytest.raises((ValueError, NotImplementedError), match=message):
        make(**settings)
