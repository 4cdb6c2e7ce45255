"""`scratchnet port`: what is converted, what stays, and what is said of it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from scratchnet.commands.cli import main


@pytest.fixture
def port(tmp_path, capsys):
    """Convert a text; return the copy's, what was printed, and the exit status."""

    def convert(text, *options, name="note.py"):
        source = tmp_path / name
        source.write_text(text)
        copy = tmp_path / ("copy" + source.suffix)
        status = main(["port", str(source), "--output", str(copy), *options])
        printed = capsys.readouterr()
        result = copy.read_text() if copy.exists() else None
        return result, printed.out, status, printed.err

    return convert


def notebook(*cells):
    return json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]},
                *(
                    {
                        "cell_type": "code",
                        "execution_count": 7,
                        "metadata": {},
                        "outputs": [{"output_type": "stream", "text": ["old"]}],
                        "source": cell.splitlines(keepends=True),
                    }
                    for cell in cells
                ),
            ],
            "metadata": {},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )


# What people write → what it becomes. Each has to run, and to find what it names.
SPELLINGS = [
    ("import keras", "import scratchnet as keras"),
    ("import keras as k", "import scratchnet as k"),
    ("import tensorflow.keras as keras", "import scratchnet as keras"),
    ("from tensorflow import keras", "import scratchnet as keras"),
    ("from tensorflow import keras as k", "import scratchnet as k"),
    ("import keras.layers as L", "from scratchnet import layers as L"),
    (
        "from tensorflow.keras import Sequential, layers",
        "from scratchnet import Sequential, layers",
    ),
    (
        "from tensorflow.keras.layers import (Dense,  # wide\n    Conv2D as C)",
        "from scratchnet.layers import (Dense,  # wide\n    Conv2D as C)",
    ),
    ("from keras.layers.core import Dense", "from scratchnet.layers import Dense"),
    (
        "from tensorflow.python.keras.layers import Dense",
        "from scratchnet.layers import Dense",
    ),
    (
        "from keras.src.layers.core.dense import Dense",
        "from scratchnet.layers import Dense",
    ),
    ("from keras.utils import np_utils", "from scratchnet import utils as np_utils"),
    (
        "from keras.utils.np_utils import to_categorical",
        "from scratchnet.utils import to_categorical",
    ),
    ("from keras.layers import *", "from scratchnet.layers import *"),
    ("from keras.engine.training import Model", "from scratchnet import Model"),
    (
        "try:\n    import keras\nexcept Exception:\n    from tensorflow import keras",
        "try:\n    import scratchnet as keras\nexcept Exception:\n"
        "    import scratchnet as keras",
    ),
    (
        "def f():\n    from keras.layers import Dense\n    return Dense(1)\nf()",
        "def f():\n    from scratchnet.layers import Dense\n    return Dense(1)\nf()",
    ),
    (
        "import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.Dense(2)])",
        "import scratchnet as keras\nm = keras.Sequential([keras.layers.Dense(2)])",
    ),
    (
        "import tensorflow as tf\nkeras = tf.keras\nL = keras.layers\nL.Dense(2)",
        "import scratchnet as keras\nimport scratchnet as keras\nL = keras.layers\n"
        "L.Dense(2)",
    ),
    (
        "import tensorflow as tf; import sys\ntf.random.set_seed(1)",
        "import scratchnet as keras; import sys\nkeras.utils.set_random_seed(1)",
    ),
    (
        "import tensorflow as tf\nopt = tf.optimizers.SGD(lr=0.1)",
        "import scratchnet as keras\nopt = keras.optimizers.SGD(learning_rate=0.1)",
    ),
    (
        "import tensorflow as tf\nd = tf.keras.layers.Dense(3, activation=tf.nn.relu)",
        "import scratchnet as keras\n"
        "d = keras.layers.Dense(3, activation=keras.activations.relu)",
    ),
    (
        "import tensorflow as tf\ngpus = tf.config.list_physical_devices('GPU')",
        "import scratchnet as keras\ngpus = []",
    ),
    (
        "import tensorflow as tf\nassert tf.__version__ >= '2.0', 'old'",
        "import scratchnet as keras\npass  # assert tf.__version__ >= '2.0', 'old'",
    ),
]


@pytest.mark.parametrize(("text", "expected"), SPELLINGS)
def test_every_spelling_is_converted(port, text, expected):
    copy, printed, status, _ = port(text)
    assert copy == expected
    assert status == 0, printed
    exec(compile(copy, "copy", "exec"), {})


