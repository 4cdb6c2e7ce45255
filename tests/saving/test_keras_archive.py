"""Whole models: Keras's files, scratchnet's own, and what neither may hold."""

from __future__ import annotations

import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from stand_ins import same_weights

import scratchnet as keras
from scratchnet import layers, losses, metrics, optimizers
from scratchnet.foundation.errors import CheckpointError
from scratchnet.models import load_model
from scratchnet.saving import keras_archive
from scratchnet.saving.serialization import plain
from tests.faults import Faults

GOLDEN = Path(__file__).parents[1] / "keras" / "golden"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.keras"


def make_model(seed: int = 0, **compile_arguments: Any) -> keras.Sequential:
    """A small model that has taken some steps of Adam."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu", name="first"),
            layers.BatchNormalization(name="second"),
            layers.Flatten(name="third"),
            layers.Dense(3, activation="softmax", name="fourth"),
        ],
        name="small",
    )
    arguments = {"optimizer": "adam", "loss": "categorical_crossentropy"}
    model.compile(**{**arguments, **compile_arguments})
    fit(model)
    return model


def fit(model: keras.Sequential) -> list[float]:
    rng = np.random.default_rng(0)
    x = rng.random((24, 6, 6, 1)).astype(np.float32)
    y = np.eye(3, dtype=np.float32)[rng.integers(3, size=24)]
    history = model.fit(x, y, 8, shuffle=False, verbose=0)
    return history.history["loss"]


def same_state(first: keras.Sequential, second: keras.Sequential) -> bool:
    """Equal to the bit: weights, and optimizers under their parameters' names."""
    one, two = first.optimizer.get_state(), second.optimizer.get_state()
    return (
        same_weights(first.get_weights(), second.get_weights())
        and one.keys() == two.keys()
        and all(np.array_equal(one[name], two[name]) for name in one)
    )


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)


def config_of(path: Path) -> dict[str, Any]:
    return json.loads(members_of(path)["config.json"])


def change(path: Path, place: str, value: Any) -> None:
    """Put a value into config.json, at ``config/layers/1/config/units``."""
    members = members_of(path)
    config = json.loads(members["config.json"])
    node, *keys = config, *place.split("/")
    for key in keys[:-1]:
        node = node[int(key) if key.isdecimal() else key]
    node[int(keys[-1]) if keys[-1].isdecimal() else keys[-1]] = value
    write(path, {**members, "config.json": json.dumps(config).encode()})


def refused(path: Path, message: str, **arguments: Any) -> str:
    with pytest.raises(CheckpointError, match=message) as caught:
        load_model(path, **arguments)
    assert str(path) in str(caught.value)
    return str(caught.value)


# Keras's own files


def test_keras_s_model_predicts_as_in_keras():
    model = load_model(GOLDEN / "trained.keras")
    with np.load(GOLDEN / "trained.npz") as golden:
        x, y = golden["x"], golden["y"]
    # One rounding for each term of the sums between input and output.
    terms = 3 * 3 * 2 + 3 * 3 * 4 + 4 + 16 + 6
    tolerance = terms * np.finfo("float32").eps
    np.testing.assert_allclose(model.predict(x, verbose=0), y, rtol=0, atol=tolerance)


def test_keras_s_model_is_compiled_as_in_keras():
    model = load_model(GOLDEN / "trained.keras")
    assert model.name == "trained"
    assert model.layers[1].name == "first"
    assert type(model.layers[5].kernel_initializer) is keras.initializers.HeNormal
    assert type(model.optimizer) is optimizers.Adam
    assert model.optimizer.iterations == 15
    assert np.float32(model.optimizer.learning_rate) == np.float32(0.01)
    assert model.optimizer.beta_1 == 0.8
    assert type(model.loss) is losses.CategoricalCrossentropy
    assert model.loss.label_smoothing == 0.1
    x, y = np.zeros((4, 12, 12, 2)), np.eye(5)[[0, 1, 2, 3]]
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    assert sorted(logs) == ["accuracy", "loss", "top2"]


