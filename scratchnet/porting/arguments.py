"""Arguments of older Keras and of TensorFlow, written as those of today."""

from __future__ import annotations

import ast
from typing import Any

from scratchnet.porting import check, names
from scratchnet.porting.edits import Edits
from scratchnet.porting.source import Cell

# Arguments of older Keras and of TensorFlow's functions → today's, wherever a name of
# Keras is called that has the new one, and not the old.
RENAMED: dict[str, tuple[str, ...]] = {
    "lr": ("learning_rate",),
    "nb_epoch": ("epochs",),
    "nb_filter": ("filters",),
    "nb_classes": ("num_classes",),
    "output_dim": ("units",),
    "init": ("kernel_initializer",),
    "border_mode": ("padding",),
    "subsample": ("strides",),
    "bias": ("use_bias",),
    "p": ("rate",),
    "W_regularizer": ("kernel_regularizer",),
    "b_regularizer": ("bias_regularizer",),
    "W_constraint": ("kernel_constraint",),
    "b_constraint": ("bias_constraint",),
    "output": ("outputs",),
    "input": ("inputs", "x"),
    "perm": ("axes",),
    "keep_dims": ("keepdims",),
    "shape": ("newshape",),
    "depth": ("num_classes",),
    "initial_value": ("initializer",),
    "values": ("xs",),
    "input_tensor": ("x",),
    "tensor": ("x",),
    "indices": ("x",),
    "value": ("x",),
}
# TensorFlow's names of arguments → NumPy's.
OF_NUMPY = {"perm": "axes", "keep_dims": "keepdims"}
# A file that has one of these is Keras 1's.
OF_KERAS_1 = ("nb_epoch", "border_mode", "nb_filter", "nb_row", "subsample")
# Arguments of older Keras that nothing stands for.
UNNEEDED = ("workers", "use_multiprocessing", "max_queue_size")
# How Keras 1 names the order of an image's axes → today's.
_ORDERS = {"tf": "channels_last", "th": "channels_first"}


def rename_arguments(edits: Edits, node: ast.Call, found: names.Found) -> None:
    """Write the arguments of a call by the names that they have here."""
    for keyword in node.keywords:
        old = keyword.arg or ""
        if found.thing is not None and not check.accepts(found.thing, old):
            new = [
                one for one in RENAMED.get(old, ()) if check.accepts(found.thing, one)
            ]
            if new:
                edits.name_of(keyword, new[0])
        elif not found.path and old in OF_NUMPY:
            edits.name_of(keyword, OF_NUMPY[old])


def order_of_axes(edits: Edits, node: ast.Call, path: str) -> str:
    """Return what stands for Keras 1's ``image_dim_ordering`` and its setter."""
    name, function = path.rpartition(".")[2], edits.cell.text(node.func)
    today = function.replace("dim_ordering", "data_format")
    if name == "image_dim_ordering":
        return f"{dict(zip(_ORDERS.values(), _ORDERS, strict=True))}[{today}()]"
    if name == "set_image_dim_ordering" and node.args:
        return f'{today}("{_today(node.args[0])}")'
    return ""


def join_kernel_size(edits: Edits, node: ast.Call) -> None:
    """Write ``Convolution2D(32, 3, 3)`` and ``nb_row=3, nb_col=3`` as of today."""
    named = {one.arg: one for one in node.keywords}
    if len(node.args) == 3:
        pair = node.args[1:]
        start, end = edits.cell.span(pair[0])[0], edits.cell.span(pair[1])[1]
        edits.cell.edits.append((start, end, _pair(edits, pair)))
        node.args[1:] = [ast.Tuple(pair, ast.Load())]
    elif "nb_row" in named and "nb_col" in named:
        pair = [named[one].value for one in ("nb_row", "nb_col")]
        edits.replace(named["nb_row"], f"kernel_size={_pair(edits, pair)}")
        leave_out(edits, node, ("nb_col",), why="")
        named["nb_row"].arg = "kernel_size"
        named["nb_row"].value = ast.Tuple(pair, ast.Load())
    if order := named.get("dim_ordering"):
        today = _today(order.value)
        edits.replace(order, f'data_format="{today}"')
        order.arg, order.value = "data_format", ast.Constant(today)


def leave_out(
    edits: Edits,
    node: ast.Call,
    unneeded: tuple[str, ...],
    why: str = "batches are made on threads: left out",
) -> None:
    """Take arguments out of a call that have no meaning here."""
    before: Any = node.func
    for given in [*node.args, *node.keywords]:
        if isinstance(given, ast.keyword) and given.arg in unneeded:
            if before is not node.func:
                edits.between(before, given, "")
                if why:
                    edits.remark(given, f"{given.arg}: {why}", fault=False)
                node.keywords = [one for one in node.keywords if one is not given]
        before = given


def given(cell: Cell, node: ast.Call) -> dict[str, str]:
    """Return a call's arguments, by name or by place, as parts of a new text."""
    found: list[tuple[str, Any]] = [(str(i), a) for i, a in enumerate(node.args)]
    found += [(one.arg or "**", one.value) for one in node.keywords]
    return {name: cell.part(value) for name, value in found}


def _pair(edits: Edits, nodes: list[ast.expr]) -> str:
    return f"({', '.join(map(edits.cell.part, nodes))})"


def _today(order: Any) -> str:
    """Return what Keras 1's ``"tf"`` and ``"th"`` are today."""
    return _ORDERS.get(getattr(order, "value", ""), "channels_last")