def test_names_are_followed_not_spelt(port):
    text = """\
import numpy as np
from keras import layers
layers = [layers.Dense(1)]
for keras in "ab":
    keras.upper()
print("import keras", layers[0], [layers for layers in layers])
def f(layers, x=1):
    return layers.LSTM
def g():
    tf = np
    return tf.keras
"""
    copy, printed, status, _ = port(text)
    expected = text.replace("from keras import", "from scratchnet import", 1)
    assert copy == expected
    assert status == 0, printed


def test_a_function_sees_imports_below_it(port):
    text = (
        "def f():\n    return tf.keras.layers.Dense(1)\nimport tensorflow as tf\nf()\n"
    )
    copy, _, status, _ = port(text)
    assert "keras.layers.Dense(1)" in copy and "tf" not in copy
    assert status == 0


def test_functions_of_arrays_become_numpys(port):
    text = """\
import tensorflow as tf
p = tf.constant([[1.0, 3.0]])
a = tf.argmax(p, axis=1).numpy()
m = tf.reduce_mean(tf.cast(p, tf.float32))
t = tf.transpose(p, perm=[1, 0])[..., tf.newaxis]
"""
    copy, printed, status, _ = port(text)
    assert status == 0, printed
    found: dict = {}
    exec(copy, found)
    assert found["a"].tolist() == [1]
    assert float(found["m"]) == 2.0
    assert found["t"].shape == (2, 1, 1)
    assert "tensorflow" not in copy


def test_what_is_missing_is_listed_by_line_in_words_of_the_package(port):
    text = """\
from keras import layers, Sequential
from keras.layers import LSTM, Embedding
x = layers.LSTM(3)
y = layers.Dense(3, wide=True)
z = layers.Dense(
    3, activation="rellu")
model = Sequential([layers.Flatten(data_format="channels_first"), LSTM(2)])
model.compile(optimizer="adam", loss="mse", colour=3)
"""
    copy, printed, status, _ = port(text)
    assert status == 1
    lines = printed.splitlines()
    starts = [line.split(":")[0] for line in lines if line.startswith("line")]
    expected = [
        "line 2 (also line 3)",
        "line 2",
        "line 4",
        "line 5",
        "line 7",
        "line 8",
    ]
    assert sorted(starts) == sorted(expected)
    for words in (
        "scratchnet.layers has no 'LSTM'",
        "Embedding is imported but never used: left out",
        "Dense: there is no argument 'wide'",
        "unknown activation 'rellu'; did you mean 'relu'?",
        "Flatten: data_format='channels_first' is outside",
        "compile: there is no argument 'colour'",
    ):
        assert words in printed
    assert "from scratchnet.layers import LSTM\n" in copy


def test_what_tensorflow_itself_is_for_stays(port):
    text = """\
import tensorflow as tf
from tensorflow import keras
data = tf.data.TFRecordDataset("x")
with tf.GradientTape() as tape:
    pass
"""
    copy, printed, status, _ = port(text)
    assert status == 1
    assert "import tensorflow as tf\nimport scratchnet as keras\n" in copy
    assert "tf.data.TFRecordDataset" in copy
    assert (
        "line 4: tensorflow.GradientTape is TensorFlow's own; scratchnet has no"
        in printed
    )


def test_plain_data_sets_do_without_tensorflow(port):
    text = """\
import tensorflow as tf
data = tf.data.Dataset.from_tensor_slices(([[1.0], [2.0], [3.0]], [0, 1, 2]))
data = data.map(lambda x, y: (x * 2, y)).batch(2).prefetch(tf.data.AUTOTUNE)
"""
    copy, printed, status, _ = port(text)
    assert status == 0, printed
    assert "tensorflow" not in copy
    found: dict = {}
    exec(copy, found)
    batches = [(x.tolist(), y.tolist()) for x, y in found["data"]]
    assert batches == [([[2.0], [4.0]], [0, 1]), ([[6.0]], [2])]


def test_tf_data_alone_is_no_fault(port):
    _, printed, status, _ = port(
        "import tensorflow as tf\nd = tf.data.TFRecordDataset('x')\n"
    )
    assert "line 2: tensorflow.data.TFRecordDataset is TensorFlow's own" in printed
    assert status == 0


def test_older_kerass_methods(port):
    text = """\
import numpy as np
from keras import Sequential, Input, layers
model = Sequential([Input((2,)), layers.Dense(3, activation="softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
x, y = np.ones((4, 2)), np.arange(4) % 3
model.fit(x, y, nb_epoch=1,  # once
          workers=4, verbose=0, max_queue_size=3)
classes = model.predict_classes(x, verbose=0)
probabilities = model.predict_proba(x, verbose=0)
"""
    copy, printed, status, _ = port(text)
    assert status == 0, printed
    found: dict = {}
    exec(copy, found)
    assert found["classes"].shape == (4,)
    assert found["probabilities"].shape == (4, 3)


