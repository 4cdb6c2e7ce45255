"""Walk the code of a document: follow Keras's names, note edits and what is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scratchnet.porting import check, names
from scratchnet.porting.source import Cell, Document

# Methods of older Keras → today's.
METHODS = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_proba": "predict",
}
# Arguments of older Keras and of TensorFlow's functions → today's, wherever a name of
# Keras is called that has the new one, and not the old.
ARGUMENTS: dict[str, tuple[str, ...]] = {
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
}
# TensorFlow's names of arguments → NumPy's.
OF_NUMPY = {"perm": "axes", "keep_dims": "keepdims"}
# A file that has one of these is Keras 1's.
OF_KERAS_1 = ("nb_epoch", "border_mode", "nb_filter", "nb_row", "subsample")
# Arguments of older Keras that nothing stands for.
UNNEEDED = ("workers", "use_multiprocessing", "max_queue_size")
# How Keras 1 names the order of an image's axes → today's.
ORDERS = {"tf": "channels_last", "th": "channels_first"}

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(order=True)
class Remark:
    """A line of the report.

    Attributes:
        cell: its number, and line: where it is.
        text: what is missing there, or what was done.
        fault: whether the copy can't run because of it.
    """

    cell: int
    line: int
    place: str = field(compare=False)
    text: str = ""
    fault: bool = True

    def __str__(self) -> str:
        """Return the line."""
        return f"{self.place}: {self.text}"


@dataclass(frozen=True)
class Bound:
    """What a name stands for: something of Keras, or what was made of it.

    Attributes:
        path: Keras's.
        instance: whether it is an object that what has this path has made.
        derived: whether it is a class of the user's, derived from the one of this path.
    """

    path: str
    instance: bool = False
    derived: bool = False


Scope = dict[str, Bound | None]


class Conversion:
    """Convert a document, and list what of it is missing.

    Args:
        document: its cells get the edits.

    Attributes:
        remarks: in the order of the text.
        uses: how many names of Keras and TensorFlow were found.

    Raises:
        SourceError: a cell is no Python.
    """

    def __init__(self, document: Document) -> None:
        self.remarks: list[Remark] = []
        self.uses = 0
        trees = [(cell, cell.parse()) for cell in document.cells]
        self._read = {
            node.id
            for _, tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        self._constants = check.constants(tree for _, tree in trees)
        self._keras_1 = any(
            isinstance(node, ast.keyword) and node.arg in OF_KERAS_1
            for _, tree in trees
            for node in ast.walk(tree)
        )
        self._numpy = ""
        self._keras = ""
        self._needs_numpy = False
        self._tensorflow_stays = False
        self._stars: list[str] = []
        self._imports: list[tuple[Cell, Any]] = []
        self._edits: list[tuple[Cell, Any, str]] = []
        self._later: list[tuple[Cell, Any, list[Scope]]] = []
        self._ever: Scope = {}
        for cell, tree in trees:
            self.cell, self.scopes = cell, [self._ever]
            self._visit_all(tree.body)
        while (
            self._later
        ):  # the bodies of functions, which run after what is below them
            self.cell, function, self.scopes = self._later.pop(0)
            body = function.body
            self._visit_all(body if isinstance(body, list) else [body])
        self._choose_aliases(trees)
        self._write_imports()
        for cell, node, code in self._edits:
            cell.replace(node, self._fill_in(code))
        self.remarks = grouped(self.remarks)

    # Names and scopes.

    def _bind(self, name: str, bound: Bound | None) -> None:
        if bound is None and len(self.scopes) == 1 and not self._ever.get(name):
            return
        self.scopes[-1][name] = bound

    def _bound(self, name: str) -> Bound | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return self._from_star(name)

    def _from_star(self, name: str) -> Bound | None:
        """Look a name up among those of ``from keras.layers import *``."""
        for room in self._stars:
            if not names.find(f"{room}.{name}").missing:
                return Bound(f"{room}.{name}")
        return None

    def _path(self, node: Any) -> tuple[Bound, str] | None:
        """Return what a chain such as ``tf.keras.layers`` starts from, and its path."""
        rest: list[str] = []
        while isinstance(node, ast.Attribute):
            rest.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or not (bound := self._bound(node.id)):
            return None
        return bound, ".".join([bound.path, *reversed(rest)])

    # The walk.

    def _visit_all(self, nodes: list[Any]) -> None:
        for node in nodes:
            self._visit(node)

    def _visit(self, node: Any) -> None:
        if visit := VISITORS.get(type(node)):
            visit(self, node)
        elif isinstance(node, FUNCTIONS):
            self._visit_function(node)
        elif isinstance(node, COMPREHENSIONS):
            self._comprehend(node)
        else:
            self._visit_all(list(ast.iter_child_nodes(node)))

    def _note_import(self, node: ast.Import) -> None:
        for alias in node.names:
            if names.is_keras(alias.name):
                path = alias.name if alias.asname else alias.name.partition(".")[0]
                self._bind(alias.asname or path, Bound(path))
                self.uses += 1
            elif alias.name == "numpy" and len(self.scopes) == 1:
                self._numpy = self._numpy or alias.asname or "numpy"
            else:
                self._bind(alias.asname or alias.name.partition(".")[0], None)
        self._imports.append((self.cell, node))

    def _note_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or not names.is_keras(module):
            for alias in node.names:
                self._bind(alias.asname or alias.name, None)
            return
        for alias in node.names:
            self.uses += 1
            if alias.name == "*":
                self._stars.append(module)
            else:
                self._bind(alias.asname or alias.name, Bound(f"{module}.{alias.name}"))
        self._imports.append((self.cell, node))

    def _visit_function(self, node: Any) -> None:
        self._visit_all(getattr(node, "decorator_list", []))
        arguments = node.args
        self._visit_all([*arguments.defaults, *filter(None, arguments.kw_defaults)])
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += filter(None, (arguments.vararg, arguments.kwarg))
        self._visit_all([one.annotation for one in every if one.annotation])
        if getattr(node, "returns", None):
            self._visit(node.returns)
        if not isinstance(node, ast.Lambda):
            self._bind(node.name, None)
        inside: Scope = {one.arg: None for one in every}
        if not isinstance(node, ast.Lambda):
            inside |= dict.fromkeys(_assigned(node))
        self._later.append((self.cell, node, [*self.scopes, inside]))

    def _comprehend(self, node: Any) -> None:
        targets = {
            part.id
            for generator in node.generators
            for part in ast.walk(generator.target)
            if isinstance(part, ast.Name)
        }
        self.scopes = [*self.scopes, dict.fromkeys(targets)]
        self._visit_all(list(ast.iter_child_nodes(node)))
        self.scopes = self.scopes[:-1]

    def _class(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        bases = [self._path(base) for base in node.bases]
        base = next((one[1] for one in bases if one), "")
        found = names.find(base) if names.is_keras(base) else None
        self._bind(node.name, Bound(base, derived=True) if found else None)
        if found and isinstance(found.thing, type):
            for text in check.faults_of_class(node, found.thing):
                self._remark(node, text)
        outside, self.scopes = self.scopes, [*self.scopes, {}]
        self._visit_all(node.body)
        self.scopes = outside

    def _assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        alias = self._path(node.value)
        if alias and isinstance(target, ast.Name) and not alias[0].instance:
            self._bind(target.id, Bound(alias[1]))
            found = names.find(alias[1])
            if found.path == "keras":  # keras = tf.keras
                self.uses += 1
                self._edit(node, f"import scratchnet as {target.id}")
                return
        self._visit(node.value)
        if alias:
            return
        made = self._path(node.value.func) if isinstance(node.value, ast.Call) else None
        for target in node.targets:
            self._visit(target)
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    single = part is target and made and not made[0].instance
                    self._bind(
                        part.id,
                        Bound(made[1], True, made[0].derived)
                        if made and single
                        else None,
                    )

    def _for(self, node: ast.For) -> None:
        for part in ast.walk(node.target):
            if isinstance(part, ast.Name):
                self._bind(part.id, None)
        self._visit_all(list(ast.iter_child_nodes(node)))

    def _assert(self, node: ast.Assert) -> None:
        """Leave out a check of TensorFlow's version, which is about nothing here."""
        for part in ast.walk(node.test):
            if isinstance(part, ast.Attribute) and part.attr in (
                "__version__",
                "VERSION",
            ):
                if self._path(part):
                    self._edit(
                        node, "pass  # " + " ".join(self.cell.text(node).split())
                    )
                    return
        self._visit_all(list(ast.iter_child_nodes(node)))

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._use(node)

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr == "lr" and self._is_optimizer(node.value):
            self._edit_attribute(node, "learning_rate")
        if not self._use(node):
            self._visit(node.value)

    def _is_optimizer(self, node: Any) -> bool:
        """Whether this is an optimizer: ``model.optimizer``, or a name for one."""
        bound = self._bound_instance(node)
        if bound:
            return ".optimizers." in bound.path
        return isinstance(node, ast.Attribute) and node.attr == "optimizer"

    def _visit_call(self, node: ast.Call) -> None:
        if not self._call(node):
            self._visit_all(list(ast.iter_child_nodes(node)))

    # What is done with a name and with a call.

    def _use(self, node: Any) -> names.Found | None:
        """Note a name of Keras or TensorFlow, and how it is written here."""
        known = self._path(node)
        if known is None or known[0].instance or not names.is_keras(known[1]):
            return None
        bound, path = known
        found = names.find(path)
        self.uses += 1
        if found.stays:
            self._tensorflow_stays = True
        if found.missing and path != bound.path:
            self._remark(node, _sentence(path, found), fault=not found.runs)
        self._needs_numpy |= "{numpy}" in found.code
        root = names.find(bound.path)
        if not found.stays and found.code != root.code + path[len(bound.path) :]:
            self._edit(node, found.code)
        elif not found.stays and names.find(bound.path).path == "":
            self._edit(node, found.code)  # its import can't name it
        elif bound.path == "tensorflow" and not found.stays:
            self._edit(node, found.code)
        return found

    def _call(self, node: ast.Call) -> bool:
        """Note a call; return whether all of it has been dealt with."""
        function = node.func
        if isinstance(function, ast.Attribute):
            if self._is_numpy_already(function):
                self._edit_between(function.value, node, "")
                self._visit(function.value)
                return True
            self._method(node, function)
        known = self._path(function)
        if not known or known[0].instance or not names.is_keras(known[1]):
            return False
        answer = _answer(known[1]) or self._order_of_axes(node, known[1])
        if answer:
            self.uses += 1
            self._edit(node, answer)
            return True
        if known[0].derived:
            return False
        found = names.find(known[1])
        self._rename_arguments(node, found)
        if self._keras_1 and names.has_a_kernel(found.thing):
            self._join_kernel_size(node)
        if found.thing is not None and callable(found.thing):
            for text in check.faults_of_call(node, found.thing, self._constants):
                self._remark(node, text)
        return False

    def _is_numpy_already(self, function: ast.Attribute) -> bool:
        """Whether a call is ``.numpy()`` on what NumPy itself will return."""
        if function.attr != "numpy" or not isinstance(function.value, ast.Call):
            return False
        known = self._path(function.value.func)
        return bool(
            known
            and names.is_keras(known[1])
            and names.find(known[1]).code.startswith("{numpy}")
        )

    def _rename_arguments(self, node: ast.Call, found: names.Found) -> None:
        for keyword in node.keywords:
            old = keyword.arg or ""
            if found.thing is not None and not check.accepts(found.thing, old):
                new = [
                    one
                    for one in ARGUMENTS.get(old, ())
                    if check.accepts(found.thing, one)
                ]
                if new:
                    self._edit_name_of(keyword, new[0])
            elif not found.path and old in OF_NUMPY:
                self._edit_name_of(keyword, OF_NUMPY[old])

    def _order_of_axes(self, node: ast.Call, path: str) -> str:
        """Return what stands for Keras 1's ``image_dim_ordering`` and its setter."""
        name, function = path.rpartition(".")[2], self.cell.text(node.func)
        today = function.replace("dim_ordering", "data_format")
        if name == "image_dim_ordering":
            return f"{dict(zip(ORDERS.values(), ORDERS, strict=True))}[{today}()]"
        if name == "set_image_dim_ordering" and node.args:
            return f'{today}("{_today(node.args[0])}")'
        return ""

    def _join_kernel_size(self, node: ast.Call) -> None:
        """Write ``Convolution2D(32, 3, 3)`` and ``nb_row=3, nb_col=3`` as of today."""
        named = {one.arg: one for one in node.keywords}
        if len(node.args) == 3:
            pair = node.args[1:]
            start, end = self.cell.span(pair[0])[0], self.cell.span(pair[1])[1]
            self.cell.edits.append((start, end, self._pair(pair)))
            node.args[1:] = [ast.Tuple(pair, ast.Load())]
        elif "nb_row" in named and "nb_col" in named:
            pair = [named[one].value for one in ("nb_row", "nb_col")]
            self._edit(named["nb_row"], f"kernel_size={self._pair(pair)}")
            self._leave_out(node, ("nb_col",), why="")
            named["nb_row"].arg = "kernel_size"
            named["nb_row"].value = ast.Tuple(pair, ast.Load())
        if order := named.get("dim_ordering"):
            today = _today(order.value)
            self._edit(order, f'data_format="{today}"')
            order.arg, order.value = "data_format", ast.Constant(today)

    def _pair(self, nodes: list[ast.expr]) -> str:
        return f"({', '.join(map(self.cell.text, nodes))})"

    def _method(self, node: ast.Call, function: ast.Attribute) -> None:
        """Look at a call of a model's method."""
        known = self._bound_instance(function.value)
        if function.attr in METHODS:
            self._edit_attribute(function, METHODS[function.attr])
        elif function.attr == "predict_classes":
            self._edit_attribute(function, "predict")
            self._edit_after(node, ".argmax(axis=-1)")
        cls = known and names.find(known.path).thing
        name = METHODS.get(function.attr, function.attr)
        if name == "predict_classes":
            name = "predict"
        if not isinstance(cls, type):
            cls = check.model_class(name, node)
        elif not hasattr(cls, name):
            text = check.fault_of_method(cls, name)
            if text and known and not known.derived:
                self._remark(node, text)
            return
        method = getattr(cls, name, None) if cls else None
        if callable(method):
            for keyword in node.keywords:
                if keyword.arg == "nb_epoch":
                    self._edit_name_of(keyword, "epochs")
            if name in ("fit", "evaluate", "predict"):
                self._leave_out(node, UNNEEDED)
            for text in check.faults_of_method(node, method, self._constants):
                self._remark(node, text)

    def _leave_out(
        self,
        node: ast.Call,
        unneeded: tuple[str, ...],
        why: str = "batches are made on threads: left out",
    ) -> None:
        """Take arguments out of a call that have no meaning here."""
        before: Any = node.func
        for given in [*node.args, *node.keywords]:
            if isinstance(given, ast.keyword) and given.arg in unneeded:
                if before is not node.func:
                    self._edit_between(before, given, "")
                    if why:
                        self._remark(given, f"{given.arg}: {why}", fault=False)
                    node.keywords = [one for one in node.keywords if one is not given]
            before = given

    def _bound_instance(self, node: Any) -> Bound | None:
        if isinstance(node, ast.Name):
            bound = self._bound(node.id)
            return bound if bound and bound.instance else None
        return None

    # Edits and remarks.

    def _remark(self, node: Any, text: str, *, fault: bool = True) -> None:
        place = self.cell.place(node.lineno)
        self.remarks.append(Remark(self.cell.number, node.lineno, place, text, fault))

    def _edit(self, node: Any, code: str) -> None:
        self._edits.append((self.cell, node, code))

    def _edit_attribute(self, node: ast.Attribute, new: str) -> None:
        end = self.cell.span(node)[1]
        self.cell.edits.append((end - len(node.attr), end, new))

    def _edit_name_of(self, keyword: ast.keyword, new: str) -> None:
        start = self.cell.span(keyword)[0]
        self.cell.edits.append((start, start + len(keyword.arg or ""), new))
        keyword.arg = new  # which is what is looked at from here on

    def _edit_after(self, node: Any, new: str) -> None:
        end = self.cell.span(node)[1]
        self.cell.edits.append((end, end, new))

    def _edit_between(self, before: Any, whole: Any, new: str) -> None:
        end = self.cell.span(whole)[1]
        self.cell.edits.append((self.cell.span(before)[1], end, new))

    # At the end: the imports.

    def _choose_aliases(self, trees: list[tuple[Cell, ast.Module]]) -> None:
        """Choose the names that stand for scratchnet and NumPy in the copy."""
        for name, bound in self._ever.items():
            if bound and not bound.instance and names.find(bound.path).path == "keras":
                self._keras = self._keras or name
        taken = {
            getattr(node, "id", None) or getattr(node, "arg", None)
            for _, tree in trees
            for node in ast.walk(tree)
            if isinstance(node, ast.arg)
            or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
        }
        if not self._keras:
            self._keras = "scratchnet" if "keras" in taken else "keras"
        self._numpy = self._numpy or "np"

    def _fill_in(self, code: str) -> str:
        return code.replace("{keras}", self._keras).replace("{numpy}", self._numpy)

    def _write_imports(self) -> None:
        for cell, node in self._imports:
            self.cell = cell
            if isinstance(node, ast.Import):
                lines = list(self._import_lines(node))
            elif node.names[0].name == "*":
                lines = self._star_lines(node)
            else:
                lines = self._from_lines(node)
            if lines != [self.cell.text(node)]:
                self._replace_statement(node, list(dict.fromkeys(lines)))

    def _import_lines(self, node: ast.Import) -> Iterator[str]:
        kept = [alias for alias in node.names if not names.is_keras(alias.name)]
        if len(kept) == len(node.names):
            yield self.cell.text(node)
            return
        for alias in node.names:
            if alias in kept:
                yield f"import {_as(alias.name, alias.asname)}"
                continue
            path = alias.name if alias.asname else alias.name.partition(".")[0]
            bound = alias.asname or path
            found = names.find(path)
            if path == "tensorflow":
                if self._tensorflow_stays:
                    yield f"import {_as(alias.name, alias.asname)}"
                yield f"import scratchnet as {self._keras}"
                if self._needs_numpy:
                    yield f"import numpy as {self._numpy}"
            elif found.stays:
                self._tensorflow_stays = True
                self._remark(node, _sentence(path, found))
                yield f"import {_as(alias.name, alias.asname)}"
            else:
                if found.missing:
                    self._remark(node, _sentence(path, found))
                yield _import_line(found.path, bound)

    def _star_lines(self, node: ast.ImportFrom) -> list[str]:
        found = names.find(node.module or "")
        if found.stays:
            self._tensorflow_stays = True
            return [self.cell.text(node)]
        if found.missing:
            self._remark(node, _sentence(node.module or "", found))
        path = found.path.replace("keras", "scratchnet", 1)
        return [f"from {path} import *"]

    def _from_lines(self, node: ast.ImportFrom) -> list[str]:
        """Return the statements for a ``from keras.x import a, b``."""
        statements: dict[str, list[str]] = {}
        lines: list[str] = []
        for alias in node.names:
            bound = alias.asname or alias.name
            found = names.find(f"{node.module}.{alias.name}")
            if found.missing and bound not in self._read:
                text = f"{bound} is imported but never used: left out"
                self._remark(node, text, fault=False)
                continue
            if found.missing:
                self._remark(node, _sentence(f"{node.module}.{alias.name}", found))
            if found.path == "keras":
                lines.append(f"import scratchnet as {bound}")
            elif found.path or found.code.startswith("{numpy}."):
                path = (found.path or found.code.replace("{numpy}", "numpy")).replace(
                    "keras", "scratchnet", 1
                )
                room, _, last = path.rpartition(".")
                statements.setdefault(room, []).append(_as(last, bound))
            elif found.stays:
                self._tensorflow_stays = True
                statements.setdefault(node.module or "", []).append(
                    _as(alias.name, alias.asname)
                )
        same = [_as(alias.name, alias.asname) for alias in node.names]
        if not lines and list(statements.values()) == [same]:
            (room,) = statements
            start = self.cell.span(node)[0]
            at = self.cell.source.index(node.module or "", start + len("from"))
            self.cell.edits.append((at, at + len(node.module or ""), room))
            return [self.cell.text(node)]
        lines += [
            f"from {room} import {', '.join(some)}" for room, some in statements.items()
        ]
        return lines or ["pass  # nothing of it is used: " + _one_line(self.cell, node)]

    def _replace_statement(self, node: Any, lines: list[str]) -> None:
        start, end = self.cell.span(node)
        before = self.cell.source[:start].rpartition("\n")[2]
        after = self.cell.source[end:].partition("\n")[0]
        alone = not before.strip() and not after.lstrip().startswith(";")
        self.cell.replace(node, (f"\n{before}" if alone else "; ").join(lines))


