"""One layer, one batch, forwards and backwards: on scratchnet, and what it must give.

A `Step` holds all that a layer needs to compute: Keras computes the same step in
`tests/keras/parity/oracle.py`, and how far rounding may carry the two apart is derived
in `tests/keras/parity/rounding.py`. Nothing here needs Keras.
"""

from dataclasses import dataclass

import numpy as np

from scratchnet import layers


@dataclass
class Step:
    """What goes into a step; all arrays are of one dtype, float32 or float64.

    Attributes:
        kind: name of the layer's class.
        settings: its constructor's arguments, without dtype.
        x: a batch.
        dy: ∂loss/∂y, in the shape of the output.
        weights: name → array, as Keras names them.
        frozen: whether the layer is built with ``trainable=False``.
    """

    kind: str
    settings: dict
    x: np.ndarray
    dy: np.ndarray
    weights: dict
    frozen: bool = False


def ours(step, layout=np.asarray):
    """Take the step on scratchnet: name → array.

    ``inference`` is the output at inference, before the step; ``y``, ``dx`` and
    ``d_<parameter>`` are the step's; ``moving_…`` are the statistics after it.

    Args:
        step: the step.
        layout: how x and dy lie in memory, a function of `LAYOUTS`.
    """
    layer = getattr(layers, step.kind)(
        **step.settings, dtype=step.x.dtype.name, trainable=not step.frozen
    )
    layer.ensure_built((None, *step.x.shape[1:]))
    assert layer.named_weights.keys() == step.weights.keys()
    layer.set_weights([step.weights[name] for name in layer.named_weights])
    x, dy = layout(step.x), layout(step.dy)
    results = {"inference": layer(x).copy()}
    results["y"] = layer(x, training=True).copy()
    results["dx"] = layer.backward(dy).copy()
    results |= {f"d_{name}": grad.copy() for name, grad in layer.grads.items()}
    return results | {name: kept.copy() for name, kept in layer.buffers.items()}


def loss_results(loss, y, y_pred, weights=None):
    """Return a loss's value and its gradient for the predictions."""
    targets = loss.targets(y, y_pred.shape, y_pred.dtype)
    scale = np.full(len(y_pred), 1 / len(y_pred), y_pred.dtype)
    if weights is not None:
        scale *= weights
    value = loss(y, y_pred, sample_weight=weights)
    dy = loss.backward(targets, y_pred, scale).copy()
    return {"value": y_pred.dtype.type(value), "dy": dy}


def _every_other_channel(array):
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


LAYOUTS = {
    "contiguous": np.ascontiguousarray,
    "fortran": np.asfortranarray,
    "strided": _every_other_channel,
    "reversed": lambda array: array[::-1].copy()[::-1],
}


def assert_within(found, expected, bounds):
    """Require the same names, shapes and dtypes, and every element within its bound."""
    assert sorted(found) == sorted(expected)
    for name, want in expected.items():
        got = found[name]
        assert got.shape == want.shape, name
        assert got.dtype == want.dtype, name
        error = np.abs(got.astype(np.float64) - want)
        allowed = np.broadcast_to(bounds[name], error.shape)
        wrong = ~(error <= allowed)  # NaN is wrong, too
        if wrong.any():
            at = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise AssertionError(
                f"{name}: {wrong.sum()} of {wrong.size} elements differ by more than "
                f"rounding; {name}{list(at)} is {got[at]}, Keras has {want[at]}: "
                f"{error[at]:.3g} apart, {allowed[at]:.3g} allowed"
            )
