"""What Keras has and scratchnet does not, in one table.

`ARGUMENTS` lists arguments, and `keras_signature` gives them to a class or function:
they can be passed as in Keras, by place or by name, and any value but Keras's default
is an error that says so. `ATTRIBUTES` lists methods and attributes, for the same error.
"""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from scratchnet.foundation import lookup

Thing = TypeVar("Thing", bound=Callable)

_KERNEL_AND_BIAS: dict[str, Any] = {
    "kernel_regularizer": None,
    "bias_regularizer": None,
    "activity_regularizer": None,
    "kernel_constraint": None,
    "bias_constraint": None,
}
_DATA_FORMAT: dict[str, Any] = {"data_format": None}
_BOXES: dict[str, Any] = {"bounding_box_format": None}
_DTYPE: dict[str, Any] = {"dtype": None}
_INPUT: dict[str, dict[str, Any]] = {
    "dtype": {"sparse": None, "ragged": None},
}

# Endings of arguments that `Layer` takes for every layer: they stand in the table for
# their places among Keras's, and are handed on.
OF_EVERY_LAYER = ("_regularizer", "_constraint")

# Class or function → the argument of ours that stands before → what Keras has there,
# with its defaults. Behind "" it comes first, behind "**" it is one of Keras's
# **kwargs: by name only, and not part of the signature.
ARGUMENTS: dict[str, dict[str, dict[str, Any]]] = {
    # layers
    "Layer": {"**": {"autocast": True}},
    "Network": {"**": {"autocast": True}},
    "Regularized.add_weight": {
        "initializer": {"dtype": None},
        "trainable": {"autocast": True},
        "constraint": {"aggregation": "none", "overwrite_with_gradient": False},
    },
    "BatchNormalization": {
        "moving_variance_initializer": {
            "beta_regularizer": None,
            "gamma_regularizer": None,
            "beta_constraint": None,
            "gamma_constraint": None,
            "renorm": False,
            "renorm_clipping": None,
            "renorm_momentum": 0.99,
            "synchronized": False,
        }
    },
    "Conv1D": {"padding": _DATA_FORMAT, "bias_initializer": _KERNEL_AND_BIAS},
    "Conv2D": {"padding": _DATA_FORMAT, "bias_initializer": _KERNEL_AND_BIAS},
    "Conv2DTranspose": {
        "output_padding": _DATA_FORMAT,
        "bias_initializer": _KERNEL_AND_BIAS,
    },
    "Cropping2D": {"cropping": _DATA_FORMAT},
    "Dense": {
        "bias_initializer": {
            **_KERNEL_AND_BIAS,
            "lora_rank": None,
            "lora_alpha": None,
            "quantization_config": None,
        }
    },
    "SpatialDropout2D": {"rate": _DATA_FORMAT},
    "DepthwiseConv2D": {
        "depth_multiplier": _DATA_FORMAT,
        "bias_initializer": {
            "depthwise_regularizer": None,
            "bias_regularizer": None,
            "activity_regularizer": None,
            "depthwise_constraint": None,
            "bias_constraint": None,
        },
    },
    "SeparableConv2D": {
        "padding": _DATA_FORMAT,
        "bias_initializer": {
            "depthwise_regularizer": None,
            "pointwise_regularizer": None,
            "bias_regularizer": None,
            "activity_regularizer": None,
            "depthwise_constraint": None,
            "pointwise_constraint": None,
            "bias_constraint": None,
        },
    },
    "Flatten": {"": _DATA_FORMAT},
    "GlobalAveragePooling1D": {"": _DATA_FORMAT},
    "GlobalAveragePooling2D": {"": _DATA_FORMAT},
    "GlobalMaxPooling1D": {"": _DATA_FORMAT},
    "GlobalMaxPooling2D": {"": _DATA_FORMAT},
    "GroupNormalization": {
        "gamma_initializer": {
            "beta_regularizer": None,
            "gamma_regularizer": None,
            "beta_constraint": None,
            "gamma_constraint": None,
        }
    },
    "Lambda": {"output_shape": {"mask": None}},
    "LayerNormalization": {
        "gamma_initializer": {
            "beta_regularizer": None,
            "gamma_regularizer": None,
            "beta_constraint": None,
            "gamma_constraint": None,
        },
        "**": {"rms_scaling": False},
    },
    "PReLU": {
        "alpha_initializer": {"alpha_regularizer": None, "alpha_constraint": None}
    },
    "InputLayer": {**_INPUT, "batch_shape": {"input_tensor": None, "optional": False}},
    "Input": {**_INPUT, "name": {"tensor": None, "optional": False}},
    "Pooling1D": {"padding": _DATA_FORMAT},
    "Pooling2D": {"padding": _DATA_FORMAT},
    # ... that prepare images
    "CenterCrop": {"width": _DATA_FORMAT, "**": _BOXES},
    "RandomBrightness": {"**": {**_BOXES, **_DATA_FORMAT}},
    "RandomContrast": {"**": {**_BOXES, **_DATA_FORMAT}},
    "RandomCrop": {"seed": _DATA_FORMAT, "**": _BOXES},
    "RandomFlip": {"seed": _DATA_FORMAT, "**": _BOXES},
    "RandomRotation": {"fill_value": _DATA_FORMAT, "**": _BOXES},
    "RandomShear": {"fill_value": _DATA_FORMAT, "**": _BOXES},
    "RandomTranslation": {"fill_value": _DATA_FORMAT, "**": _BOXES},
    "RandomZoom": {"fill_value": _DATA_FORMAT, "**": _BOXES},
    "Resizing": {
        "pad_to_aspect_ratio": {"fill_mode": "constant"},
        "fill_value": {"antialias": False, **_DATA_FORMAT},
        "**": _BOXES,
    },
    # layers, again
    "UpSampling2D": {"size": _DATA_FORMAT},
    "ZeroPadding1D": {"padding": _DATA_FORMAT},
    "ZeroPadding2D": {"padding": _DATA_FORMAT},
    # optimizers
    "Optimizer": {"ema_overwrite_frequency": {"loss_scale_factor": None}},
    # models
    "Compiled.compile": {
        "jit_compile": {"auto_scale_loss": True},
    },
    "Trainer.fit": {},
    "Trainer.evaluate": {},
    "Trainer.predict": {},
    "Trainer.train_on_batch": {},
    "Trainer.test_on_batch": {},
    "Model.save": {"overwrite": {"zipped": None}, "**": {"include_optimizer": True}},
    "Model.save_weights": {"overwrite": {"max_shard_size": None}},
    "Model.load_weights": {
        "filepath": {"skip_mismatch": False},
        "**": {"objects_to_skip": None, "by_name": None},
    },
    "load_model": {"compile": {"safe_mode": True}},
    # images
    "DataFrameIterator": {"seed": _DATA_FORMAT},
    "DirectoryIterator": {"seed": _DATA_FORMAT},
    "ImageDataGenerator": {"preprocessing_function": _DATA_FORMAT},
    "NumpyArrayIterator": {"seed": _DATA_FORMAT},
    # callbacks, whose older arguments are told the new ones
    "EarlyStopping": {},
    "ModelCheckpoint": {},
    "ReduceLROnPlateau": {},
    "TensorBoard": {},
    # utilities
    "array_to_img": {"x": _DATA_FORMAT},
    "image_dataset_from_directory": {
        "pad_to_aspect_ratio": {**_DATA_FORMAT, "format": "tf"}
    },
    "img_to_array": {"img": _DATA_FORMAT},
    "save_img": {"x": _DATA_FORMAT},
    "clear_session": {"": {"free_memory": True}},
}

