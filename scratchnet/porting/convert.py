"""Walk the code of a document: follow Keras's names, note edits and what is missing."""

from __future__ import annotations

import ast
from typing import Any

from scratchnet.porting import arguments, check, names
from scratchnet.porting.edits import Edits, grouped
from scratchnet.porting.imports import Imports, sentence
from scratchnet.porting.scopes import Bound, Scope, Scopes, assigned
from scratchnet.porting.source import Cell, Document

# Methods of older Keras → today's.
METHODS = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_proba": "predict",
}

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


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
        cells = [(cell, cell.parse()) for cell in document.cells]
        trees = [tree for _, tree in cells]
        every = [node for tree in trees for node in ast.walk(tree)]
        read = {
            node.id
            for node in every
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        self.uses = 0
        self._constants = check.constants(trees)
        self._keras_1 = any(
            isinstance(node, ast.keyword) and node.arg in arguments.OF_KERAS_1
            for node in every
        )
        self._edits, self._scopes = Edits(), Scopes()
        self._imports = Imports(self._edits, read)
        self._later: list[tuple[Cell, Any, list[Scope]]] = []
        for cell, tree in cells:
            self._edits.cell = cell
            self._visit_all(tree.body)
        # The bodies of functions, which run after what is below them.
        while self._later:
            self._edits.cell, function, self._scopes.inside = self._later.pop(0)
            body = function.body
            self._visit_all(body if isinstance(body, list) else [body])
        self._imports.choose_aliases(self._scopes.ever, trees)
        self._imports.write()
        self._edits.finish(self._imports.keras, self._imports.numpy)
        self.remarks = grouped(self._edits.remarks)

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
                self._scopes.bind(alias.asname or path, Bound(path))
                self.uses += 1
            elif alias.name == "numpy" and len(self._scopes.inside) == 1:
                self._imports.numpy = self._imports.numpy or alias.asname or "numpy"
            else:
                self._scopes.bind(alias.asname or alias.name.partition(".")[0], None)
        self._imports.note(node)

    def _note_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or not names.is_keras(module):
            for alias in node.names:
                self._scopes.bind(alias.asname or alias.name, None)
            return
        for alias in node.names:
            self.uses += 1
            if alias.name == "*":
                self._scopes.stars.append(module)
            else:
                self._scopes.bind(
                    alias.asname or alias.name, Bound(f"{module}.{alias.name}")
                )
        self._imports.note(node)

    def _visit_function(self, node: Any) -> None:
        self._visit_all(getattr(node, "decorator_list", []))
        own = node.args
        self._visit_all([*own.defaults, *filter(None, own.kw_defaults)])
        every = [*own.posonlyargs, *own.args, *own.kwonlyargs]
        every += filter(None, (own.vararg, own.kwarg))
        self._visit_all([one.annotation for one in every if one.annotation])
        if getattr(node, "returns", None):
            self._visit(node.returns)
        if not isinstance(node, ast.Lambda):
            self._scopes.bind(node.name, None)
        inside: Scope = {one.arg: None for one in every}
        if not isinstance(node, ast.Lambda):
            inside |= dict.fromkeys(assigned(node))
        self._later.append((self._edits.cell, node, [*self._scopes.inside, inside]))

    def _comprehend(self, node: Any) -> None:
        targets = {
            part.id
            for generator in node.generators
            for part in ast.walk(generator.target)
            if isinstance(part, ast.Name)
        }
        self._scopes.inside = [*self._scopes.inside, dict.fromkeys(targets)]
        self._visit_all(list(ast.iter_child_nodes(node)))
        self._scopes.inside = self._scopes.inside[:-1]

    def _class(self, node: ast.ClassDef) -> None:
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        bases = [self._scopes.path(base) for base in node.bases]
        base = next((one[1] for one in bases if one), "")
        found = names.find(base) if names.is_keras(base) else None
        self._scopes.bind(node.name, Bound(base, derived=True) if found else None)
        if found and isinstance(found.thing, type):
            for text in check.faults_of_class(node, found.thing):
                self._edits.remark(node, text)
        outside, self._scopes.inside = self._scopes.inside, [*self._scopes.inside, {}]
        self._visit_all(node.body)
        self._scopes.inside = outside

    def _assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        alias = self._scopes.path(node.value)
        if alias and isinstance(target, ast.Name) and not alias[0].instance:
            self._scopes.bind(target.id, Bound(alias[1]))
            found = names.find(alias[1])
            if found.path == "keras":  # keras = tf.keras
                self.uses += 1
                self._edits.replace(node, f"import scratchnet as {target.id}")
                return
        self._visit(node.value)
        if alias:
            return
        made = (
            self._scopes.path(node.value.func)
            if isinstance(node.value, ast.Call)
            else None
        )
        for target in node.targets:
            self._visit(target)
            for part in ast.walk(target):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    single = part is target and made and not made[0].instance
                    self._scopes.bind(
                        part.id,
                        Bound(made[1], True, made[0].derived)
                        if made and single
                        else None,
                    )

    def _for(self, node: ast.For) -> None:
        for part in ast.walk(node.target):
            if isinstance(part, ast.Name):
                self._scopes.bind(part.id, None)
        self._visit_all(list(ast.iter_child_nodes(node)))

    def _assert(self, node: ast.Assert) -> None:
        """Leave out a check of TensorFlow's version, which is about nothing here."""
        for part in ast.walk(node.test):
            if isinstance(part, ast.Attribute) and part.attr in (
                "__version__",
                "VERSION",
            ):
                if self._scopes.path(part):
                    self._edits.replace(
                        node, "pass  # " + " ".join(self._edits.cell.text(node).split())
                    )
                    return
        self._visit_all(list(ast.iter_child_nodes(node)))

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._use(node)

    def _attribute(self, node: ast.Attribute) -> None:
        if node.attr == "lr" and self._is_optimizer(node.value):
            self._edits.attribute(node, "learning_rate")
        if not self._use(node):
            self._visit(node.value)

    def _is_optimizer(self, node: Any) -> bool:
        """Whether this is an optimizer: ``model.optimizer``, or a name for one."""
        bound = self._scopes.instance(node)
        if bound:
            return ".optimizers." in bound.path
        return isinstance(node, ast.Attribute) and node.attr == "optimizer"

    def _visit_call(self, node: ast.Call) -> None:
        if not self._call(node):
            self._visit_all(list(ast.iter_child_nodes(node)))

    # What is done with a name and with a call.

    def _use(self, node: Any) -> names.Found | None:
        """Note a name of Keras or TensorFlow, and how it is written here."""
        known = self._scopes.path(node)
        if known is None or known[0].instance or not names.is_keras(known[1]):
            return None
        bound, path = known
        found = names.find(path)
        self.uses += 1
        if found.stays:
            self._imports.tensorflow_stays = True
        if found.missing and path != bound.path:
            self._edits.remark(node, sentence(path, found), fault=not found.runs)
        self._imports.need(found.code)
        root = names.find(bound.path)
        if not found.stays and found.code != root.code + path[len(bound.path) :]:
            self._edits.replace(node, found.code)
        elif not found.stays and names.find(bound.path).path == "":
            self._edits.replace(node, found.code)  # its import can't name it
        elif bound.path == "tensorflow" and not found.stays:
            self._edits.replace(node, found.code)
        return found

    def _call(self, node: ast.Call) -> bool:
        """Note a call; return whether all of it has been dealt with."""
        function = node.func
        if isinstance(function, ast.Attribute):
            if self._is_numpy_already(function):
                self._edits.between(function.value, node, "")
                self._visit(function.value)
                return True
            self._method(node, function)
        known = self._scopes.path(function)
        if not known or known[0].instance or not names.is_keras(known[1]):
            return False
        answer = _answer(known[1]) or arguments.order_of_axes(
            self._edits, node, known[1]
        )
        code = answer or names.rewritten(
            known[1], arguments.given(self._edits.cell, node)
        )
        if code:
            self.uses += 1
            self._imports.need(code)
            self._edits.replace(node, code)
            if not answer:
                self._visit_all([*node.args, *node.keywords])
            return True
        if known[0].derived:
            return False
        found = names.find(known[1])
        arguments.rename_arguments(self._edits, node, found)
        if self._keras_1 and names.has_a_kernel(found.thing):
            arguments.join_kernel_size(self._edits, node)
        if found.thing is not None and callable(found.thing):
            for text in check.faults_of_call(node, found.thing, self._constants):
                self._edits.remark(node, text)
        return False

    def _is_numpy_already(self, function: ast.Attribute) -> bool:
        """Whether a call is ``.numpy()`` on what NumPy itself will return."""
        if function.attr != "numpy" or not isinstance(function.value, ast.Call):
            return False
        known = self._scopes.path(function.value.func)
        return bool(
            known
            and names.is_keras(known[1])
            and names.find(known[1]).code.startswith("{numpy}")
        )

    def _method(self, node: ast.Call, function: ast.Attribute) -> None:
        """Look at a call of a model's method."""
        known = self._scopes.instance(function.value)
        if function.attr in METHODS:
            self._edits.attribute(function, METHODS[function.attr])
        elif function.attr == "predict_classes":
            self._edits.attribute(function, "predict")
            self._edits.after(node, ".argmax(axis=-1)")
        cls = known and names.find(known.path).thing
        name = METHODS.get(function.attr, function.attr)
        if name == "predict_classes":
            name = "predict"
        if not isinstance(cls, type):
            cls = check.model_class(name, node)
        elif not hasattr(cls, name):
            text = check.fault_of_method(cls, name)
            if text and known and not known.derived:
                self._edits.remark(node, text)
            return
        method = getattr(cls, name, None) if cls else None
        if callable(method):
            for keyword in node.keywords:
                if keyword.arg == "nb_epoch":
                    self._edits.name_of(keyword, "epochs")
            if name in ("fit", "evaluate", "predict"):
                arguments.leave_out(self._edits, node, arguments.UNNEEDED)
            for text in check.faults_of_method(node, method, self._constants):
                self._edits.remark(node, text)


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


def _answer(path: str) -> str:
    path = path.partition(".")[2].removeprefix("compat.v1.")
    return names.ANSWERS.get(path, "")
