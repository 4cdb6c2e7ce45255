"""What `import scratchnet as keras` gives, and what it leaves alone."""

import importlib
import subprocess
import sys

import pytest

import scratchnet

# The table of the Keras subset in the project's design: module → names.
SUBSET = {
    "": (
        "Sequential Input models layers activations initializers losses optimizers "
        "metrics callbacks datasets utils Model gradcheck architectures"
    ),
    "models": "Sequential load_model",
    "layers": (
        "Dense Conv2D MaxPooling2D AveragePooling2D GlobalAveragePooling2D "
        "BatchNormalization Dropout Flatten Activation ReLU Softmax Rescaling "
        "InputLayer Input"
    ),
    "activations": "linear relu softmax sigmoid tanh",
    "initializers": (
        "GlorotUniform GlorotNormal HeUniform HeNormal RandomNormal RandomUniform "
        "Zeros Ones"
    ),
    "losses": (
        "CategoricalCrossentropy SparseCategoricalCrossentropy MeanSquaredError"
    ),
    "optimizers": "Adam RMSprop SGD",
    "metrics": (
        "CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy "
        "SparseTopKCategoricalAccuracy"
    ),
    "callbacks": (
        "History EarlyStopping ModelCheckpoint BackupAndRestore CSVLogger "
        "ReduceLROnPlateau LearningRateScheduler TerminateOnNaN LambdaCallback Callback"
    ),
    "datasets": "fashion_mnist cifar10 cifar100 mnist digits",
    "utils": "to_categorical set_random_seed",
}
METHODS = (
    "add pop build summary compile fit evaluate predict __call__ train_on_batch "
    "test_on_batch get_weights set_weights save_weights load_weights save get_config "
    "from_config get_layer count_params layers input_shape output_shape"
)


@pytest.mark.parametrize("module", SUBSET)
def test_every_name_of_the_subset_is_there(module):
    # Both `scratchnet.layers.Dense` and `from scratchnet.layers import Dense`.
    found = importlib.import_module(f"scratchnet.{module}" if module else "scratchnet")
    for name in SUBSET[module].split():
        assert hasattr(found, name), name
    if module:
        assert getattr(scratchnet, module) is found


def test_every_method_of_the_model_is_there():
    model = scratchnet.Sequential([scratchnet.Input((2,)), scratchnet.layers.Dense(1)])
    for name in METHODS.split():
        assert hasattr(model, name), name
    for name in ("name", "trainable", "get_weights", "set_weights", "get_config"):
        assert all(hasattr(layer, name) for layer in model.layers), name


@pytest.mark.parametrize(
    ("module", "name", "there"),
    [
        ("utils", "text_dataset_from_directory", "to_categorical"),
        ("utils", "FeatureSpace", "to_categorical"),
    ],
)
def test_what_is_outside_the_subset_is_refused_by_name(module, name, there):
    found = importlib.import_module(f"scratchnet.{module}")
    rule = rf"^scratchnet\.{module} has no '{name}'; .*[Tt]here are: .*{there}"
    with pytest.raises(AttributeError, match=rule):
        getattr(found, name)


def test_all_lists_what_is_there():
    for name in scratchnet.__all__:
        assert hasattr(scratchnet, name)


def python(code):
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_heavy_libraries_wait_until_they_are_used():
    code = """
import sys
import numba  # which looks up SciPy's version
before = set(sys.modules)
import scratchnet
print(*{name.split(".")[0] for name in set(sys.modules) - before})
"""
    loaded = set(python(code).split())
    assert "scratchnet" in loaded
    assert not loaded & {
        "matplotlib",
        "sklearn",
        "scipy",
        "h5py",
        "pandas",
        "plotly",
        "keras",
        "tensorflow",
        "torch",
    }


def test_import_prints_nothing_and_starts_no_thread():
    code = """
import threading
import scratchnet
assert threading.active_count() == 1
"""
    assert python(code) == ""


@pytest.mark.parametrize("module", ["layers", "utils"])
def test_a_module_can_be_imported_first(module):
    assert python(f"from scratchnet import {module}; print({module}.__name__)") == (
        f"scratchnet.{module}\n"
    )


def test_a_file_says_what_there_is_instead_of_a_name():
    for file, name, there in (
        ("datasets.cifar10", "load_dat", "load_data"),
        ("layers.dense", "Densee", "Dense"),
    ):
        rule = rf"scratchnet\.{file} has no '{name}'; did you mean '{there}'\?"
        with pytest.raises(ImportError, match=rule):
            exec(f"from scratchnet.{file} import {name}")