VISITORS: dict[type, Any] = {
    ast.Import: Conversion._note_import,
    ast.ImportFrom: Conversion._note_from,
    ast.ClassDef: Conversion._class,
    ast.Assign: Conversion._assign,
    ast.For: Conversion._for,
    ast.Assert: Conversion._assert,
    ast.Name: Conversion._name,
    ast.Attribute: Conversion._attribute,
    ast.Call: Conversion._visit_call,
}


def grouped(remarks: list[Remark]) -> list[Remark]:
    """Return the remarks in the order of the text, one for what is said several times.

    It names the other places behind its own.
    """
    first: dict[str, Remark] = {}
    also: dict[str, list[str]] = {}
    for remark in sorted(remarks):
        if remark.text not in first:
            first[remark.text] = remark
        elif remark.place not in (first[remark.text].place, *also.get(remark.text, ())):
            also.setdefault(remark.text, []).append(remark.place)
    for text, places in also.items():
        more = f" and {len(places) - 3} more" if len(places) > 3 else ""
        first[text].place += f" (also {', '.join(places[:3])}{more})"
    return list(first.values())


def _assigned(function: Any) -> Iterator[str]:
    """Yield the names that a function assigns, which are its own."""
    outside = {
        name
        for node in ast.walk(function)
        if isinstance(node, ast.Global | ast.Nonlocal)
        for name in node.names
    }
    for statement in function.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                if node.id not in outside:
                    yield node.id


def _today(order: Any) -> str:
    """Return what Keras 1's ``"tf"`` and ``"th"`` are today."""
    return ORDERS.get(getattr(order, "value", ""), "channels_last")


def _answer(path: str) -> str:
    path = path.partition(".")[2].removeprefix("compat.v1.")
    return names.ANSWERS.get(path, "")


def _sentence(path: str, found: names.Found) -> str:
    if found.stays:
        return f"{path} is TensorFlow's own; {found.missing}"
    return found.missing


def _as(name: str, bound: str | None) -> str:
    return name if bound in (None, name) else f"{name} as {bound}"


def _import_line(path: str, bound: str) -> str:
    room, _, last = path.replace("keras", "scratchnet", 1).rpartition(".")
    if not room:
        return f"import scratchnet as {bound}"
    return f"from {room} import {_as(last, bound)}"


def _one_line(cell: Cell, node: Any) -> str:
    return " ".join(cell.text(node).split())
