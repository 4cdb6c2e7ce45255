"""Where the names of Keras and TensorFlow are found in scratchnet.

A path is written as Keras's public one: ``keras.layers.Dense``. What exists is asked of
the package; only what is *older Keras* or *TensorFlow* is listed here.
"""

from __future__ import annotations

import importlib
import inspect
import re
from dataclasses import dataclass
from typing import Any

# Ways to name the package itself, the longest first.
PREFIXES = (
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow._api.v2.keras",
    "tensorflow.python.keras",
    "tensorflow.contrib.keras",
    "tensorflow.keras",
    "tf_keras",
    "keras.api._v2.keras",
    "keras.api",
    "keras.src",
    "keras",
)

# Rooms of older Keras → today's.
ROOMS = {
    "optimizer_v2": "optimizers",
    "optimizers_v2": "optimizers",
    "objectives": "losses",
    "initializations": "initializers",
}

# Modules of older Keras that the room which they were in stands for.
INNER = frozenset(
    """
    advanced_activations convolutional core data_utils experimental generic_utils
    layer_utils legacy local merge noise normalization np_utils pooling training
    vis_utils
    """.split()
)

# Modules of `keras.ops` whose names it has, too.
OF_OPS = ("core", "nn", "numpy")

# TensorFlow's rooms that are Keras's.
SHARED = ("initializers", "losses", "metrics", "optimizers", "regularizers")

# TensorFlow's functions → Keras's own.
FUNCTIONS = {
    "random.set_seed": "keras.utils.set_random_seed",
    "random.normal": "keras.random.normal",
    "random.truncated_normal": "keras.random.truncated_normal",
    "random.uniform": "keras.random.uniform",
    "random.gamma": "keras.random.gamma",
    "random.categorical": "keras.random.categorical",
    "random.shuffle": "keras.random.shuffle",
    "random_normal": "keras.random.normal",
    "random_uniform": "keras.random.uniform",
    "set_random_seed": "keras.utils.set_random_seed",
    "random_normal_initializer": "keras.initializers.RandomNormal",
    "random_uniform_initializer": "keras.initializers.RandomUniform",
    "truncated_normal_initializer": "keras.initializers.TruncatedNormal",
    "zeros_initializer": "keras.initializers.Zeros",
    "ones_initializer": "keras.initializers.Ones",
    "constant_initializer": "keras.initializers.Constant",
    "nn.l2_normalize": "keras.utils.normalize",
    "Variable": "keras.Variable",
    "__version__": "keras.__version__",
    "version.VERSION": "keras.__version__",
}

# TensorFlow's functions of arrays → those of `keras.ops`, or NumPy's of the same name.
ARRAYS = {
    "reduce_mean": "mean",
    "reduce_sum": "sum",
    "reduce_max": "max",
    "reduce_min": "min",
    "reduce_prod": "prod",
    "reduce_all": "all",
    "reduce_any": "any",
    "cast": "cast",
    "convert_to_tensor": "convert_to_tensor",
    "constant": "convert_to_tensor",
    "identity": "convert_to_tensor",
    "concat": "concatenate",
    "clip_by_value": "clip",
    "range": "arange",
    "pow": "power",
    "math.mod": "mod",
    "top_k": "top_k",
    "reduce_std": "std",
    "reduce_variance": "var",
    "rank": "ndim",
    "reverse": "flip",
    "fill": "full",
    "norm": "linalg.norm",
    "linalg.norm": "linalg.norm",
    "linalg.matmul": "matmul",
    **{
        name: name
        for name in """
        abs argmax argmin argsort add ceil cos count_nonzero cumsum divide einsum equal
        exp expand_dims eye floor greater
        less linspace log logical_and logical_not logical_or matmul maximum minimum
        meshgrid multiply negative not_equal one_hot ones ones_like pad repeat reshape
        roll round shape sigmoid sign sin size sort sqrt square squeeze stack subtract
        tanh tensordot tile transpose where zeros zeros_like
        """.split()
    },
}

# What NumPy calls by another name.
NUMPY = {"cast": "asarray", "convert_to_tensor": "asarray"}

# TensorFlow's things that are a plain value here.
VALUES = {
    "newaxis": "None",
    "print": "print",
    "Tensor": "{numpy}.ndarray",
    "data.AUTOTUNE": "-1",
    "data.experimental.AUTOTUNE": "-1",
    **{
        name: f'"{name}"'
        for name in "float32 float64 int8 int32 int64 uint8 bool".split()
    },
}

