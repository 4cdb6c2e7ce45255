"""Files made to do harm: none of them makes Python do anything but refuse it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hostile import load_all

import scratchnet as keras
from scratchnet import layers
from scratchnet.saving import keras_archive

SEED = 20240607
MEMBERS = keras_archive.MEMBERS
Members = list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "good.keras"
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3, "relu"), layers.Flatten()]
    )
    model.compile("adam", "mse", metrics=["mse"])
    model.fit(np.zeros((2, 4)), np.zeros((2, 3)), verbose=0)
    model.save(path)
    return path


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def pack(members: Members, compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members:
            archive.NameToInfo.pop(name, None)  # or a second one would be warned of
            archive.writestr(name, content)
    return buffer.getvalue()


def with_member(good: Path, name: str, content: bytes) -> bytes:
    return pack([(n, content if n == name else c) for n, c in members_of(good)])


def with_config(good: Path, change: Callable[[dict[str, Any]], Any]) -> bytes:
    config = json.loads(dict(members_of(good))["config.json"])
    change(config)
    return with_member(good, "config.json", json.dumps(config).encode())


def with_weights(good: Path, change: Callable[[h5py.File], Any]) -> bytes:
    buffer = io.BytesIO(dict(members_of(good))["model.weights.h5"])
    with h5py.File(buffer, "a") as file:
        change(file)
    return with_member(good, "model.weights.h5", buffer.getvalue())


def foreign(module: Any, name: Any, registered: Any = None, /, **config: Any) -> dict:
    return {
        "module": module,
        "class_name": name,
        "config": config,
        "registered_name": registered,
    }


# Every kind of object by which a file has been made to run code, in Keras or elsewhere.
OBJECTS = {
    "lambda_layer": foreign(
        "keras.layers", "Lambda", function=foreign("builtins", "__lambda__", value="4w")
    ),
    "os_system": foreign("os", "system", command="touch owned"),
    "subprocess": foreign("subprocess", "Popen", args=["touch", "owned"]),
    "builtins": foreign("builtins", "eval", source="1"),
    "own_module": foreign("__main__", "watch"),
    "scratchnet": foreign("scratchnet.runs.run", "Run", folder="."),
    "get_file": foreign("keras.utils", "get_file", origin="http://localhost"),
    "registered": foreign("keras.layers", "Dense", "Custom>Dense", units=3),
    "registered_elsewhere": foreign(None, "Dense", "mine>Dense", units=3),
    "nested_model": foreign("keras", "Sequential", layers=[]),
    "torch_wrapper": foreign("keras.layers", "TorchModuleWrapper", module="x"),
    "tfsm": foreign("keras.layers", "TFSMLayer", filepath="/tmp/model"),
    "numpy": foreign(None, "__numpy__", value=[0], dtype="float32"),
    "dunder": foreign("keras.layers", "__class__"),
    "module_is_a_list": foreign(["keras.layers"], "Dense", units=3),
    "name_is_a_list": foreign("keras.layers", ["Dense"], units=3),
    "policy": foreign("keras", "DTypePolicy", name="mixed_float16"),
}
FUNCTION = {
    "module": "builtins",
    "class_name": "function",
    "config": "eval",
    "registered_name": "eval",
}


def test_no_object_of_a_file_is_looked_up_anywhere(good):
    contents = {}
    for name, thing in OBJECTS.items():

        def as_layer(config, thing=thing):
            config["config"]["layers"][1] = thing

        def as_argument(config, thing=thing):
            config["config"]["layers"][1]["config"]["kernel_initializer"] = thing

        def as_flag(config, thing=thing):
            config["config"]["layers"][1]["config"]["use_bias"] = thing

        def as_loss(config, thing=thing):
            config["compile_config"]["loss"] = thing

        def as_dtype(config, thing=thing):
            config["config"]["layers"][1]["config"]["dtype"] = thing

        places = [as_layer, as_argument, as_loss, as_dtype]
        if name not in ("nested_model", "policy"):  # inert, and of no harm as a flag
            places.append(as_flag)
        for place in places:
            contents[f"{name}_{place.__name__}"] = with_config(good, place)

    def as_activation(config):
        config["config"]["layers"][1]["config"]["activation"] = FUNCTION

    def without_a_class(config):
        config["config"]["layers"][1]["config"]["activation"] = {"module": "os"}

    contents["function"] = with_config(good, as_activation)
    contents["without_a_class"] = with_config(good, without_a_class)
    messages = load_all(good, contents, "objects")
    assert all(messages.values()), [name for name, text in messages.items() if not text]
    assert (
        "layers[1]: 'Lambda' of module 'keras.layers'"
        in (messages["lambda_layer_as_layer"])
    )
    assert "'system' of module 'os'" in messages["os_system_as_argument"]
    assert "'Dense' is registered as 'Custom>Dense'" in messages["registered_as_layer"]
    assert "pass compile=False" in messages["os_system_as_loss"]
    assert "is none of scratchnet's" in messages["function"]
    assert not Path("owned").exists()


def absurd(place: str, value: Any) -> Callable[[dict[str, Any]], Any]:
    def change(config: dict[str, Any]) -> None:
        if place == "units":
            config["config"]["layers"][1]["config"]["units"] = value
        elif place == "layer":
            config["config"]["layers"][1:1] = [value]
        elif place == "input":
            config["config"]["layers"][0]["config"]["batch_shape"] = value
        else:
            del config["config"]["layers"][0]
            config["config"]["build_input_shape"] = value

    return change


def test_no_shape_of_a_file_is_allocated_on_its_word(good):
    convolution = foreign("keras.layers", "Conv2D", filters=2**40, kernel_size=1)
    shapes = [
        ("units", 2**40),
        ("units", 10**300),
        ("units", 10**9),
        ("units", "3" * 1000),
        ("units", [3] * 1000),
        ("input", [None, 2**40]),
        ("input", [None, 10**300]),
        ("input", [None, *[2] * 1000]),
        ("input", [None, -4]),
        ("input", [None, 1.5]),
        ("input", [None, "4"]),
        ("input", "None"),
        ("build", [None, 2**40]),
        ("build", [None, -4]),
        ("build", [None, "a" * 1000]),
        ("build", [None, 1e308]),
        ("build", "abc"),
        ("build", {"a": 1}),
        ("build", None),
        ("layer", convolution),
        ("layer", foreign("keras.layers", "Dense", units=2**40, input_shape=[1])),
        ("layer", foreign("keras.layers", "InputLayer", batch_shape=[None, 1])),
        ("layer", foreign("keras.layers", "BatchNormalization", axis=2**70)),
        ("layer", foreign("keras.layers", "Dropout", rate=0.5, seed=2**70)),
        ("layer", foreign("keras.layers", "Dropout", rate=[1] * 1000)),
    ]
    contents = {
        f"{i:02}_{place}": with_config(good, absurd(place, value))
        for i, (place, value) in enumerate(shapes)
    }
    messages = load_all(good, contents, "shapes")
    assert all(messages.values()), [name for name, text in messages.items() if not text]
    assert "ask for at least" in messages["00_units"]
    assert "the two don't belong together" in messages["05_input"]


def test_no_json_but_plain_json_is_read(good):
    config = dict(members_of(good))["config.json"]
    texts = {
        "empty": b"",
        "array": b"[]",
        "number": b"1",
        "latin1": b'{"name": "\xe9"}',
        "deep_lists": b"[" * 100_000 + b"]" * 100_000,
        "deep_objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        "nearly_deep": b"[" * 900 + b"]" * 900,
        "repeated_key": config[:-1] + b', "class_name": "Sequential"}',
        "nan": config.replace(b"true", b"NaN"),
        "infinity": config.replace(b"1e-07", b"1e999"),
        "digits": config.replace(b'"units": 3', b'"units": ' + b"9" * 5000),
        "too_long": config + b" " * keras_archive.JSON_LIMIT,
        "cut": config[:-1],
    }
    contents = {name: with_member(good, "config.json", t) for name, t in texts.items()}
    contents["metadata"] = with_member(good, "metadata.json", b'["3.15"]')
    messages = load_all(good, contents, "json")
    assert all(messages.values()), [name for name, text in messages.items() if not text]


def test_many_layers_take_time_in_proportion(good):
    short = {"class_name": "Flatten", "config": {}}

    def deep(config):
        config["config"]["layers"][2:] = [short] * 2_500

    messages = load_all(good, {"deep": with_config(good, deep)}, "deep")
    assert messages == {"deep": ""}  # odd, but a model


def test_no_member_but_the_three_is_unpacked(good):
    members = members_of(good)
    others = {
        "parent": "../../owned",
        "absolute": "/tmp/owned",
        "drive": "C:\\owned",
        "assets": "assets/vocabulary.txt",
        "pickle": "model.pkl",
        "npz": "model.weights.npz",
        "inside": "model.weights.h5/x",
    }
    contents = {
        name: pack([*members, (member, b"cos\nsystem\n(S'touch owned'\ntR.")])
        for name, member in others.items()
    }
    contents |= {
        "twice": pack([*members, members[1]]),
        "none": pack([]),
        "only_config": pack(members[1:2]),
        "npz_instead": pack([*members[:2], ("model.weights.npz", members[2][1])]),
        "many": pack([*members, *((f"{i}", b"") for i in range(20_000))]),
        "no_zip": b"\x80\x04cos\nsystem\n",
        "only_h5": members[2][1],
    }
    messages = load_all(good, contents, "members")
    assert all(messages.values()), [name for name, text in messages.items() if not text]
    assert "unknown ['../../owned']" in messages["parent"]
    assert not list(good.parent.parent.rglob("owned"))


def test_nothing_is_decompressed(good):
    members = members_of(good)
    bomb = bytes(1 << 27)
    contents = {
        name: pack(
            [(n, bomb if n == name else c) for n, c in members], zipfile.ZIP_DEFLATED
        )
        for name in ("config.json", "model.weights.h5")
    }
    # Sizes that only the directory at the end speaks of, and an encrypted member.
    content = good.read_bytes()
    directory = content.index(b"PK\1\2")
    for name, offset, value in [
        ("sizes_lie", 20, struct.pack("<II", 1 << 31, 1 << 31)),
        ("size_lies", 24, struct.pack("<I", 1 << 31)),
        ("offset_lies", 42, struct.pack("<I", 1 << 31)),
        ("encrypted", 8, b"\1\0"),
    ]:
        changed = bytearray(content)
        changed[directory + offset : directory + offset + len(value)] = value
        contents[name] = bytes(changed)
    messages = load_all(good, contents, "bombs")
    assert all(messages.values()), [name for name, text in messages.items() if not text]
    assert "found it compressed" in messages["config.json"]


def test_nothing_but_plain_numbers_is_read_from_the_weights(good, tmp_path):
    place = "layers/dense/vars/0"
    values = np.full((4, 3), 666, "float32")
    with h5py.File(tmp_path / "elsewhere.h5", "w") as other:
        other["secret"] = values

    def link(file: h5py.File) -> None:
        del file[place]
        file[place] = h5py.ExternalLink(str(tmp_path / "elsewhere.h5"), "secret")

    def external(file: h5py.File) -> None:
        del file[place]
        (tmp_path / "raw").write_bytes(values.tobytes())
        files = [(str(tmp_path / "raw"), 0, values.nbytes)]
        file.create_dataset(place, values.shape, "float32", external=files)

    def bomb(file: h5py.File) -> None:
        del file[place]
        file.create_dataset(place, (2**30, 2**9), "float32", chunks=(1, 2**9))

    def slots(file: h5py.File) -> None:
        file["optimizer/vars/2"][()] = np.nan
        del file["optimizer/vars/3"]
        file["optimizer/vars/3"] = np.zeros(7, "float32")

    def datatype(file: h5py.File) -> None:
        del file[place]
        file[place] = np.dtype("float32")

    def optimizer_datatype(file: h5py.File) -> None:
        del file["optimizer/vars/0"]
        file["optimizer/vars/0"] = np.dtype("int64")

    changes = (link, external, bomb, slots, datatype, optimizer_datatype)
    contents = {change.__name__: with_weights(good, change) for change in changes}
    contents["not_hdf5"] = with_member(good, "model.weights.h5", b"pickle" * 100)
    contents["empty"] = with_member(good, "model.weights.h5", b"")
    messages = load_all(good, contents, "weights")
    assert all(messages.values()), [name for name, text in messages.items() if not text]
    assert "kept in another file" in messages["external"]
    assert f"a Datatype at '{place}'" in messages["datatype"]


def test_damaged_files_load_right_or_are_refused(good):
    content = good.read_bytes()
    rng = np.random.default_rng(SEED)
    mutants = {}
    for i in range(300):
        changed = bytearray(content)
        for _ in range(rng.integers(1, 4)):
            at, length = int(rng.integers(len(changed))), int(rng.integers(1, 20))
            if rng.integers(2):
                changed[at : at + length] = rng.bytes(length)
            else:
                del changed[at : at + length]
        mutants[f"mutant_{i}"] = bytes(changed)
    messages = load_all(good, mutants, "mutants")
    # What may change unseen: dates, permissions and the like in zip's own records.
    assert sum(not text for text in messages.values()) < 30, f"seed {SEED}"