# Values that mean the same as Keras's default.
ALSO: dict[str, tuple[Any, ...]] = {
    "data_format": ("channels_last",),
    "sparse": (False,),
    "ragged": (False,),
}

# What configurations leave out: Keras's do, or older releases of Keras 3 would not know
# it. A regularizer or a constraint is written, None included, but for that of `Dense`'s
# output.
NOT_IN_CONFIGURATIONS = frozenset(
    """
    antialias autocast bounding_box_format input_tensor lora_alpha lora_rank mask
    optional quantization_config ragged renorm renorm_clipping renorm_momentum
    Dense.activity_regularizer
    """.split()
)

# Class → names that Keras's class has.
ATTRIBUTES: dict[str, frozenset[str]] = {
    "Dataset": frozenset(
        """
        apply bucket_by_sequence_length choose_from_datasets counter fingerprint
        flat_map from_generator from_tensor_slices from_tensors
        get_single_element group_by_window interleave list_files load options
        padded_batch ragged_batch random range reduce rejection_resample
        sample_from_datasets save scan shard snapshot sparse_batch take_while unique
        window with_options zip
        """.split()
    ),
    "Layer": frozenset(
        """
        add_metric add_variable build_from_config call compute_dtype
        compute_mask compute_output_spec dtype_policy get_build_config input_dtype
        input_spec load_own_variables metrics_variables
        path
        quantization_mode quantize quantized_build quantized_call rematerialized_call
        save_own_variables stateless_call supports_masking symbolic_call
        variable_dtype
        """.split()
    ),
    "Model": frozenset(
        """
        compiled_loss compiled_metrics compute_loss compute_metrics
        distribute_reduction_method distribute_strategy export get_metrics_result
        get_quantization_layer_structure get_state_tree jit_compile
        make_predict_function make_test_function make_train_function
        predict_step set_state_tree stateless_compute_loss
        """.split()
    ),
    "Optimizer": frozenset(
        """
        add_optimizer_variables add_variable add_variable_from_reference assign
        assign_add assign_sub load_own_variables loss_scale_factor save_own_variables
        scale_loss stateless_apply update_step
        """.split()
    ),
}