# Calls that ask about, or set up, what is not there: their plain answer.
ANSWERS = {
    "config.list_physical_devices": "[]",
    "config.list_logical_devices": "[]",
    "config.experimental.list_physical_devices": "[]",
    "config.experimental.list_logical_devices": "[]",
    "config.experimental.set_memory_growth": "None",
    "config.experimental_run_functions_eagerly": "None",
    "config.run_functions_eagerly": "None",
    "config.threading.set_inter_op_parallelism_threads": "None",
    "config.threading.set_intra_op_parallelism_threads": "None",
    "config.set_visible_devices": "None",
    "config.optimizer.set_jit": "None",
    "debugging.set_log_device_placement": "None",
    "device": "contextlib.nullcontext()",
    "disable_eager_execution": "None",
    "disable_v2_behavior": "None",
    "get_logger": 'logging.getLogger("tensorflow")',
    "test.is_gpu_available": "False",
    "test.is_built_with_gpu_support": "False",
    "test.is_built_with_cuda": "False",
    "test.gpu_device_name": '""',
    "executing_eagerly": "True",
    "enable_eager_execution": "None",
    "autograph.set_verbosity": "None",
    "logging.set_verbosity": "None",
}

# What is written in another way: the call's arguments, by their places, and what stands
# for it; of several, the first whose arguments are all given.
CALLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "math.confusion_matrix": (
        "labels predictions num_classes",
        (
            "{keras}.ops.convert_to_tensor(sklearn.metrics.confusion_matrix("
            "{labels}, {predictions}, labels=range({num_classes})))",
            "{keras}.ops.convert_to_tensor(sklearn.metrics.confusion_matrix("
            "{labels}, {predictions}))",
        ),
    ),
    "image.resize": (
        "images size method",
        (
            "{keras}.layers.Resizing(*{size}, interpolation={method})({images})",
            "{keras}.layers.Resizing(*{size})({images})",
        ),
    ),
    "image.flip_left_right": ("image", ("{numpy}.flip({image}, axis=-2)",)),
    "image.flip_up_down": ("image", ("{numpy}.flip({image}, axis=-3)",)),
    "image.grayscale_to_rgb": ("images", ("{numpy}.repeat({images}, 3, axis=-1)",)),
    "gather": (
        "params indices validate_indices axis",
        (
            "{numpy}.take({params}, {indices}, axis={axis})",
            "{numpy}.take({params}, {indices}, axis=0)",
        ),
    ),
    "boolean_mask": ("tensor mask", ("{tensor}[{mask}]",)),
    "data.experimental.cardinality": ("dataset", ("{dataset}.cardinality()",)),
}

# What these stand-ins take of elsewhere.
NEEDED = ("contextlib", "logging", "sklearn.metrics")

# What of TensorFlow has no counterpart → what to do.
REMAINS = {
    "GradientTape": (
        "scratchnet has no automatic differentiation of Python code; train with "
        "compile(…) and fit(…), and write a layer's own gradient in its backward"
    ),
    "function": "a graph compiler has nothing to do here; take the decorator away",
    "data": (
        "fit, evaluate and predict take tf.data.Dataset, so TensorFlow has to be "
        "installed beside scratchnet; arrays do without it"
    ),
    "saved_model": "save with model.save('name.keras')",
    "lite": "scratchnet doesn't write TensorFlow Lite",
    "distribute": "scratchnet trains on one machine's CPU; take the strategy away",
    "summary": "use keras.callbacks.TensorBoard",
    "Session": "sessions belong to TensorFlow 1; results are arrays at once",
    "train.latest_checkpoint": "name the file that ModelCheckpoint has written",
    "train": "save with model.save_weights('name.weights.h5')",
    "image": "use keras.layers' or keras.utils' functions for images, or NumPy",
    "io": "use keras.utils.load_img, or Pillow",
}


@dataclass
class Found:
    """What a path stands for.

    Attributes:
        code: how to write it; ``{keras}`` and ``{numpy}`` are filled in later.
        path: in scratchnet, as ``keras.layers.Dense``; "" where it is elsewhere.
        thing: the object itself, where it is scratchnet's.
        missing: why it can't be had; "" if it can.
        stays: whether it goes on being TensorFlow's.
        runs: whether it works beside scratchnet, where TensorFlow is installed.
    """

    code: str
    path: str = ""
    thing: Any = None
    missing: str = ""
    stays: bool = False
    runs: bool = False


