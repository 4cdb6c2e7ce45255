"""What a name that is not there was meant to be: the sentence that the user reads.

    scratchnet.layers has no 'LSTM'; Keras has it, …         if Keras has that name
    scratchnet.layers has no 'Adam'; it is in …              if another room has it
    scratchnet.layers has no 'Denze'; did you mean 'Dense'?  otherwise

It comes the same way from ``layers.LSTM``, ``from scratchnet.layers import LSTM`` and
``import scratchnet.layers.LSTM``. Of the last two Python would say that it can't import
the name, and no more; but for what is in a package it asks the finders in
``sys.meta_path``, and the last of them is ours.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable
from typing import Any

from scratchnet.foundation.keras_names import NAMES

# A name that Keras has → what to do without it.
SEQUENCES = "scratchnet has no layers for sequences and text"
TABLES = "scratchnet's data sets are images"
INSTEAD: dict[str, str] = {
    **dict.fromkeys(
        """
        LSTM LSTMCell GRU GRUCell RNN SimpleRNN SimpleRNNCell StackedRNNCells
        Bidirectional Embedding TextVectorization Attention
        MultiHeadAttention AdditiveAttention Masking ConvLSTM1D ConvLSTM2D ConvLSTM3D
        """.split(),
        SEQUENCES,
    ),
    **dict.fromkeys(
        "boston_housing california_housing imdb reuters".split(),
        f"{TABLES}; tables and texts come with sklearn.datasets",
    ),
    **{
        f"{name}1D": f"use {name}2D on inputs of shape (N, steps, 1, channels)"
        for name in ("SeparableConv", "DepthwiseConv")
    },
    "applications": "scratchnet has no pretrained weights; build the network of "
    "layers, or take one of scratchnet.architectures",
    "keras": "scratchnet stands for Keras itself, so write scratchnet.layers",
    "RemoteMonitor": "a LambdaCallback can send the logs, with urllib.request",
    "OrbaxCheckpoint": "use ModelCheckpoint or BackupAndRestore",
    "image": "layers such as Resizing and RandomFlip work on images",
    "model_to_dot": "plot_model draws a model without Graphviz",
    **dict.fromkeys(
        ("Dot", "dot"),
        "write ops.sum(x[0] * x[1], axis=-1, keepdims=True), in a layers.Lambda",
    ),
    **dict.fromkeys(
        ("serialize_keras_object", "deserialize_keras_object"),
        "they are in scratchnet.saving",
    ),
    "InputSpec": "a layer's build(self, input_shape) may check the shape",
    "TimeDistributed": "Dense works along the last dimension alone; for other layers, "
    "fold the steps into the batch with ops.reshape",
    "sequence": SEQUENCES,
    "text": SEQUENCES,
    "mixed_precision": "scratchnet computes in float32 and float64",
    "wrappers": "a model's own fit and predict take arrays, as scikit-learn's do",
}

# Where older Keras had it → where it is.
_LAYERS = "write: from scratchnet.layers import …"
OLD: dict[str, str] = {
    **{
        f"layers.{name}": _LAYERS
        for name in "core convolutional pooling normalization advanced_activations "
        "noise recurrent embeddings wrappers local experimental preprocessing".split()
    },
    "layers.RandomHeight": "write: RandomZoom(height_factor, 0.0)",
    "layers.RandomWidth": "write: RandomZoom(0.0, width_factor)",
    "utils.np_utils": "write: from scratchnet.utils import to_categorical",
    "utils.vis_utils": "write: from scratchnet.utils import plot_model",
    "utils.layer_utils": "write: from scratchnet import utils",
    "utils.generic_utils": "write: from scratchnet import utils",
    "utils.data_utils": "write: from scratchnet import utils",
    "utils.multi_gpu_model": "scratchnet runs on one machine's CPU",
    "optimizers.experimental": "write: from scratchnet import optimizers",
    "optimizer_v2": "write: from scratchnet import optimizers",
    "engine": "Layer is in scratchnet.layers, Model in scratchnet",
    "losses.Reduction": "write reduction='sum', 'sum_over_batch_size' or 'none'",
    "objectives": "write: from scratchnet import losses",
    "models.Functional": "write: scratchnet.Model(inputs, outputs)",
}

# So many names are a help in a message; of more, only the nearest is told.
LISTED = 40

# Room → what it has, of those that said so by `missing_attribute`.
ROOMS: dict[str, tuple[str, ...]] = {}
# File that is none → what is written there.
FILES: dict[str, tuple[str, ...]] = {}


def suggest(name: str, known: Iterable[str], room: str | None = None) -> str:
    """Return the end of a message: what was meant, and all there are if they are few.

    Args:
        name: what is not there.
        known: what is.
        room: Keras's module, such as ``"losses"``, that may have the name.

    >>> suggest("rlu", {"relu": None, "tanh": None})
    "; did you mean 'relu'? There are: relu, tanh"
    >>> suggest("elu", {"relu": None, "tanh": None}, "activations")
    '; Keras has it, scratchnet has not. There are: relu, tanh'
    """
    known = [one for one in known if not one.startswith("_")]
    theirs = NAMES.get(room, frozenset()) if room is not None else frozenset()
    few = len(known) <= LISTED
    there_are = f" There are: {', '.join(known)}" if few else ""
    if room is not None and name in INSTEAD:
        return f"; {INSTEAD[name]}"
    ours = [one for one in known if _same(name, one)]
    if name in theirs or (not ours and any(_same(name, one) for one in theirs)):
        return f"; Keras has it, scratchnet has not{'.' * few}{there_are}"
    near = ours or difflib.get_close_matches(str(name), {*known, *theirs}, n=1)
    if not near:
        return f";{there_are.replace('T', 't', 1)}" if few else ""
    whose = "" if near[0] in known else " Only Keras has that."
    return f"; did you mean '{near[0]}'?{whose}{there_are}"


def _same(one: str, other: str) -> bool:
    """Whether two names are one: ``nadam`` stands for ``Nadam``."""
    return str(one).lower().replace("_", "") == other.lower().replace("_", "")


def missing_attribute(module: str, known: Iterable[str]) -> Callable[[str], None]:
    """Return a module's ``__getattr__``: it says what there is instead.

    The module becomes a package, if it is none: that is what Python asks finders about.

    Args:
        module: its name.
        known: the names that users may have meant.

    >>> missing_attribute("scratchnet.fruit", ["Apple"])("Aple")
    Traceback (most recent call last):
    AttributeError: scratchnet.fruit has no 'Aple'; did you mean 'Apple'? There are: \
