"""What every metric does: keep running numbers, and make a result of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from scratchnet import initializers
from scratchnet.foundation import naming, overrides
from scratchnet.foundation.attributes import (
    OnlyWhatThereIs,
    constructor_arguments,
    is_set_from_outside,
)
from scratchnet.foundation.overrides import is_user_s
from scratchnet.foundation.shapes import Shape, format_shape
from scratchnet.foundation.tensor import Tensor, Variable, as_tensor

# What a metric has counted, beside what it was made with.
STATE = frozenset(("name", "_variables", "_total", "_count"))


class Metric(OnlyWhatThereIs):
    """The base of every metric; a subclass is written in one of two ways.

    A mean over samples writes `values`, and the rest is done for it. Anything else is
    written as in Keras: variables from `add_variable` in the constructor,
    `update_state`, which changes them, and `result`; `reset_state` makes them 0.

    Args:
        dtype: float32 or None.
        name: key in logs and history; by default the class's, in snake case, with
            a number from the second on.

    Attributes:
        _direction: "up" where more is better, "down" where less is, None where it is
            not known; the name is Keras's, and a metric of your own may set it.

    Reference: `keras/src/metrics/metric.py`.
    """

    _direction: str | None = None

    def __init_subclass__(cls, **more: Any) -> None:
        """Refuse a metric with methods that nothing calls."""
        super().__init_subclass__(**more)
        overrides.refuse(cls, "Metric")

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or naming.unique(type(self).__name__)
        if dtype not in (None, "float32", np.float32):
            raise NotImplementedError(
                f"{type(self).__name__}: dtype={dtype!r} is outside scratchnet's "
                "subset of Keras; a metric's results are float32"
            )
        self.dtype = "float32"
        self._variables: list[Variable] = []
        self._total, self._count = 0.0, 0.0

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that there is; an argument as the constructor would.

        Raises:
            AttributeError: there is none, or what is counted goes by it.
        """
        if name in vars(self) and name[0] != "_" and is_set_from_outside():
            made = next(one for one in type(self).__mro__ if not is_user_s(one))
            if name != "name" and name in constructor_arguments(made):
                self._change(made, name, value)
                return
        super().__setattr__(name, value)

    def _change(self, made: type[Metric], name: str, value: Any) -> None:
        """Change an argument, and all that the constructor makes of it."""
        with naming.preserved():
            new = made(**{**made.get_config(self), name: value})
        shapes = [[one.shape for one in each._variables] for each in (self, new)]
        if shapes[0] != shapes[1] or vars(new)[name] != value:
            raise AttributeError(
                f"{type(self).__name__}: '{name}' can't be changed any more, since "
                "what is counted goes by it; make a new metric"
            )
        for own, now in vars(new).items():
            if not isinstance(now, Variable) and own not in STATE:
                vars(self)[own] = now

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return one value per sample, (N,), or several, (N, ...)."""
        raise NotImplementedError

    def check(self, y_shape: tuple[int, ...], output_shape: Shape) -> None:
        """Compare targets with the model's output, (N, ...), before any is counted.

        Raises:
            ValueError: this metric can't be computed from them.
        """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch."""
        values = self.values(np.asarray(y_true), np.asarray(y_pred))
        self._add(values, sample_weight)

    def _add(self, values: Any, weights: Any = None) -> None:
        """Add values to the running mean, each counted once or by its weight."""
        values, weights = self._samplewise(values, weights)
        self._total += float(np.sum(values, dtype=np.float64))
        count = values.size if weights is None else np.sum(weights, dtype=np.float64)
        self._count += float(count)

    def _samplewise(
        self, values: Any, weights: Any, reduce: Callable[..., Any] = np.mean
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return a value for each sample, times its weight, and the weights.

        Weights may be of samples, (N,), or of values; a last dimension of 1 may be
        there or not.

        Raises:
            ValueError: they are of another shape.

        Reference: `reduce_to_samplewise_values` in
        `keras/src/metrics/reduction_metrics.py`.
        """
        values = np.asarray(values)
        if weights is not None:
            weights = np.asarray(weights, np.float64)
            if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
                weights = weights[..., 0]
            elif weights.ndim + 1 == values.ndim and values.shape[-1] == 1:
                values = values[..., 0]
            values = reduce(
                values.astype(np.float64), tuple(range(weights.ndim, values.ndim))
            )
            try:
                weights = np.broadcast_to(weights, values.shape)
            except ValueError:
                raise ValueError(
                    f"metric '{self.name}': expected sample_weight for values of shape "
                    f"{values.shape}, received shape {weights.shape}"
                ) from None
            values = values * weights
            weights = reduce(weights, tuple(range(1, weights.ndim)))
        return reduce(values, tuple(range(1, values.ndim))), weights

    def result(self) -> Any:
        """Return the mean so far; 0 before the first batch, as in Keras."""
        return as_tensor(np.float32(self._mean()))

    def _mean(self) -> float:
        return self._total / self._count if self._count else 0.0

    def reset_state(self) -> None:
        """Start again."""
        self._total, self._count = 0.0, 0.0
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: DTypeLike | None = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """Return a new variable, which `reset_state` makes 0.

        Args:
            shape: its shape; () is a number.
            initializer: name or object of its first values; None is zeros.
            dtype: None is float32.
            aggregation: what Keras does on several machines; of no effect on one.
            name: of it.
        """
        first = initializers.get(initializer or "zeros")
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        variable = Variable(first(shape), dtype=dtype or np.float32, name=name)
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: DTypeLike | None = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new variable: `add_variable` under its older name."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The variables, those of metrics among the attributes included."""
        inner = [one for one in vars(self).values() if isinstance(one, Metric)]
        return self._variables + [own for one in inner for own in one.variables]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Metric:
        """Make a metric of what `get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        """Show what Keras shows."""
        return f"<{type(self).__name__} name={self.name}>"


def as_log(metric: Metric) -> Any:
    """Return a metric's result as logs have it: a number, or several."""
    if type(metric).result is Metric.result:
        return metric._mean()
    return plain(metric.result())


def plain(result: Any) -> Any:
    """Return numbers of Python's; arrays of several numbers stay arrays."""
    if isinstance(result, dict):
        return {name: plain(value) for name, value in result.items()}
    array = np.array(result)
    return float(array) if array.size == 1 else array


def divided(a: Any, b: Any) -> np.ndarray:
    """Return a/b, and 0 where b is 0."""
    a, b = np.asarray(a), np.asarray(b)
    return np.divide(
        a, b, out=np.zeros(np.broadcast(a, b).shape, a.dtype), where=b != 0
    )


def tensor(value: Any) -> Tensor:
    """Return a result as Keras has it: float32."""
    return as_tensor(np.asarray(value, np.float32))


def check_same_shape(
    metric: Metric, y_shape: tuple[int, ...], output_shape: Shape
) -> None:
    """Require as many values as the output has; dimensions of 1 may be left out."""
    wanted, given = ([n for n in s[1:] if n != 1] for s in (output_shape, y_shape))
    if wanted != given:
        raise ValueError(
            f"metric '{metric.name}': expected y of the output's shape "
            f"{format_shape(output_shape)}, received {y_shape}"
        )


def check_labels(metric: Metric, y_shape: tuple[int, ...], output_shape: Shape) -> None:
    """Require one label for each row of the output."""
    labels = tuple(output_shape[1:-1])
    if tuple(y_shape[1:]) not in (labels, (*labels, 1)):
        one, other = (format_shape((None, *s)) for s in (labels, (*labels, 1)))
        raise ValueError(
            f"metric '{metric.name}': expected labels of shape {one} or {other}, "
            f"received y of shape {y_shape}"
        )
