"""A convolution, one element at a time.

The derivation is in `kernels/convolution/__init__.py`; here each sum is written out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scratchnet.explain import activation
from scratchnet.explain.dense import bias_row
from scratchnet.explain.equation import Equation, Index, Row, element, total
from scratchnet.foundation.workspace import Workspace
from scratchnet.inspection.passes import Step
from scratchnet.layers import windows
from scratchnet.layers.conv2d import Conv2D


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out z = ∑ x · kernel + bias, and y from it."""
    layer, x = step.layer, step.x
    assert isinstance(layer, Conv2D)
    with Workspace():
        z = layer.pre_activation(x, training=False)
    n, oh, ow, co = index
    kernel = layer.params["kernel"]
    rows = []
    for kh, kw, h, w in _window(layer, x, oh, ow):
        for c in range(x.shape[3]):
            weight = element("kernel", (kh, kw, c, co))
            text = f"{element('x', (n, h, w, c), x)} × {weight}"
            factors = float(x[n, h, w, c]), float(kernel[kh, kw, c, co])
            rows.append(Row(text, factors))
    outside = kernel[..., co].size - len(rows)
    notes: tuple[str, ...] = ()
    if outside:
        notes = (f"{outside} weights lie on padding, which counts as 0",)
    formula = f"∑ x · kernel[…, {co}]"
    if layer.use_bias:
        rows.append(bias_row(layer.params["bias"], co))
        formula += f" + bias[{co}]"
    shown = element("z", index, z)
    equation = total(layer.label, shown, formula, rows, z[index], z.dtype, notes)
    return [equation, *activation.forward(step, z, index)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out an element of dx, d_kernel or d_bias, all of them sums over dz."""
    layer, x, dz = step.layer, step.x, step.dz
    assert isinstance(layer, Conv2D) and dz is not None and step.dx is not None
    if name == "x":
        rows = list(_input_rows(layer, x, dz, index))
        shown, computed = element("dx", index, x), step.dx[index]
        formula = "∑ dz · kernel, over the windows that the pixel lies in"
    elif name == "bias":
        rows = [
            Row(element("dz", at, dz), (float(dz[at]),), at=at)
            for at in _positions(dz, index[0])
        ]
        shown, computed = element("d_bias", index), step.grads["bias"][index]
        formula = f"∑ dz[…, {index[0]}]"
    else:
        rows = list(_kernel_rows(layer, x, dz, index))
        shown, computed = element("d_kernel", index), step.grads["kernel"][index]
        formula = "∑ x · dz, over the pixels that the weight has met"
    return [total(layer.label, shown, formula, rows, computed, x.dtype)]


def _input_rows(
    layer: Conv2D, x: np.ndarray, dz: np.ndarray, index: Index
) -> Iterator[Row]:
    n, h, w, c = index
    kernel = layer.params["kernel"]
    top, left = windows.pads(x.shape, layer.kernel_size, layer.strides, layer.padding)
    for kh in range(layer.kernel_size[0]):
        for kw in range(layer.kernel_size[1]):
            oh, row_off = divmod(h + top - kh, layer.strides[0])
            ow, column_off = divmod(w + left - kw, layer.strides[1])
            inside = 0 <= oh < dz.shape[1] and 0 <= ow < dz.shape[2]
            if row_off or column_off or not inside:
                continue
            for co in range(dz.shape[3]):
                at = n, oh, ow, co
                weight = element("kernel", (kh, kw, c, co))
                factors = float(dz[at]), float(kernel[kh, kw, c, co])
                yield Row(f"{element('dz', at, dz)} × {weight}", factors, at=at)


def _kernel_rows(
    layer: Conv2D, x: np.ndarray, dz: np.ndarray, index: Index
) -> Iterator[Row]:
    kh, kw, c, co = index
    top, left = windows.pads(x.shape, layer.kernel_size, layer.strides, layer.padding)
    for at in _positions(dz, co):
        n, oh, ow, _ = at
        h, w = oh * layer.strides[0] + kh - top, ow * layer.strides[1] + kw - left
        if 0 <= h < x.shape[1] and 0 <= w < x.shape[2]:
            text = f"{element('x', (n, h, w, c), x)} × {element('dz', at, dz)}"
            yield Row(text, (float(x[n, h, w, c]), float(dz[at])), at=at)


def _positions(dz: np.ndarray, channel: int) -> Iterator[Index]:
    for lead in np.ndindex(dz.shape[:-1]):
        yield (*lead, channel)


def _window(
    layer: Conv2D, x: np.ndarray, oh: int, ow: int
) -> Iterator[tuple[int, int, int, int]]:
    """Yield (kh, kw, h, w) of a window's positions that lie inside the image."""
    pads = windows.pads(x.shape, layer.kernel_size, layer.strides, layer.padding)
    return window(x, oh, ow, layer.kernel_size, layer.strides, pads)


def window(
    x: np.ndarray,
    oh: int,
    ow: int,
    size: tuple[int, int],
    strides: tuple[int, int],
    pads: tuple[int, int],
) -> Iterator[tuple[int, int, int, int]]:
    """Yield (kh, kw, h, w) of a window's positions that lie inside the image."""
    for kh in range(size[0]):
        for kw in range(size[1]):
            h, w = oh * strides[0] + kh - pads[0], ow * strides[1] + kw - pads[1]
            if 0 <= h < x.shape[1] and 0 <= w < x.shape[2]:
                yield kh, kw, h, w