# Class → names that Keras's had before Keras 3 → what there is instead.
FORMER_ATTRIBUTES: dict[str, dict[str, str]] = {
    "Model": {
        "fit_generator": "call fit, which takes the generator as x",
        "evaluate_generator": "call evaluate, which takes the generator as x",
        "predict_generator": "call predict, which takes the generator as x",
        "predict_classes": "write predict(x).argmax(axis=-1), or, with one sigmoid "
        "output, predict(x) > 0.5",
        "predict_proba": "call predict",
    }
}

# Arguments that `fit` and its like had before Keras 3 → what there is instead.
FORMER_ARGUMENTS: dict[str, str] = {
    "nb_epoch": "write epochs",
    "workers": "the constructor of PyDataset takes it",
    "use_multiprocessing": "batches are made on threads: leave it out",
    "max_queue_size": "the constructor of PyDataset takes it",
    "period": "write save_freq='epoch', or save_freq and a number of batches",
    "write_grads": "callbacks.LayerMonitor records the norms of gradients",
}


def keras_signature(thing: Thing, key: str = "") -> Thing:
    """Give a class's constructor, or a function, Keras's arguments beside its own.

    Args:
        thing: what has a row in `ARGUMENTS`.
        key: the row's; by default the name of the class or function.

    >>> @keras_signature
    ... def clear_session():
    ...     return "done"
    >>> clear_session(free_memory=True)
    'done'
    >>> clear_session(False)
    Traceback (most recent call last):
    NotImplementedError: clear_session: free_memory=False is outside scratchnet's \
subset of Keras; only free_memory=True is supported
    """
    key = key or thing.__qualname__
    if isinstance(thing, type):
        thing.__init__ = _checked(thing.__init__, key)  # type: ignore[misc]
        return thing
    return _checked(thing, key)


def _checked(function: Any, key: str) -> Any:
    """Return the function behind a check of the arguments that Keras alone has."""
    row = ARGUMENTS[key]
    absent = {name: default for some in row.values() for name, default in some.items()}
    by_name_only = set(row.get("**", ()))
    own = inspect.signature(function)
    theirs = own.replace(parameters=_in_keras_order(own, row))
    more = [one.name for one in own.parameters.values() if one.kind is one.VAR_KEYWORD]
    constructor = function.__name__ == "__init__"

    @functools.wraps(function)
    def checked(*arguments: Any, **named: Any) -> Any:
        who = type(arguments[0]).__name__ if constructor else key.rpartition(".")[2]
        received = {name: named.pop(name) for name in by_name_only & set(named)}
        unknown = set(named) - set(theirs.parameters)
        if unknown and not more:
            raise unknown_argument(who, min(unknown), own.parameters)
        try:
            given = theirs.bind(*arguments, **named).arguments
        except TypeError as error:  # one too many, or a required one is missing
            for name in unknown:
                if difflib.get_close_matches(name, own.parameters, n=1):
                    raise unknown_argument(who, name, own.parameters) from None
            raise TypeError(f"{who}: {error}") from None
        received |= {name: given.pop(name) for name in absent if name in given}
        for name, value in received.items():
            if not name.endswith(OF_EVERY_LAYER):
                refuse(who, name, value, absent[name])
            elif value is not None:
                given[name] = value
        for name in more:
            given |= given.pop(name, {})
        return function(**given)

    checked.__signature__ = theirs  # type: ignore[attr-defined]
    return checked


