"""A convolution, one element at a time; its output is called z.

The derivation is in `kernels/convolution/__init__.py`; here each sum is written out.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scratchnet.explain.dense import add_bias
from scratchnet.explain.equation import (
    Equation,
    Index,
    Row,
    channel_rows,
    element,
    total_of,
)
from scratchnet.inspection.passes import Step


def forward(step: Step, index: Index) -> list[Equation]:
    """Work out z = ∑ x · kernel + bias."""
    operation, x = step.operation, step.x
    n, oh, ow, co = index
    kernel = operation.own_kernel
    geometry = operation.kernel_size, operation.strides, operation.pads(x)
    rows = []
    for kh, kw, h, w in window(x, oh, ow, *geometry):
        for c in range(x.shape[3]):
            weight = element("kernel", (kh, kw, c, co))
            text = f"{element('x', (n, h, w, c), x)} × {weight}"
            factors = float(x[n, h, w, c]), float(kernel[kh, kw, c, co])
            rows.append(Row(text, factors))
    outside = kernel[..., co].size - len(rows)
    notes: tuple[str, ...] = ()
    if outside:
        notes = (f"{outside} weights lie on padding, which counts as 0",)
    formula = f"∑ x · kernel[…, {co}]" + add_bias(step, co, rows)
    return [total_of(step, "z", index, formula, rows, notes)]


def gradient(step: Step, name: str, index: Index) -> list[Equation]:
    """Work out an element of dx, d_kernel or d_bias, all of them sums over dz."""
    dz = step.dy
    if name == "x":
        formula = "∑ dz · kernel, over the windows that the pixel lies in"
        return [total_of(step, "dx", index, formula, _input_rows(step, dz, index))]
    if name != "bias":
        formula = "∑ x · dz, over the pixels that the weight has met"
        met = _kernel_rows(step, dz, index)
        return [total_of(step, f"d_{name}", index, formula, met)]
    rows = channel_rows("dz", dz, index[0])
    return [total_of(step, "d_bias", index, f"∑ dz[…, {index[0]}]", rows)]


def _input_rows(step: Step, dz: np.ndarray, index: Index) -> Iterator[Row]:
    n, h, w, c = index
    operation, kernel = step.operation, step.operation.own_kernel
    top, left = operation.pads(step.x)
    for kh in range(operation.kernel_size[0]):
        for kw in range(operation.kernel_size[1]):
            oh, row_off = divmod(h + top - kh, operation.strides[0])
            ow, column_off = divmod(w + left - kw, operation.strides[1])
            inside = 0 <= oh < dz.shape[1] and 0 <= ow < dz.shape[2]
            if row_off or column_off or not inside:
                continue
            for co in range(dz.shape[3]):
                at = n, oh, ow, co
                weight = element("kernel", (kh, kw, c, co))
                factors = float(dz[at]), float(kernel[kh, kw, c, co])
                yield Row(f"{element('dz', at, dz)} × {weight}", factors, at=at)


def _kernel_rows(step: Step, dz: np.ndarray, index: Index) -> Iterator[Row]:
    kh, kw, c, co = index
    x, strides = step.x, step.operation.strides
    top, left = step.operation.pads(x)
    for n, oh, ow in np.ndindex(dz.shape[:-1]):
        at = n, oh, ow, co
        h, w = oh * strides[0] + kh - top, ow * strides[1] + kw - left
        if 0 <= h < x.shape[1] and 0 <= w < x.shape[2]:
            text = f"{element('x', (n, h, w, c), x)} × {element('dz', at, dz)}"
            yield Row(text, (float(x[n, h, w, c]), float(dz[at])), at=at)


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