@pytest.mark.parametrize("name", ["continued", "graph"])
def test_training_goes_on_as_in_keras(name):
    model = load_model(GOLDEN / f"{name}.keras")
    with np.load(GOLDEN / f"{name}.npz") as golden:
        arrays = {name: golden[name] for name in golden.files}
    steps = 10
    history = model.fit(
        arrays["x"], arrays["y"], 8, epochs=2, shuffle=False, verbose=0
    ).history
    assert model.optimizer.iterations == 20
    # Keras keeps the mean of the losses in float32.
    rounding = 5 * np.finfo("float32").eps
    np.testing.assert_allclose(history["loss"], arrays["losses"], rtol=rounding)
    # A step of Adam is at most lr / ε times the gradient, and so is its rounding
    # error; gradients here are sums of at most 8 · 36 products of about 1.
    adam = model.optimizer
    gradient = 8 * 36 * np.finfo("float64").eps
    tolerance = steps * adam.learning_rate / adam.epsilon * gradient
    for i, weight in enumerate(model.get_weights()):
        assert weight.dtype == np.float64
        golden_weight = arrays[f"weight_{i}"]
        np.testing.assert_allclose(weight, golden_weight, rtol=0, atol=tolerance)


def test_without_compile_there_is_no_optimizer():
    model = load_model(GOLDEN / "trained.keras", compile=False)
    assert model.optimizer is None
    compiled = load_model(GOLDEN / "trained.keras")
    assert same_weights(model.get_weights(), compiled.get_weights())


@pytest.mark.parametrize("name", ["trained", "graph"])
def test_what_is_written_is_what_keras_writes(name, path):
    """Every entry has Keras's value; those left out are Keras's defaults."""
    load_model(GOLDEN / f"{name}.keras").save(path)
    ours, golden = config_of(path), config_of(GOLDEN / f"{name}.keras")
    for key in ("module", "class_name", "registered_name"):
        assert ours[key] == golden[key]
    for own, other in zip(
        ours["config"]["layers"], golden["config"]["layers"], strict=True
    ):
        assert {k: other[k] for k in ("module", "class_name", "registered_name")} == {
            k: own[k] for k in ("module", "class_name", "registered_name")
        }
    # Keras keeps the names that the graph was compiled with; here they are objects.
    keys = ("config", "compile_config") if name == "trained" else ("config",)
    for key in keys:
        assert_part(plain(ours[key], key), plain(golden[key], key))
    for name in ("metadata.json", "config.json", "model.weights.h5"):
        assert name in members_of(path)


def assert_part(ours: Any, golden: Any) -> None:
    if isinstance(ours, dict):
        for key in ours:
            assert_part(ours[key], golden[key])
    elif isinstance(ours, list):
        assert len(ours) == len(golden)
        for own, other in zip(ours, golden, strict=True):
            assert_part(own, other)
    else:
        assert ours == golden


def test_the_weights_inside_have_keras_s_layout(path):
    def tree(name: Path) -> list[Any]:
        found: list[Any] = []
        content = io.BytesIO(members_of(name)["model.weights.h5"])
        with h5py.File(content) as file:
            file.visititems(
                lambda place, node: found.append(
                    (place, getattr(node, "shape", None), getattr(node, "dtype", None))
                )
            )
        return found

    load_model(GOLDEN / "trained.keras").save(path)
    assert tree(path) == tree(GOLDEN / "trained.keras")


# Round trips


@pytest.mark.parametrize(
    "arguments",
    [
        {"optimizer": optimizers.Adam(0.003, epsilon=1e-5), "metrics": ["accuracy"]},
        {"optimizer": "rmsprop"},
        {"optimizer": optimizers.RMSprop(0.003, 0.8, 0.5, 1e-5, centered=True)},
        {"optimizer": optimizers.SGD(0.1)},
        {"optimizer": optimizers.SGD(0.1, momentum=0.9, nesterov=True)},
        {"loss": losses.CategoricalCrossentropy(label_smoothing=0.1)},
        {"loss": losses.MeanSquaredError(), "metrics": [metrics.MeanSquaredError()]},
        {"metrics": ["acc", metrics.TopKCategoricalAccuracy(2)], "run_eagerly": True},
        {"weighted_metrics": [{"class_name": "CategoricalAccuracy", "config": {}}]},
    ],
)
def test_training_goes_on_as_if_never_stopped(path, arguments):
    model = make_model(**arguments)
    model.save(path)
    loaded = load_model(path)
    assert same_state(model, loaded)
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    assert loaded.get_compile_config() == model.get_compile_config()
    assert loaded.run_eagerly == model.run_eagerly
    assert fit(loaded) == fit(model)
    assert same_state(model, loaded)