Apple
    """
    ROOMS[module.partition(".")[2]] = tuple(sorted(set(known)))
    return _answering(module)


def let_files_answer() -> None:
    """Let the files that are no rooms say what there is instead of a name, too."""
    for name, module in [*sys.modules.items()]:
        own = vars(module)
        if name.startswith("scratchnet.") and "__getattr__" not in own:
            FILES[name.partition(".")[2]] = tuple(
                sorted(
                    key
                    for key, value in own.items()
                    if not key.startswith("_")
                    and getattr(value, "__module__", None) == name
                )
            )
            own["__getattr__"] = _answering(name)


def _answering(module: str) -> Callable[[str], None]:
    """Return a module's ``__getattr__``, and make the module a package."""
    room = module.partition(".")[2]
    if module in sys.modules:
        vars(sys.modules[module]).setdefault("__path__", [])

    def getattr_of_module(name: str) -> None:
        if name.startswith("_"):  # Python itself asks for those, and expects no advice
            raise AttributeError(f"module '{module}' has no attribute '{name}'")
        raise AttributeError(f"{module} has no '{name}'{_explain(room, name)}")

    return getattr_of_module


def _explain(room: str, name: str) -> str:
    path = f"{room}.{name}" if room else name
    if path in OLD:
        return f", which is a name of older Keras; {OLD[path]}"
    outer = room.rpartition(".")[0]
    if outer and hasattr(sys.modules.get(f"scratchnet.{outer}"), name):
        return f"; it is in scratchnet.{outer}"
    theirs = NAMES.get(room, ())
    elsewhere = [other for other, names in ROOMS.items() if name in names]
    if elsewhere and name not in theirs:
        return f"; it is in {', '.join(sorted(map(_path, elsewhere)))}"
    return suggest(name, ROOMS.get(room) or FILES.get(room, ()), room)


def _path(room: str) -> str:
    return f"scratchnet.{room}" if room else "scratchnet"


class Finder:
    """The last that Python asks for a module: what is scratchnet's is not there."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Say what is there instead of a module of ours; pass over all others.

        Raises:
            ModuleNotFoundError: there is no such module.
        """
        package, _, last = name.rpartition(".")
        ours = package.partition(".")[0] == "scratchnet"
        if not ours or last.startswith("_"):
            return
        room = package.partition(".")[2]
        if last in ROOMS.get(room, ()):
            why = f" as a module; write: from {package} import {last}"
        else:
            why = _explain(room, last)
        # Without its `name`: by that, Python takes it for its own, and drops the text.
        raise ModuleNotFoundError(f"{package} has no '{last}'{why}")


if Finder not in sys.meta_path:
    sys.meta_path.append(Finder)