def rewritten(path: str, given: dict[str, str]) -> str:
    """Return what stands for a call in `CALLS`; "" for any other call.

    Args:
        path: of what is called.
        given: its arguments, by name, or by place: ``"0"``.
    """
    path = re.sub(r"^tensorflow\.(compat\.v[12]\.)?", "", path)
    places, templates = CALLS.get(path, ("", ()))
    order = places.split()
    known = {*order, *map(str, range(len(order)))}
    if not known.issuperset(given):
        return ""
    named = {order[int(k)] if k.isdigit() else k: text for k, text in given.items()}
    for template in templates:
        if set(re.findall(r"{(\w+)}", template)) <= {*named, "keras", "numpy"}:
            named |= {"keras": "{keras}", "numpy": "{numpy}"}
            return template.format(**named)
    return ""


def has_a_kernel(thing: Any) -> bool:
    """Whether this is a layer whose kernel has rows and columns."""
    parameters = inspect.signature(thing).parameters if isinstance(thing, type) else ()
    return "kernel_size" in parameters and "2D" in thing.__name__


def is_keras(path: str) -> bool:
    """Whether a path is Keras's or TensorFlow's."""
    return path.partition(".")[0] in ("keras", "tensorflow", "tf_keras")


def find(path: str) -> Found:
    """Return what a path of Keras or TensorFlow stands for here."""
    for prefix in PREFIXES:
        if path == prefix or path.startswith(f"{prefix}."):
            return _find_keras(path[len(prefix) + 1 :])
    return _find_tensorflow(path.partition(".")[2])


def _find_keras(path: str) -> Found:
    parts = path.split(".") if path else []
    if len(parts) > 1 and parts[0] == "engine":
        parts = parts[-1:]
    elif parts:
        parts[0] = ROOMS.get(parts[0], parts[0])
    thing, done = importlib.import_module("scratchnet"), ["keras"]
    while parts:
        part = parts.pop(0)
        try:
            thing = _attribute(thing, part)
        except AttributeError as error:
            in_a_room = inspect.ismodule(thing) and len(done) > 1 and part.islower()
            older = part in OF_OPS if done[1:] == ["ops"] else parts or part in INNER
            if in_a_room and older:
                continue  # a module of older Keras: its names are the room's now
            dotted = ".".join([*done, part, *parts])
            return Found(_code(dotted), dotted, missing=str(error))
        done.append(part)
    dotted = ".".join(done)
    return Found(_code(dotted), dotted, thing)


def _attribute(thing: Any, name: str) -> Any:
    """Return an attribute, unless it is a file of ours, which no user means."""
    value = getattr(thing, name)
    if inspect.ismodule(value) and name not in getattr(thing, "__all__", ()):
        thing.__getattr__(name)
        raise AttributeError(f"{thing.__name__} has no '{name}'")
    return value


def _code(path: str) -> str:
    return "{keras}" + path.removeprefix("keras")


def _find_tensorflow(path: str) -> Found:
    path = re.sub(r"^compat\.v[12]\.", "", path)
    room, _, rest = path.partition(".")
    if room in SHARED:
        return _find_keras(path)
    if path in FUNCTIONS:
        return _find_keras(FUNCTIONS[path].removeprefix("keras."))
    if path.startswith("data.Dataset"):
        found = _find_keras(path.replace("data", "utils", 1))
        if not found.missing:
            return found
    if path in VALUES:
        return Found(VALUES[path])
    if room == "nn" and rest:
        found = _find_keras(f"activations.{rest}")
        if not found.missing:
            return found
    name = rest if room in ("math", "nn") and rest else path
    if name in ARRAYS:
        return _array_function(ARRAYS[name])
    why = next(
        (REMAINS[key] for key in (path, room) if key in REMAINS),
        "this part of TensorFlow has no counterpart here",
    )
    code = f"tensorflow.{path}" if path else "tensorflow"
    return Found(
        code, missing=why if path else "", stays=True, runs=room in ("data", "")
    )


def _array_function(name: str) -> Found:
    found = _find_keras(f"ops.{name}")
    return Found("{numpy}." + NUMPY.get(name, name)) if found.missing else found