def test_keras_1_is_written_as_today(port):
    text = """\
from keras import backend as K
from keras.models import Model
from keras.layers import Convolution2D, Dense, Dropout, Flatten, Input
K.set_image_dim_ordering("tf")
shape = (8, 8, 1) if K.image_dim_ordering() == "tf" else (1, 8, 8)
image = Input(shape)
x = Convolution2D(4, 3, 5, border_mode="same", dim_ordering="tf", init="uniform")(image)
x = Convolution2D(nb_filter=2, nb_row=3, nb_col=1, subsample=(2, 1))(x)
x = Dropout(p=0.5)(Flatten()(x))
x = Dense(output_dim=3, W_regularizer="l2", bias=False)(x)
model = Model(input=image, output=x)
"""
    copy, printed, status, _ = port(text)
    assert status == 0, printed
    found: dict = {}
    exec(copy, found)
    first, second = found["model"].layers[1:3]
    assert first.kernel.shape == (3, 5, 1, 4) and first.padding == "same"
    assert second.kernel.shape == (3, 1, 4, 2) and second.strides == (2, 1)
    assert found["model"].output_shape == (None, 3)
    assert found["model"].layers[-1].bias is None


def test_what_keras_3_reads_as_strides_stays_strides(port):
    text = "from keras.layers import Convolution2D\nlayer = Convolution2D(4, 3, 2)\n"
    copy, *_ = port(text)
    assert "Convolution2D(4, 3, 2)" in copy


def test_tensorflows_and_older_names_of_arguments_and_attributes(port):
    text = """\
import tensorflow as tf
one = tf.one_hot([1, 2], depth=3)
flat = tf.reshape(tensor=one, shape=(-1,))
both = tf.concat(values=[one, one], axis=0)
mean = tf.reduce_mean(input_tensor=both, axis=0, keep_dims=True)
weight = tf.Variable(initial_value=mean, trainable=True, name="w")
model = tf.keras.Sequential([tf.keras.layers.Dense(2, kernel_regularizer="l2")])
model.compile(tf.keras.optimizers.SGD(lr=0.5, decay=1e-6), "mse", steps_per_execution=4)
model.optimizer.lr.assign(0.25)
optimizer = tf.keras.optimizers.Adam()
optimizer.lr = 2 * model.optimizer.lr
pairs = tf.data.Dataset.zip((tf.data.Dataset.range(2), tf.data.Dataset.range(2, 4)))
"""
    copy, printed, status, _ = port(text)
    assert status == 0, printed
    assert "missing" not in printed
    found: dict = {}
    with pytest.warns(UserWarning, match="decay is ignored"):
        exec(copy, found)
    assert found["flat"].numpy().tolist() == [0, 1, 0, 0, 0, 1]
    assert found["both"].shape == (4, 3) and found["weight"].shape == (1, 3)
    assert float(found["optimizer"].learning_rate) == 0.5
    assert [tuple(map(int, pair)) for pair in found["pairs"]] == [(0, 2), (1, 3)]


def test_what_is_written_in_another_way_keeps_the_edits_of_its_arguments(port):
    text = """\
import tensorflow as tf
tf.get_logger().setLevel("ERROR")
tf.random.set_seed(3)
x = tf.random.normal([2, 4, 6, 1])
y = tf.constant([0, 2, 2])
with tf.device("/GPU:0"):
    table = tf.math.confusion_matrix(tf.cast(y, tf.int32), predictions=[0, 1, 2])
wide = tf.math.confusion_matrix(y, y, num_classes=tf.size([4, 3, 3, 3]))
big = tf.image.resize(images=tf.image.grayscale_to_rgb(x), size=[8, 12])
turned = tf.image.flip_left_right(tf.image.flip_up_down(x))
some = tf.boolean_mask(y, tf.equal(y, 2))
taken = tf.gather(x, [3, 0], axis=1)
data = tf.data.Dataset.from_tensor_slices(y).batch(2)
count = tf.data.experimental.cardinality(data)
"""
    copy, printed, status, _ = port(text)
    assert status == 0, printed
    assert "missing" not in printed
    found: dict = {}
    exec(copy, found)
    assert found["table"].numpy().tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]
    assert found["wide"].shape == (4, 4)
    assert found["big"].shape == (2, 8, 12, 3)
    assert (found["turned"] == found["x"][:, ::-1, ::-1]).all()
    assert found["some"].tolist() == [2, 2]
    assert (found["taken"] == found["x"][:, [3, 0]]).all()
    assert found["count"].numpy() == 2 and len(found["data"].take(found["count"])) == 2