def _in_keras_order(
    own: inspect.Signature, row: dict[str, dict[str, Any]]
) -> list[inspect.Parameter]:
    """Return a function's parameters, with those of a row of `ARGUMENTS` among them."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = list(own.parameters.values())
    for before, some in row.items():
        if before == "**":
            continue
        names = [one.name for one in parameters]
        if before:
            at = names.index(before) + 1
        else:
            at = 1 if names[:1] in (["self"], ["cls"]) else 0
        parameters[at:at] = [
            inspect.Parameter(name, kind, default=default)
            for name, default in some.items()
        ]
    return parameters


def only_in_keras(cls: type) -> dict[str, Any]:
    """Return what Keras's configuration of a class has and no argument of ours says.

    >>> class Flatten: ...
    >>> only_in_keras(Flatten)
    {'data_format': 'channels_last'}
    """
    return {
        name: ALSO.get(name, (default,))[0]
        for one in cls.__mro__
        for some in ARGUMENTS.get(one.__name__, {}).values()
        for name, default in some.items()
        if not {name, f"{one.__name__}.{name}"} & NOT_IN_CONFIGURATIONS
    }


def unknown_argument(who: str, name: str, known: Iterable[str]) -> TypeError:
    """Return the error for an argument that neither Keras nor scratchnet has."""
    if name in FORMER_ARGUMENTS and name not in known:
        return TypeError(
            f"{who}: '{name}' is an argument of older Keras; {FORMER_ARGUMENTS[name]}"
        )
    names = dict.fromkeys(sorted(set(known) - {"self", "cls", "kwargs"}))
    return TypeError(
        f"{who}: there is no argument '{name}'{lookup.suggest(name, names)}"
    )


def refuse(who: str, name: str, received: Any, default: Any) -> None:
    """Accept an argument outside the subset at Keras's default only.

    Raises:
        NotImplementedError: it is anything else.

    >>> refuse("Adam", "amsgrad", False, False)
    >>> refuse("Adam", "amsgrad", True, False)
    Traceback (most recent call last):
    NotImplementedError: Adam: amsgrad=True is outside scratchnet's subset of Keras; \
only amsgrad=False is supported
    """
    also = ALSO.get(name, ())
    if received is default:
        return
    if any(received == one for one in also if type(received) is type(one)):
        return
    if isinstance(default, tuple) and isinstance(received, int | list):
        both = [received] * len(default) if isinstance(received, int) else received
        received = tuple(both)
    if default is not None and isinstance(received, int | float | str | tuple):
        if received == default:
            return
    only = " or ".join(map(repr, (default, *also)))
    raise NotImplementedError(
        f"{who}: {name}={received!r} is outside scratchnet's subset of Keras; "
        f"only {name}={only} is supported"
    )


def missing(thing: object, name: str) -> Any:
    """Do the work of an object's ``__getattr__``: say why there is no such attribute.

    Raises:
        AttributeError: always; Python's own, or that of a property, where the name is
            none of Keras's.
    """
    for cls in type(thing).__mro__:
        former = FORMER_ATTRIBUTES.get(cls.__name__, {})
        if name in former:
            raise AttributeError(
                f"{type(thing).__name__}: '{name}' is of older Keras; {former[name]}"
            )
        if name in ATTRIBUTES.get(cls.__name__, ()):
            raise AttributeError(
                f"{type(thing).__name__}: '{name}' is outside scratchnet's subset of "
                "Keras"
            )
    return object.__getattribute__(thing, name)  # which raises as it did before
