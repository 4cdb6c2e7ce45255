"""Methods under Keras's names that a subclass may write, and that nothing here calls.

Such a class would train without them, and not say so. It is refused when it is defined.
"""

from __future__ import annotations

import inspect

_STATE = "what is saved are the arrays in params and buffers"
_WEIGHTS = "it follows from the layers, their params and their trainable"
_STEP = (
    "a model takes its steps by itself; what is computed beside it goes into a loss "
    "with forward and backward, a metric, a regularizer, or a callback"
)
_UPDATE = (
    "write update(self, param, grad, *slots) in its place, which changes flat arrays, "
    "and name in slots what is kept for each parameter"
)
_NO_MASKS = "scratchnet has no masks"
_ONE_DEVICE = "scratchnet runs on the processor it is started on"


def _table(rows: dict[str, str]) -> dict[str, str]:
    return {name: what for names, what in rows.items() for name in names.split()}


# Class → a method or property that Keras would call → what to write in its place.
NOT_CALLED: dict[str, dict[str, str]] = {
    "Layer": _table(
        {
            "__call__": "a model runs forward(self, x, *, training) and "
            "backward(self, dy); write those",
            "compute_mask": _NO_MASKS,
            "compute_output_spec": "write compute_output_shape(self, input_shape)",
            "build_from_config get_build_config": "a layer is built from the shape of "
            "its input",
            "load_own_variables save_own_variables": _STATE,
            "weights variables trainable_weights trainable_variables "
            "non_trainable_weights non_trainable_variables metrics_variables": _WEIGHTS,
            "add_loss losses": "a penalty is a regularizer of a weight, or an "
            "activity_regularizer",
            "metrics": "list metrics in the model's compile",
            "quantize quantized_build quantized_call": "scratchnet computes in float32 "
            "and float64",
            "rematerialized_call stateless_call symbolic_call": "write "
            "forward(self, x, *, training) and backward(self, dy)",
        }
    ),
    "Model": _table(
        {
            "predict_step": "predict returns the last layer's output; change it there",
            "compute_loss compute_metrics get_metrics_result stateless_compute_loss "
            "compiled_loss compiled_metrics": _STEP,
            "make_train_function make_test_function make_predict_function": _STEP,
            "distribute_reduction_method distribute_strategy": _ONE_DEVICE,
            "get_state_tree set_state_tree": _STATE,
            "fit_generator evaluate_generator predict_generator": "fit, evaluate and "
            "predict take generators themselves",
        }
    ),
    "Loss": _table(
        {
            "__call__": "write call(self, y_true, y_pred), of functions of "
            "scratchnet.ops",
        }
    ),
    "Metric": _table(
        {
            "stateless_reset_state stateless_result stateless_update_state": "write "
            "reset_state, result and update_state",
            "reset_states": "the method is called reset_state",
            "merge_state": _ONE_DEVICE,
        }
    ),
    "Optimizer": _table(
        {
            "update_step get_updates _resource_apply_dense _resource_apply_sparse "
            "_resource_apply _create_slots _create_all_weights": _UPDATE,
            "stateless_apply get_gradients _compute_gradients _aggregate_gradients "
            "_clip_gradients minimize": "write apply(self, grads, "
            "trainable_variables=None), which may change the gradients and hand them "
            "on to super().apply",
            "add_variable add_variable_from_reference add_optimizer_variables": _UPDATE,
            "assign assign_add assign_sub": _UPDATE,
            "load_own_variables save_own_variables variables iterations": "what is "
            "kept are the slots and the number of steps",
            "learning_rate": "a rate that changes is a schedule: derive from "
            "schedules.LearningRateSchedule, and hand it over as learning_rate",
            "scale_loss": "scratchnet computes in float32 and float64, where no loss "
            "is scaled",
        }
    ),
}


def is_user_s(cls: type) -> bool:
    """Whether a class is none of scratchnet's own."""
    return cls.__module__.partition(".")[0] != "scratchnet"


def refuse(cls: type, base: str) -> None:
    """Refuse a class of the user's that writes what would never be called.

    Args:
        cls: the class, at its definition; what it has from mixins counts, too.
        base: of which row of `NOT_CALLED`.

    Raises:
        TypeError: it does.
    """
    for name, instead in NOT_CALLED[base].items():
        writer = next((one for one in cls.__mro__ if name in vars(one)), None)
        if writer is not None and is_user_s(writer) and is_user_s(cls):
            raise TypeError(f"{cls.__name__}: {name} is never called here; {instead}")


def refuse_other_arguments(cls: type, name: str, ours: tuple[str, ...]) -> None:
    """Refuse a method of the user's that can't be called with what ours is given.

    Args:
        cls: the class, at its definition.
        name: of the method.
        ours: the arguments, without `self`.

    Raises:
        TypeError: it takes others, such as Keras's.
    """
    try:
        inspect.signature(getattr(cls, name)).bind(None, *ours)
    except TypeError:
        raise TypeError(
            f"{cls.__name__}: {name} is given {' and '.join(ours)} here, and Keras's "
            f"arguments never; {_STEP}"
        ) from None