def test_a_module_of_operations_is_not_mistaken_for_an_older_one(port):
    text = (
        "import keras\nx = keras.ops.nn.relu(-1.0)\ny = keras.ops.image.resize(x, 2)\n"
    )
    _, printed, status, _ = port(text)
    assert status == 1
    assert printed.count("line ") == 1
    assert "line 3: scratchnet.ops has no 'image'; layers such as Resizing" in printed


def test_a_notebook(port):
    cells = (
        "%matplotlib inline\n!pip install keras\nimport tensorflow as tf  # naïve ü",
        "%%bash\nimport keras",
        "%%time\ndémo = tf.keras.layers.Dense(2, activation='rellu')\nfiles = !ls\n?tf",
    )
    copy, printed, status, _ = port(notebook(*cells), name="note.ipynb")
    assert status == 1
    stored = json.loads(copy)["cells"]
    assert ["".join(cell["source"]) for cell in stored[1:]] == [
        cells[0].replace("tensorflow as tf", "scratchnet as keras"),
        cells[1],
        cells[2].replace("tf.keras.layers", "keras.layers"),
    ]
    assert all(cell["outputs"] == [] for cell in stored[1:])
    assert "cell 3, line 2: unknown activation 'rellu'" in printed


def test_check_writes_nothing(port, tmp_path):
    copy, printed, status, _ = port("from keras.layers import GRU\nGRU(3)", "--check")
    assert copy is None and status == 1
    assert "line 1" in printed and "written" not in printed
    assert [path.name for path in tmp_path.iterdir()] == ["note.py"]


def test_it_never_overwrites_what_it_was_not_told_to(tmp_path, capsys):
    source = tmp_path / "note.py"
    source.write_text("import keras\n")
    assert main(["port", str(source)]) == 0
    copy = tmp_path / "note-scratchnet.py"
    assert copy.read_text() == "import scratchnet as keras\n"
    assert main(["port", str(source)]) == 2
    assert "choose with --output" in capsys.readouterr().err
    assert main(["port", str(source), "--output", str(source)]) == 2
    assert source.read_text() == "import keras\n"


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("note.py", "import keras\nx = (1\n", "line 2: no valid Python"),
        ("note.ipynb", notebook("import keras", "x ==="), "cell 2, line 1: no valid"),
        ("note.ipynb", "{", "a damaged notebook"),
        ("note.ipynb", '{"worksheets": []}', "expected a notebook of format 4"),
        (
            "note.ipynb",
            '{"cells": [{"cell_type": "code"}]}',
            "cell 1 of 1 has no source",
        ),
        ("note.py", "x = '\x00'", "no valid Python"),
    ],
)
def test_files_at_fault(port, name, text, words):
    copy, _, status, complaint = port(text, name=name)
    assert copy is None and status == 2
    assert name in complaint and words in complaint


def test_a_missing_file(tmp_path, capsys):
    assert main(["port", str(tmp_path / "no.ipynb")]) == 2
    assert "no.ipynb: No such file" in capsys.readouterr().err


def test_a_file_without_keras(port):
    copy, printed, status, _ = port("import torch\nx = torch.ones(3)\n")
    assert copy == "import torch\nx = torch.ones(3)\n"
    assert (printed.splitlines()[-1], status) == (
        "nothing of Keras or TensorFlow is imported here",
        0,
    )


def test_nothing_of_the_notebook_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "note.py"
    source.write_text(
        "import keras\nopen('ran', 'w')\n"
        "class Mine(keras.callbacks.Callback):\n"
        "    def on_epoch_end(self, epoch, logs=open('ran too', 'w')):\n"
        "        pass\n"
    )
    assert main(["port", "note.py"]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        "note.py",
        "note-scratchnet.py",
    }


def test_a_class_written_keras_way_is_judged_before_it_runs(port):
    text = """\
import keras
class Mine(keras.Model):
    def train_step(self, data):
        return {}
"""
    _, printed, status, _ = port(text)
    assert (status, "line 2: Mine" in printed) in ((1, True), (0, False))


def test_the_copy_keeps_what_is_no_name_of_keras(port):
    """Texts drawn from the package's own files: nothing else may change."""
    import scratchnet.plan.program as module

    text = Path(module.__file__).read_text()
    copy, _, status, _ = port(text)
    assert (copy, status) == (text, 0)
    assert ast.dump(ast.parse(copy)) == ast.dump(ast.parse(text))
