"""The contract that every layer keeps."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scratchnet.foundation import lookup, naming, workspace
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.foundation.subset import missing, refuse

# Keras's public names that a layer of scratchnet's has not.
OUTSIDE = frozenset(
    """
    add_loss add_metric add_variable add_weight build_from_config call compute_dtype
    compute_mask compute_output_spec dtype_policy get_build_config input input_dtype
    input_spec load_own_variables losses metrics metrics_variables
    non_trainable_variables output path
    quantization_mode quantize quantized_build quantized_call rematerialized_call
    save_own_variables stateless_call supports_masking symbolic_call
    trainable_variables variable_dtype variables
    """.split()
)


class Layer:
    """A differentiable function with parameters: the base of every layer.

    A subclass writes four methods; `Dropout` and `Dense` are good ones to read.

    - ``__init__`` takes hyperparameters only, and checks them at once;
    - ``build(input_shape, rng)`` allocates `params`, `grads` (same keys, same
      shapes) and `buffers` (arrays that are kept but not learnt);
    - ``forward(x, *, training)`` computes y, never changes x, and remembers what
      ``backward`` needs only when training;
    - ``backward(dy)`` takes ∂loss/∂y, overwrites `grads` with ∂loss/∂parameter and
      returns ∂loss/∂x.

    `compute_output_shape` is needed where the output's shape is not the input's,
    `weight_shapes` where there are weights, and `get_config` where the constructor has
    arguments of its own.

    Attributes:
        params: name → array, learnt by the optimizer. Keras's names (``kernel``).
        grads: name → gradient of the last ``backward``.
        buffers: name → array, such as moving statistics.
        weight_names: the names among params and buffers that are weights, in Keras's
            order; Keras's `get_weights` and files follow it.

    Reference: `keras/src/layers/layer.py`.
    """

    weight_names: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        input_shape: Shape | None = None,
        input_dim: int | None = None,
        **unknown: Any,
    ) -> None:
        """Keep the arguments that all layers share.

        Args:
            activity_regularizer: outside the subset.
            trainable: whether the optimizer may change the parameters.
            dtype: float32 (default) or float64.
            autocast: outside the subset if False: inputs are cast to dtype.
            name: shown in tables and messages; by default the class's name in snake
                case with a number.
            input_shape: shape of one sample; on a first layer it stands for an
                `Input` before it.
            input_dim: n for ``input_shape=(n,)``.
            **unknown: none; whatever comes here is refused by name.
        """
        if unknown:
            _refuse_unknown(type(self), next(iter(unknown)))
        self.name = naming.check(name) if name else naming.unique(type(self))
        self.trainable = bool(trainable)
        self.dtype = _check_dtype(self.label, dtype)
        refuse(
            self.label,
            activity_regularizer=(activity_regularizer, None),
            autocast=(autocast, True),
        )
        if input_dim is not None:
            if input_shape is not None:
                raise ValueError(
                    f"{self.label}: expected input_dim or input_shape, received "
                    f"input_dim={input_dim!r} and input_shape={input_shape!r}"
                )
            input_shape = (input_dim,)
        self.input_shape_argument = (
            None if input_shape is None else _check_shape(self.label, input_shape)
        )
        self.built = False
        self.input_shape: Shape | None = None
        self.output_shape: Shape | None = None
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}
        self.buffers: dict[str, np.ndarray] = {}
        self._cache: Any = None

    # What a subclass writes.

    def build(self, input_shape: Shape, rng: np.random.Generator) -> None:
        """Allocate the parameters; a layer without any needs no build of its own.

        Args:
            input_shape: shape of the input, the batch's dimension (None) first.
            rng: source of the initial values.
        """

    def weight_shapes(self, input_shape: Shape) -> dict[str, tuple[int, ...]]:
        """Return name → shape of every weight that `build` would allocate."""
        return {}

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output for a batch."""
        raise NotImplementedError(f"{self.label}: forward is not written")

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Carry the loss's gradient from the output to the input and parameters."""
        raise NotImplementedError(f"{self.label}: backward is not written")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape for an input's; here: the same."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as plain data."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": self.dtype.name,
        }

    # What every layer has.

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Make a layer from what `get_config` returned."""
        return cls(**config)

    @property
    def label(self) -> str:
        """Class and name, as messages say them: ``Dense 'dense_1'``."""
        return f"{type(self).__name__} '{self.name}'"

    def ensure_built(
        self, input_shape: Shape, rng: np.random.Generator | None = None
    ) -> None:
        """Build once, and note the shapes."""
        if self.built:
            return
        from scratchnet.foundation import random

        shape = (None, *input_shape[1:])
        output_shape = self.compute_output_shape(shape)
        self.build(shape, random.stream("initialisation") if rng is None else rng)
        self.input_shape, self.output_shape = shape, output_shape
        self.built = True

    def __call__(self, x: Any, training: bool = False) -> np.ndarray:
        """Build if need be, check the input's shape, and run ``forward``."""
        x = self.cast(x)
        self.ensure_built(x.shape)
        self.check_input(x.shape)
        return self.forward(x, training=bool(training))

    def cast(self, x: Any) -> np.ndarray:
        """Return x as a C-contiguous, writeable, aligned array of this layer's dtype.

        Writeable, though no layer writes to it: Numba would compile every kernel
        once more for arrays that are read-only, and for those that are not aligned.
        """
        if isinstance(x, np.ndarray) and x.dtype == self.dtype and x.flags.carray:
            return x
        return np.require(x, self.dtype, ("C", "W", "A"))

    def check_input(self, shape: Shape) -> None:
        """Compare a batch's shape with the one that the layer was built for.

        Raises:
            ValueError: rank or a dimension differs.
        """
        expected = self.input_shape
        if expected is None:
            raise RuntimeError(
                f"{self.label}: not built yet; call it on a batch, or add it to a "
                "Sequential with an Input"
            )
        if len(shape) != len(expected) or any(
            want is not None and got != want
            for got, want in zip(shape, expected, strict=True)
        ):
            raise ValueError(
                f"{self.label}: expected input {format_shape(expected)}, "
                f"received {format_shape(shape)}"
            )

    def check_gradient(self, dy: Any, shape: Shape) -> np.ndarray:
        """Return dy as `cast` would, if it has the output's shape.

        Raises:
            ValueError: it has another.
        """
        if np.shape(dy) != shape:
            raise ValueError(
                f"{self.label}: expected a gradient of the output's shape {shape}, "
                f"received {np.shape(dy)}"
            )
        return self.cast(dy)

    def empty(self, name: str, shape: Shape) -> np.ndarray:
        """Return an array to write into, from the active workspace if there is one."""
        sizes = cast("tuple[int, ...]", shape)  # of a batch at hand: nothing is open
        return workspace.empty(self, name, sizes, self.dtype)

    def remember(self, cache: Any, *, training: bool) -> None:
        """Keep for ``backward`` what ``forward`` met, when training."""
        if training:
            self._cache = cache

    def recall(self) -> Any:
        """Return what ``forward`` remembered.

        Raises:
            RuntimeError: there was no ``forward(training=True)``.
        """
        if self._cache is None:
            raise RuntimeError(
                f"{self.label}: backward needs a forward(x, training=True) before it"
            )
        return self._cache

    def add_param(self, name: str, value: np.ndarray) -> None:
        """Add a parameter and its gradient."""
        self.params[name] = np.ascontiguousarray(value, self.dtype)
        self.grads[name] = np.zeros_like(self.params[name])

    @property
    def named_weights(self) -> dict[str, np.ndarray]:
        """Name → array of every weight, in Keras's order."""
        own = {**self.params, **self.buffers}
        names = self.weight_names or tuple(self.params)
        return {name: own[name] for name in names if name in own}

    @property
    def weights(self) -> list[np.ndarray]:
        """The weights themselves, in Keras's order: what is written there is theirs.

        Keras's are variables, which have ``assign``; these are arrays.
        """
        return list(self.named_weights.values())

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Those of `weights` that the optimizer may change."""
        own = self.named_weights.items()
        return [weight for name, weight in own if name in self.trainable_params]

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """Those of `weights` that it may not: statistics, or all if frozen."""
        own = self.named_weights.items()
        return [weight for name, weight in own if name not in self.trainable_params]

    @property
    def trainable_params(self) -> dict[str, np.ndarray]:
        """The parameters that the optimizer may change: all, or none if frozen."""
        return self.params if self.trainable else {}

    def count_params(self) -> int:
        """Return the number of values in all weights."""
        return sum(weight.size for weight in self.weights)

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of the weights, in Keras's order."""
        return [weight.copy() for weight in self.weights]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        """Overwrite the weights; all are checked before any is changed.

        Raises:
            ValueError: their number or a shape differs, or a value is not numeric.
        """
        copy_weights(self.label, self.named_weights, weights)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Say what of Keras's is outside the subset."""
            return missing(self, name, OUTSIDE)


