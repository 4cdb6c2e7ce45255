"""`get_config` beside Keras's, class by class and argument by argument, and both ways.

    python -m pytest tests/keras/parity/test_configurations.py

Every public class with a configuration is made with its defaults, and once for each
argument with an odd value: all keys and values must be those of Keras, and each library
must make of the other's configuration what made it. `DIFFERENT` says what differs.
"""

import importlib
import inspect

import pytest

pytest.importorskip("keras", reason="needs Keras: pip install -e '.[reference]'")
pytest.importorskip("tensorflow", reason="needs TensorFlow: the extra `reference`")

ROOMS = (
    "layers losses metrics optimizers optimizers.schedules initializers regularizers "
    "constraints"
).split()
RATE = {"initial_learning_rate": 0.125}

# Classes → what they need.
SHARED = {
    "Conv1D Conv2D Conv2DTranspose SeparableConv2D": {"filters": 3, "kernel_size": 2},
    "AlphaDropout Dropout GaussianDropout": {"rate": 0.5},
    "SpatialDropout1D SpatialDropout2D": {"rate": 0.5},
    "CenterCrop RandomCrop Resizing": {"height": 3, "width": 2},
    "RandomBrightness RandomContrast RandomRotation": {"factor": 0.25},
    "MeanIoU OneHotMeanIoU": {"num_classes": 3},
    "IoU OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "AveragePooling1D AveragePooling2D": {"pool_size": 2},
}
NEEDED = {
    **{name: needed for names, needed in SHARED.items() for name in names.split()},
    "DepthwiseConv2D": {"kernel_size": 2},
    "Activation": {"activation": "relu"},
    "Dense": {"units": 3},
    "GaussianNoise": {"stddev": 0.5},
    "InputLayer": {"shape": (3,)},
    "Permute": {"dims": (2, 1)},
    "RandomTranslation": {"height_factor": 0.25, "width_factor": 0.125},
    "RandomZoom": {"height_factor": 0.25},
    "RepeatVector": {"n": 3},
    "Rescaling": {"scale": 0.5},
    "Reshape": {"target_shape": (-1,)},
    **{
        key: {"num_classes": 3, "target_class_ids": [1]} for key in ("IoU", "OneHotIoU")
    },
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "CosineDecay": {**RATE, "decay_steps": 8},
    "CosineDecayRestarts": {**RATE, "first_decay_steps": 8},
    "ExponentialDecay": {**RATE, "decay_steps": 8, "decay_rate": 0.5},
    "InverseTimeDecay": {**RATE, "decay_steps": 8, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundaries": [3, 5], "values": [0.5, 0.25, 0.125]},
    "PolynomialDecay": {**RATE, "decay_steps": 8},
}

# An odd value for each argument, whoever takes it.
ODD = {
    **dict.fromkeys(
        "activity_regularizer kernel_regularizer bias_regularizer beta_regularizer "
        "gamma_regularizer alpha_regularizer depthwise_regularizer "
        "pointwise_regularizer".split(),
        "l2",
    ),
    **dict.fromkeys(
        "kernel_constraint depthwise_constraint pointwise_constraint "
        "alpha_constraint".split(),
        "max_norm",
    ),
    **dict.fromkeys(
        "bias_constraint beta_constraint gamma_constraint".split(), "non_neg"
    ),
    **dict.fromkeys(
        "kernel_initializer depthwise_initializer pointwise_initializer".split(),
        "he_normal",
    ),
    **dict.fromkeys(
        "bias_initializer alpha_initializer beta_initializer "
        "moving_mean_initializer".split(),
        "ones",
    ),
    **dict.fromkeys("gamma_initializer moving_variance_initializer".split(), "zeros"),
    **dict.fromkeys(
        "rate stddev mean gain value alpha beta gamma delta rho momentum beta_1 "
        "beta_2 epsilon scale offset threshold thresholds power negative_slope l1 l2 "
        "factor smooth height_factor width_factor min_value initial_learning_rate "
        "weight_decay clipnorm clipvalue global_clipnorm ema_momentum learning_rate "
        "initial_accumulator_value warmup_target end_learning_rate "
        "l1_regularization_strength l2_regularization_strength "
        "l2_shrinkage_regularization_strength recall precision label_smoothing "
        "specificity sensitivity m_mul".split(),
        0.375,
    ),
    **dict.fromkeys("maxval max_value t_mul".split(), 3.5),
    **dict.fromkeys(
        "use_bias center trainable sparse_y_true sparse_y_pred".split(), False
    ),
    **dict.fromkeys(
        "from_logits keepdims crop_to_aspect_ratio pad_to_aspect_ratio amsgrad "
        "nesterov centered use_ema staircase cycle apply_class_balancing multi_label "
        "invert".split(),
        True,
    ),
    **dict.fromkeys(
        "strides dilation_rate depth_multiplier size cropping top_k k class_id seed "
        "ema_overwrite_frequency gradient_accumulation_steps ignore_class "
        "warmup_steps num_labels pool_size filters kernel_size units n groups".split(),
        2,
    ),
    "minval": -0.375,
    "name": "odd",
    "dtype": "float64",
    "axis": 1,
    "activation": "gelu",
    "padding": "same",
    "interpolation": "nearest",
    "fill_mode": "constant",
    "fill_value": 3.0,
    "value_range": (0, 1),
    "noise_shape": (None, 1),
    "shared_axes": [1],
    "reduction": "sum",
    "num_thresholds": 20,
    "curve": "PR",
    "average": "micro",
    "summation_method": "minoring",
    "learning_rate_power": -0.375,
    "mode": "fan_out",
    "distribution": "uniform",
}
VALUES = {  # where a class wants another
    "RandomFlip.mode": "vertical",
    "F1Score.average": "micro",
    "PReLU.alpha": 0.5,
    "SquaredHinge.threshold": 0.5,
    "Identity.gain": 2.0,
    "BatchNormalization.scale": False,
    "GroupNormalization.scale": False,
    "LayerNormalization.scale": False,
    "ZeroPadding1D.padding": 2,
    "ZeroPadding2D.padding": 2,
}
OF_ALL = {
    "layers": ("name", "trainable", "dtype", "activity_regularizer"),
    "optimizers": tuple(
        "name weight_decay clipnorm clipvalue global_clipnorm use_ema ema_momentum "
        "gradient_accumulation_steps".split()
    ),
}

# Class or room, and key → why a configuration of ours differs there. What older
# releases of Keras 3 would not know is left out.
DIFFERENT = {
    "BatchNormalization.renorm": "new in Keras",
    "BatchNormalization.renorm_clipping": "new in Keras",
    "BatchNormalization.renorm_momentum": "new in Keras",
    "Dense.quantization_config": "new in Keras",
    "InputLayer.optional": "new in Keras",
    "InputLayer.ragged": "new in Keras",
    "Resizing.antialias": "new in Keras",
    "Layer.autocast": "there is nothing to cast",
    "Layer.activity_regularizer": "left out where there is none, as in all layers",
    "Identity.gain": "Keras forgets it",
    "Huber.delta": "Keras forgets it",
    "RandomCrop.seed": "Keras draws one at once",
    "RandomShear.x_factor": "Keras writes what it then refuses to read",
    "RandomShear.y_factor": "Keras writes what it then refuses to read",
}
# Bases, which have no configuration.
BASES = {
    "Regularizer",
    "LearningRateSchedule",
    "Initializer",
    "Optimizer",
    "Constraint",
}


def cases():
    for room in ROOMS:
        ours, theirs = (
            importlib.import_module(f"{library}.{room}")
            for library in ("scratchnet", "keras")
        )
        for name in sorted(set(dir(ours)) & set(dir(theirs)) - BASES):
            cls = getattr(theirs, name)
            if not inspect.isclass(cls) or cls.__name__ != name or name[0] == "_":
                continue
            needed = NEEDED.get(name, {})
            yield room, name, needed
            known = [*inspect.signature(cls.__init__).parameters]
            for argument in dict.fromkeys((*known, *OF_ALL.get(room, ()))):
                key = f"{name}.{argument}"
                if key in VALUES or argument in ODD:
                    yield (
                        room,
                        name,
                        {**needed, argument: VALUES.get(key, ODD.get(argument))},
                    )


def plain(value):
    """Return a configuration as JSON has it, with dtypes by their names."""
    if isinstance(value, dict):
        if value.get("class_name") == "DTypePolicy":
            return value["config"]["name"]
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(f"{value:.6g}")  # Keras has some in float32
    return value


def differences(name, ours, theirs, own_name):
    absent = object()
    for key in {**ours, **theirs}:
        if (key == "name" and not own_name) or f"{name}.{key}" in DIFFERENT:
            continue
        one, other = ours.get(key, absent), theirs.get(key, absent)
        if one is absent or other is absent or one != other:
            yield key, ours.get(key), theirs.get(key)


@pytest.mark.filterwarnings("ignore")  # Keras's own
@pytest.mark.parametrize(("room", "name", "settings"), [*cases()], ids=str)
def test_configurations(room, name, settings):
    Ours, Theirs = (
        getattr(importlib.import_module(f"{library}.{room}"), name)
        for library in ("scratchnet", "keras")
    )
    try:
        theirs = Theirs(**settings)
    except (TypeError, ValueError) as error:
        pytest.skip(f"Keras refuses it: {error}"[:80])
    try:
        ours = Ours(**settings)
    except NotImplementedError as error:
        assert "outside scratchnet's subset" in str(error)
        return
    both = plain(ours.get_config()), plain(theirs.get_config())
    assert not [*differences(name, *both, "name" in settings)]
    read, taken = Theirs.from_config(ours.get_config()), Ours.from_config(both[1])
    assert not [*differences(name, both[0], plain(read.get_config()), True)]
    again = plain(Ours.from_config(theirs.get_config()).get_config())
    assert not [*differences(name, again, both[1], True)]
    assert plain(taken.get_config()) == again


def test_what_differs_is_needed():
    classes = {name for _, name, _ in cases()}
    assert {key.partition(".")[0] for key in DIFFERENT} <= classes