def test_rmsprop_s_slots_have_keras_s_order(path):
    # Each slot of all parameters before the next: Adam's stand side by side.
    model = make_model(optimizer=optimizers.RMSprop(momentum=0.5, centered=True))
    model.save(path)
    state = model.optimizer.get_state()
    slots = ("velocity", "momentum", "average_gradient")
    names = [f"{name}/{slot}" for slot in slots for name in model.trainable_params]
    with zipfile.ZipFile(path) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights) as file:
        stored = file["optimizer/vars"]
        assert len(stored) == 2 + len(names)
        for place, name in enumerate(names, start=2):
            np.testing.assert_array_equal(stored[str(place)], state[name])


def test_a_model_without_optimizer_or_without_steps(path):
    model = make_model()
    fresh = keras.Sequential.from_config(model.get_config())
    fresh.save(path)
    assert load_model(path).optimizer is None
    fresh.compile("adam", "categorical_crossentropy")
    fresh.optimizer.learning_rate = 0.5
    fresh.save(path)
    loaded = load_model(path)
    assert (loaded.optimizer.iterations, loaded.optimizer.learning_rate) == (0, 0.5)
    assert fit(loaded) == fit(fresh)


def test_layers_that_learnt_at_different_times_keep_their_own_moments(path):
    model = make_model()
    state = model.optimizer.get_state()
    names = [name for name in state if "/" in name]
    moved = {name: state.pop(name) for name in names if name.startswith("first")}
    # As if the first layer had been frozen at first: its slots are the last.
    model.optimizer.set_state({**state, **moved})
    model.save(path)
    assert same_state(load_model(path), model)


def test_frozen_layers_stay_frozen(path):
    model = make_model()
    model.layers[0].trainable = False
    model.compile("adam", "categorical_crossentropy")
    fit(model)
    model.save(path)
    loaded = load_model(path)
    assert [layer.trainable for layer in loaded.layers] == [False, True, True, True]
    assert same_state(model, loaded)


def test_slots_of_layers_frozen_since_are_left_out_with_a_warning(path):
    model = make_model()
    model.layers[0].trainable = False
    model.save(path)
    with pytest.warns(UserWarning, match="optimizer's state is left as it is"):
        loaded = load_model(path)
    assert same_weights(loaded.get_weights(), model.get_weights())
    assert loaded.optimizer.iterations == 0


def test_equal_models_give_equal_files(tmp_path):
    model = make_model()
    for name in ("a.keras", "b.keras"):
        model.save(tmp_path / name)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()


def test_load_weights_takes_them_from_a_whole_model(path):
    model, other = make_model(), make_model(1)
    model.save(path)
    other.load_weights(path)
    assert same_state(model, other)
    small = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    with pytest.raises(CheckpointError, match="another model"):
        small.load_weights(path)


def test_label_smoothing_of_sparse_labels_is_refused(path):
    """Keras has no such argument, and its load_model ends in a TypeError."""
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, "softmax")])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(label_smoothing=0.2))
    message = (
        r"not saved: compile\.loss: SparseCategoricalCrossentropy has "
        r"label_smoothing=0\.2, which Keras's does not have. A model's file can hold"
    )
    with pytest.raises(CheckpointError, match=message):
        model.save(path)
    assert os.listdir(path.parent) == []
    model.compile("sgd", losses.SparseCategoricalCrossentropy())
    model.save(path)
    assert "label_smoothing" not in str(config_of(path)["compile_config"])


# Saving what can't be saved


class Scale(layers.Layer):
    """A layer of the user's own."""

    def forward(self, x, *, training):
        return 2 * x


class OwnLoss(losses.MeanSquaredError):
    pass


class OwnModel(keras.Sequential):
    pass


def small(*more: layers.Layer, cls: Any = keras.Sequential) -> keras.Sequential:
    return cls([keras.Input((3,)), layers.Dense(2), *more])


class Scaled(layers.Layer):
    def build(self, input_shape):
        self.scale = self.add_weight((), "ones", name="scale")

    def call(self, x):
        return x * self.scale