def copy_weights(who: str, into: dict[str, np.ndarray], values: Any) -> None:
    """Copy values into weights of the same shapes, all or none.

    Raises:
        ValueError: their number, a shape or the kind of a value differs.
    """
    values = [np.asarray(value) for value in values]
    if len(values) != len(into):
        raise ValueError(
            f"{who}: expected {len(into)} weights ({', '.join(into) or 'none'}), "
            f"received {len(values)}"
        )
    for (name, weight), value in zip(into.items(), values, strict=True):
        if weight.shape != value.shape:
            raise ValueError(
                f"{who}: expected weight '{name}' of shape {weight.shape}, "
                f"received {value.shape}"
            )
        if not (np.issubdtype(value.dtype, np.floating) or value.dtype.kind in "iub"):
            raise ValueError(
                f"{who}: expected real numbers for weight '{name}', "
                f"received dtype {value.dtype}"
            )
    for weight, value in zip(into.values(), values, strict=True):
        weight[...] = value


def _check_shape(who: str, shape: Any) -> Shape:
    """Return one sample's shape as a tuple of positive ints."""
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ValueError(
                f"{who}: expected a shape of positive whole numbers (one sample, "
                f"without the batch), received {shape!r}"
            )
    return tuple(int(size) for size in sizes)


def _check_dtype(who: str, dtype: Any) -> np.dtype:
    try:
        checked = np.dtype("float32" if dtype is None else dtype)
    except (TypeError, ValueError):
        checked = np.dtype(object)
    if checked not in (np.float32, np.float64):
        raise ValueError(
            f"{who}: expected dtype float32 or float64, received {dtype!r}"
        )
    return checked


def _refuse_unknown(cls: type, name: str) -> None:
    known = {
        parameter
        for base in cls.__mro__[:-1]
        for parameter in inspect.signature(base).parameters
    }
    known -= {"unknown", "kwargs"}
    raise TypeError(
        f"{cls.__name__}: there is no argument '{name}'"
        f"{lookup.suggest(name, dict.fromkeys(sorted(known)))}"
    )