class Net(keras.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.parts, self.scaled = [layers.Dense(units), layers.ReLU()], Scaled()
        self.factor = keras.Variable(2.0)

    def call(self, x, training=False):
        for part in self.parts:
            x = part(x)
        return self.scaled(x) * self.factor


OWN = {"OwnModel": OwnModel, "Scaled": Scaled, "Net": Net}


@pytest.mark.parametrize(
    "make", [lambda: small(Scaled(), cls=OwnModel), lambda: Net(2, name="net")]
)
def test_models_of_the_user_s_own_classes(path, make):
    model, x = make(), np.ones((2, 3), np.float32)
    model(x)
    fresh = keras.models.model_from_json(model.to_json(), OWN)
    model.compile("adam", "mse")
    model.fit(x, x[:, :2], verbose=0)
    model.save(path)
    with pytest.raises(CheckpointError, match="not a class of scratchnet's own; reg"):
        keras.models.load_model(path)
    loaded = keras.models.load_model(path, OWN)
    np.testing.assert_array_equal(loaded(x), model(x))
    assert type(loaded) is type(model)
    assert loaded.optimizer.iterations == 1
    assert loaded.evaluate(x, x[:, :2]) == model.evaluate(x, x[:, :2])
    for name in ("a.npz", "a.weights.h5"):
        model.save_weights(path.parent / name)
        fresh.set_weights([w * 0 for w in fresh.get_weights()])
        fresh.load_weights(path.parent / name)
        np.testing.assert_array_equal(fresh(x), model(x))


def test_a_registered_class_is_named_as_it_is_registered(path):
    register = keras.saving.register_keras_serializable("Lab", "Other")
    with keras.saving.custom_object_scope({}):
        cls = register(type("Own", (Net,), {}))
        model = cls(2)
        model(np.ones((1, 3)))
        model.save(path)
        assert isinstance(keras.models.load_model(path), cls)
    keras.saving.get_custom_objects().pop("Lab>Other")


def test_a_module_that_scratchnet_has_not_is_named_beside_those_it_has():
    record = {"class_name": "Q", "module": "keras.quantizers", "config": {}}
    message = (
        "model.l2: 'Q' of module 'keras.quantizers' is outside scratchnet's subset "
        "of Keras; of Keras's modules it has keras, "
    )
    with pytest.raises(ValueError, match=message):
        plain({"l2": record}, "model")


def test_classes_of_the_user_s_own_come_back_where_they_are_known(path):
    model = small(Scale())
    model.compile("sgd", OwnLoss())
    model.save(path)
    for own in ({}, {"OwnLoss": OwnLoss}):
        with pytest.raises(CheckpointError, match=r"'Scale' .* pass custom_objects"):
            load_model(path, custom_objects=own)
    loaded = load_model(path, custom_objects={"Scale": Scale, "OwnLoss": OwnLoss})
    assert isinstance(loaded.layers[-1], Scale) and isinstance(loaded.loss, OwnLoss)
    with keras.saving.custom_object_scope({"Scale": Scale}):
        load_model(path, compile=False)


def test_a_registered_class_comes_back_by_itself(path):
    register = keras.saving.register_keras_serializable(package="Tests")
    registered = register(type("Twice", (Scale,), {}))
    try:
        small(registered()).save(path)
        assert type(load_model(path).layers[-1]) is registered
        assert keras.saving.get_registered_name(registered) == "Tests>Twice"
    finally:
        keras.saving.get_custom_objects().clear()


def test_a_model_without_weights_yet_is_not_saved(path):
    with pytest.raises(ValueError, match="give its first layer an input_shape"):
        keras.Sequential([layers.Dense(2)]).save(path)
    assert os.listdir(path.parent) == []


def test_weights_that_are_not_finite_do_not_replace_good_ones(path):
    model = small()
    model.save(path)
    good = path.read_bytes()
    model.set_weights([w * np.nan for w in model.get_weights()])
    with pytest.raises(CheckpointError, match="not saved: weight 'kernel' of Dense"):
        model.save(path)
    assert path.read_bytes() == good


def test_a_description_too_long_to_load_is_not_saved(path):
    model = keras.Sequential([keras.Input((3,))], name="x" * keras_archive.JSON_LIMIT)
    model.add(layers.Dense(2))
    with pytest.raises(CheckpointError, match="the description of the model takes"):
        model.save(path)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize("name", ["a", "a.npz", "a.tf"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in \.keras .* received .*\.npz"):
        small().save(tmp_path / name)
    with pytest.raises(ValueError, match=r"ends in \.keras .* received"):
        load_model(tmp_path / name)


def test_a_file_is_kept_unless_it_may_be_overwritten(path):
    small().save(path, overwrite=False)
    good = path.read_bytes()
    with pytest.raises(CheckpointError, match="there already; pass overwrite=True"):
        small().save(path, overwrite=False)
    assert path.read_bytes() == good


def test_arguments_outside_the_subset_are_refused(path):
    model = small()
    model.save(path, include_optimizer=True)
    for arguments in ({"zipped": False}, {"include_optimizer": False}):
        with pytest.raises(NotImplementedError, match=next(iter(arguments))):
            model.save(path, **arguments)
    with pytest.raises(TypeError, match="no argument 'compression'"):
        model.save(path, compression=9)
    with pytest.raises(NotImplementedError, match="safe_mode"):
        load_model(path, safe_mode=False)


def test_without_h5py_the_extra_is_named(path, monkeypatch):
    small().save(path)
    monkeypatch.setitem(sys.modules, "h5py", None)
    for action in (small().save, load_model):
        with pytest.raises(ImportError, match=r"pip install 'scratchnet\[h5\]'"):
            action(path)


def test_a_fault_at_any_call_of_a_save_leaves_the_old_or_the_new_model(path):
    old, new = small(), small()
    with Faults() as faults:
        old.save(path)
    for k in range(len(faults.calls)):
        old.save(path)
        with Faults(fail_at=k, error=OSError(28, "No space left on device")) as broken:
            with pytest.raises(CheckpointError, match="free some space"):
                new.save(path)
        expected = new if "replace" in broken.calls[:k] else old
        assert same_weights(load_model(path).get_weights(), expected.get_weights())
        assert os.listdir(path.parent) == [path.name]


# Files that do not fit


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("config/layers/1/config/units", 5, r"expected \(3, 5\) float32, found \(3, 2"),
        (
            "config/layers/1/config/use_bias",
            False,
            "1 weights that this model does not",
        ),
        ("config/layers/1/config/units", 0, "positive integer for units"),
        ("config/layers/1/config/no", 1, "Dense: there is no argument 'no'"),
        ("config/layers/1/config/activation", "gelew", "unknown activation 'gelew'"),
        ("config/layers/1/config/dtype", "float16", "expected dtype float32 or float6"),
        ("config/layers", {}, "expected the entries 'name' and 'layers'"),
        ("config/layers", [], "never built and has no weights"),
        ("config/layers/1", "Dense", "expected one of the layers "),
        ("config/layers/1/config", [], r"layers\[1\]: expected a dict as the config"),
        ("config/layers/1/inbound_nodes", [], "unknown entry 'inbound_nodes'"),
        ("config/input_layers", [], "expected the entries 'name' and 'layers'"),
        ("config/name", "a/b", "expected a string without '/'"),
        ("class_name", "Functional", "'Functional' of module 'keras'"),
        ("config", None, "expected a dict as the config of Sequential"),
        ("compile_config", "adam", "expected a dict as compile_config, found 'adam'"),
        ("compile_config", ["adam"], "expected a dict as compile_config"),
    ],
)
def test_a_configuration_that_does_not_fit_is_named(path, place, value, message):
    small().save(path)
    change(path, place, value)
    refused(path, message)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("optimizer/class_name", "Muon", "'Muon' of module 'keras.optimizers'"),
        ("optimizer/config/loss_scale_factor", 2, "loss_scale_factor=2 is outside"),
        ("optimizer/config/learning_rate", -1, "learning_rate to be a number"),
        ("loss", "circle", "unknown loss 'circle'"),
        ("loss", {"a": "mse", "b": "mse"}, "expected loss by the names of all"),
        ("metrics", [3], "metric: expected a name or an object"),
        ("metrics", ["r2_score"], "unknown metric 'r2_score'"),
        ("loss_weights", [1.0, 2.0], "expected loss_weights to be one for each"),
        ("steps_per_execution", 0, "positive integer for steps_per_execution"),
    ],
)
def test_what_can_t_be_compiled_is_named_with_the_way_around(
    path, place, value, message
):
    model = small()
    model.compile("adam", "mse")
    model.save(path)
    change(path, f"compile_config/{place}", value)
    refused(path, f"{message}.*pass compile=False")
    assert load_model(path, compile=False).optimizer is None


def test_keras_2_and_other_versions_are_named(path):
    small().save(path)
    members = members_of(path)
    for version in ("2.15.0", 3, None):
        metadata = json.dumps({"keras_version": version}).encode()
        write(path, {**members, "metadata.json": metadata})
        refused(path, "expected a file of Keras 3, found version .* save it again")


def test_nothing_and_a_folder_are_refused(path):
    refused(path, "no such file")
    path.mkdir()
    refused(path, "expected a file")


def test_every_truncation_is_refused(path):
    small().save(path)
    content = path.read_bytes()
    for length in range(0, len(content), 499):
        path.write_bytes(content[:length])
        refused(path, r"damaged, or no \.keras file|expected the members")
