"""Small programs that Keras and scratchnet both run, one import apart.

Every case takes the module, `keras` or `scratchnet`, and returns named arrays, numbers
or lists of texts. `make_core.py` stores what Keras returned; `tests/` runs the same
functions on scratchnet and compares. Inputs and initial weights are among what is
stored: were NumPy to draw other numbers from the same seeds, it would show there.
"""

import numpy as np

SAMPLES, CLASSES, BATCH = 37, 5, 8  # the last of five batches holds five samples
SEEDS = {
    "probabilities": 2,
    "data": 3,
    "logits": 4,
    "weights": 5,
    "metrics": 6,
    "sample_weights": 8,
    "initializers": 1,
}


def generator(name):
    """Return a generator of random numbers, the same in every process."""
    return np.random.default_rng(SEEDS[name])


def data():
    """Return images, labels and one-hot labels."""
    rng = generator("data")
    x = rng.random((SAMPLES, 8, 8, 2)).astype(np.float32)
    y = rng.integers(0, CLASSES, SAMPLES)
    return x, y, np.eye(CLASSES, dtype=np.float32)[y]


def give_weights(model):
    """Overwrite all weights: small numbers, positive where a variance must be."""
    rng = generator("weights")
    weights = []
    for old in model.get_weights():
        new = rng.uniform(-0.3, 0.3, old.shape)
        weights.append((np.abs(new) + 0.5 if old.ndim == 1 else new).astype(np.float32))
    model.set_weights(weights)
    return model


def mlp(keras, **compiled):
    """Return a compiled Flatten, Dense, Dense."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Flatten(),
            layers.Dense(7, activation="tanh"),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    compile_with(keras, model, **compiled)
    return give_weights(model)


def cnn(keras, rate=0.0, **compiled):
    """Return a compiled model with every layer of the study."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(rate),
            layers.Flatten(),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    compile_with(keras, model, **compiled)
    return give_weights(model)


def compile_with(keras, model, **compiled):
    """Compile with SGD and cross-entropy, unless something else is asked for."""
    settings = {
        "optimizer": keras.optimizers.SGD(0.05),
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
    }
    model.compile(**{**settings, **compiled})


def fitted(model, x, y, weights=False, **settings):
    """Fit without shuffling and return the history, and the weights if asked for."""
    settings = {"batch_size": BATCH, "epochs": 3, "verbose": 0, **settings}
    initial = model.get_weights()
    history = model.fit(x, y, shuffle=False, **settings)
    result = {name: np.array(values) for name, values in history.history.items()}
    result["epochs"] = np.array(history.epoch)
    result["names"] = list(history.history)
    if weights:
        result |= {f"initial_{i}": w for i, w in enumerate(initial)}
        result |= {f"weight_{i}": w for i, w in enumerate(model.get_weights())}
    return result


def sample_weights():
    """Return weights from 0 to 2, one of them 0."""
    weights = generator("sample_weights").uniform(0, 2, SAMPLES).astype(np.float32)
    weights[3] = 0
    return weights


def inputs(keras):
    """Return what goes into the cases."""
    x, y, _ = data()
    p, labels = probabilities()
    return {
        "x": x,
        "y": y,
        "sample_weights": sample_weights(),
        "probabilities": p,
        "labels": labels,
    }


# Fit.


def curve_cnn(keras):
    """Ten epochs of every layer of the study, with all that weighs samples."""
    x, y, _ = data()
    model = cnn(
        keras,
        optimizer=keras.optimizers.SGD(0.02, momentum=0.5, nesterov=True),
        loss="sparse_categorical_crossentropy",
        weighted_metrics=["accuracy"],
    )
    return fitted(
        model,
        x,
        y,
        weights=True,
        epochs=10,
        sample_weight=sample_weights(),
        validation_data=(x[:11], y[:11], sample_weights()[:11]),
    )


def curve_class_weight(keras):
    x, y, _ = data()
    model = cnn(
        keras,
        loss="sparse_categorical_crossentropy",
        weighted_metrics=["accuracy"],
    )
    return fitted(
        model,
        x,
        y,
        weights=True,
        epochs=10,
        class_weight={0: 3.0, 2: 0.25},
        validation_data=(x[:11], y[:11]),
    )


def curve_adam(keras):
    x, _, y = data()
    model = mlp(keras, optimizer=keras.optimizers.Adam(0.002))
    return fitted(model, x, y, weights=True, epochs=10, validation_data=(x, y))


def fit_mlp(keras):
    x, _, y = data()
    return fitted(mlp(keras), x, y, weights=True, validation_data=(x[:11], y[:11]))


def fit_cnn(keras):
    x, _, y = data()
    return fitted(cnn(keras), x, y, weights=True, validation_data=(x[:11], y[:11]))


def fit_sparse(keras):
    x, y, _ = data()
    return fitted(mlp(keras, loss="sparse_categorical_crossentropy"), x, y)


def fit_sparse_column_and_logits(keras):
    x, y, _ = data()
    model = keras.Sequential(
        [keras.Input((8, 8, 2)), keras.layers.Flatten(), keras.layers.Dense(CLASSES)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    compile_with(keras, model, loss=loss)
    return fitted(give_weights(model), x, y[:, None])


def fit_label_smoothing(keras):
    x, _, y = data()
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)
    return fitted(mlp(keras, loss=loss), x, y, weights=True)


def fit_mean_squared_error(keras):
    x, _, y = data()
    return fitted(mlp(keras, loss="mse", metrics=["mse"]), x, y, weights=True)


def fit_class_weight(keras):
    x, y, _ = data()
    model = mlp(
        keras, loss="sparse_categorical_crossentropy", weighted_metrics=["accuracy"]
    )
    return fitted(
        model,
        x,
        y,
        class_weight={0: 3.0, 2: 0.25},
        validation_data=(x[:9], y[:9]),
    )


def fit_class_weight_one_hot(keras):
    x, _, y = data()
    return fitted(mlp(keras), x, y, class_weight={0: 3.0, 2: 0.25}, weights=True)


def fit_sample_weight(keras):
    x, _, y = data()
    model = mlp(keras, weighted_metrics=["accuracy", "mse"])
    return fitted(
        model,
        x,
        y,
        weights=True,
        sample_weight=sample_weights(),
        validation_data=(x[:9], y[:9], sample_weights()[:9]),
    )


def fit_validation_split(keras):
    x, _, y = data()
    weights = sample_weights()
    return fitted(mlp(keras), x, y, validation_split=0.3, sample_weight=weights)


def fit_validation_freq(keras):
    x, _, y = data()
    return fitted(mlp(keras), x, y, epochs=5, validation_data=(x, y), validation_freq=2)


def fit_validation_epochs_and_steps(keras):
    x, _, y = data()
    return fitted(
        mlp(keras),
        x,
        y,
        epochs=4,
        validation_data=(x, y),
        validation_freq=[1, 4],
        validation_steps=2,
        validation_batch_size=10,
    )


def fit_steps_per_epoch(keras):
    x, _, y = data()
    return fitted(mlp(keras), x, y, epochs=3, steps_per_epoch=2)


def fit_initial_epoch(keras):
    x, _, y = data()
    return fitted(mlp(keras), x, y, epochs=5, initial_epoch=3)


def fit_twice(keras):
    x, _, y = data()
    model = mlp(keras, optimizer=keras.optimizers.Adam(0.01))
    fitted(model, x, y, epochs=1)
    return fitted(model, x, y, epochs=2, initial_epoch=1)


def fit_frozen(keras):
    x, _, y = data()
    model = cnn(keras)
    model.layers[0].trainable = False
    model.layers[1].trainable = False
    compile_with(keras, model)
    return fitted(model, x, y, weights=True)


def fit_metric_names(keras):
    x, _, y = data()
    model = mlp(
        keras,
        metrics=[
            "acc",
            "accuracy",
            "mse",
            "categorical_accuracy",
            keras.metrics.TopKCategoricalAccuracy(2),
            keras.metrics.TopKCategoricalAccuracy(3, name="top_3"),
        ],
        weighted_metrics=["accuracy", "categorical_accuracy"],
    )
    result = fitted(model, x, y, epochs=1)
    result["evaluated_names"] = list(model.evaluate(x, y, verbose=0, return_dict=True))
    return result


def evaluate_order(keras):
    """Return what evaluate lists; names given twice, Keras lists twice over."""
    x, _, y = data()
    metrics = [keras.metrics.TopKCategoricalAccuracy(2), "acc"]
    model = mlp(keras, metrics=metrics, weighted_metrics=["mse", "accuracy"])
    return {
        "list": np.array(
            model.evaluate(x, y, sample_weight=sample_weights(), verbose=0)
        )
    }


# Single calls.


def calls(keras):
    x, _, y = data()
    model = cnn(keras, rate=0.5)
    result = {
        "evaluate": np.array(model.evaluate(x, y, batch_size=BATCH, verbose=0)),
        "evaluate_steps": np.array(
            model.evaluate(x, y, batch_size=BATCH, steps=2, verbose=0)
        ),
        "evaluate_weighted": np.array(
            model.evaluate(x, y, sample_weight=sample_weights(), verbose=0)
        ),
        "test_on_batch": np.array(model.test_on_batch(x[:9], y[:9])),
        "predict": model.predict(x, batch_size=BATCH, verbose=0),
        "predict_on_batch": np.array(model.predict_on_batch(x[:4])),
    }
    model = mlp(keras)
    result["train_on_batch"] = np.array([model.train_on_batch(x, y) for _ in range(2)])
    result["train_weighted"] = np.array(
        model.train_on_batch(x, y, sample_weight=sample_weights())
    )
    result["train_class_weight"] = np.array(
        model.train_on_batch(x, y, class_weight={1: 2.0})
    )
    named = model.train_on_batch(x, y, return_dict=True)
    result["train_names"] = list(named)
    evaluated = model.evaluate(x, y, verbose=0)
    result["types"] = [
        type(evaluated).__name__,
        type(evaluated[0]).__name__,
        type(model.train_on_batch(x, y)[0]).__name__,
        type(named["loss"]).__name__,
        type(model.test_on_batch(x, y)[0]).__name__,
        type(model.evaluate(x, y, verbose=0, return_dict=True)["loss"]).__name__,
        type(model.fit(x, y, verbose=0).history["loss"][0]).__name__,
        type(model.predict(x, verbose=0)).__name__,
        str(model.predict(x.astype("float64"), verbose=0).dtype),
        str(model.get_weights()[0].dtype),
    ]
    model = mlp(keras, metrics=None)
    result["types"] += [
        type(model.evaluate(x, y, verbose=0)).__name__,
        type(model.train_on_batch(x, y)).__name__,
    ]
    return result


def steps_of(keras, optimizer):
    """Return the weights of a linear model after each of 20 steps."""
    x, _, y = data()
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(CLASSES, use_bias=False)]
    )
    model.compile(optimizer, "mse")
    give_weights(model)
    weights = []
    for _ in range(20):
        model.train_on_batch(x[:, 0, :3].reshape(-1, 6), y)
        weights.append(model.get_weights()[0])
    return {"weights": np.array(weights)}


def optimizer_adam(keras):
    return steps_of(keras, keras.optimizers.Adam(0.01))


def optimizer_adam_other_betas(keras):
    adam = keras.optimizers.Adam(0.02, beta_1=0.5, beta_2=0.9, epsilon=1e-3)
    return steps_of(keras, adam)


def optimizer_adam_defaults(keras):
    return steps_of(keras, "adam")


def optimizer_adam_without_momentum(keras):
    return steps_of(keras, keras.optimizers.Adam(0.01, beta_1=0.0))


def optimizer_rmsprop(keras):
    return steps_of(keras, keras.optimizers.RMSprop(0.01))


def optimizer_rmsprop_defaults(keras):
    return steps_of(keras, "rmsprop")


def optimizer_rmsprop_every_slot(keras):
    rmsprop = keras.optimizers.RMSprop(0.01, 0.8, 0.5, 1e-3, centered=True)
    return steps_of(keras, rmsprop)


def optimizer_sgd(keras):
    return steps_of(keras, keras.optimizers.SGD(0.1))


def optimizer_momentum(keras):
    return steps_of(keras, keras.optimizers.SGD(0.1, momentum=0.9))


def optimizer_sgd_defaults(keras):
    return steps_of(keras, "sgd")


def optimizer_little_momentum(keras):
    return steps_of(keras, keras.optimizers.SGD(0.1, momentum=0.25))


def optimizer_nesterov(keras):
    return steps_of(keras, keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True))


# Functions.


def probabilities():
    """Return rows that sum to 1, two that don't, and two with certain zeros."""
    p = generator("probabilities").random((8, 4)).astype(np.float32)
    p /= p.sum(-1, keepdims=True)
    p[4] *= 0.5
    p[5] *= 3
    p[6] = [0, 1, 0, 0]
    p[7] = [0, 0, 0.5, 0.5]
    return p, np.array([0, 1, 2, 3, 0, 1, 2, 0])


def losses(keras):
    p, y = probabilities()
    one_hot = np.eye(4, dtype=np.float32)[y]
    logits = generator("logits").normal(0, 30, (8, 4)).astype(np.float32)
    weights = np.arange(8, dtype=np.float32) / 4
    made = {
        "categorical": keras.losses.CategoricalCrossentropy(),
        "smoothed": keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        "logits": keras.losses.CategoricalCrossentropy(from_logits=True),
        "smoothed_logits": keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=0.1
        ),
        "mse": keras.losses.MeanSquaredError(),
    }
    result = {}
    for name, loss in made.items():
        predictions = logits if "logits" in name else p
        result[name] = np.array(
            [
                *(
                    float(loss(one_hot[i : i + 1], predictions[i : i + 1]))
                    for i in range(8)
                ),
                float(loss(one_hot, predictions)),
                float(loss(one_hot, predictions, sample_weight=weights)),
            ]
        )
    for name, predictions in (("sparse", p), ("sparse_logits", logits)):
        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=name == "sparse_logits"
        )
        result[name] = np.array(
            [
                *(float(loss(y[i : i + 1], predictions[i : i + 1])) for i in range(8)),
                float(loss(y[:, None], predictions)),
                float(loss(y, predictions, sample_weight=weights)),
            ]
        )
    return result


def metrics(keras):
    rng = generator("metrics")
    # Few different values, so that ties are everywhere.
    p = rng.integers(0, 4, (40, 6)).astype(np.float32) / 4
    y = rng.integers(0, 6, 40)
    one_hot = np.eye(6, dtype=np.float32)[y]
    weights = rng.uniform(0, 2, 40).astype(np.float32)
    binary_p, binary_y = p[:, :1], (y[:, None] > 2).astype(np.float32)
    made = {
        "categorical": (keras.metrics.CategoricalAccuracy(), one_hot, p),
        "sparse": (keras.metrics.SparseCategoricalAccuracy(), y, p),
        "sparse_column": (keras.metrics.SparseCategoricalAccuracy(), y[:, None], p),
        "binary": (keras.metrics.BinaryAccuracy(), binary_y, binary_p),
        "binary_75": (keras.metrics.BinaryAccuracy(threshold=0.25), binary_y, binary_p),
        "mse": (keras.metrics.MeanSquaredError(), one_hot, p),
    }
    for k in (1, 2, 3, 6, 9):
        made[f"top_{k}"] = (keras.metrics.TopKCategoricalAccuracy(k), one_hot, p)
        made[f"sparse_top_{k}"] = (keras.metrics.SparseTopKCategoricalAccuracy(k), y, p)
    result = {}
    for name, (metric, y_true, y_pred) in made.items():
        values = [float(metric.result())]
        metric.update_state(y_true[:7], y_pred[:7])
        values.append(float(metric.result()))
        metric.update_state(y_true[7:], y_pred[7:])
        values.append(float(metric.result()))
        metric.reset_state()
        values.append(float(metric(y_true, y_pred, sample_weight=weights)))
        metric.reset_state()
        for batch in (slice(0, 13), slice(13, 14), slice(14, 40)):
            metric.update_state(
                y_true[batch], y_pred[batch], sample_weight=weights[batch]
            )
            values.append(float(metric.result()))
        result[name] = np.array(values)
    names = [
        keras.metrics.TopKCategoricalAccuracy().name,
        keras.metrics.SparseTopKCategoricalAccuracy().name,
        keras.metrics.MeanSquaredError().name,
        keras.metrics.BinaryAccuracy().name,
        keras.metrics.Mean().name,
    ]
    result["names"] = names
    return result


def activations(keras):
    x = np.concatenate([np.linspace(-8, 8, 39), [-100, 0, 100]]).astype(np.float32)
    grid = x.reshape(6, 7)
    result = {}
    for name in ("linear", "relu", "sigmoid", "tanh", "softmax"):
        function = keras.activations.get(name)
        result[name] = np.array(function(grid))
        result[f"{name}_type"] = [str(np.array(function(grid.astype("float64"))).dtype)]
    result["none"] = np.array(keras.activations.get(None)(grid))
    return result


def to_categorical(keras):
    one_hot = keras.utils.to_categorical
    made = {
        "column": one_hot(np.array([[2], [0]])),
        "wide": one_hot([1, 0, 3], num_classes=6),
        "plane": one_hot(np.array([[0, 1], [2, 0]])),
        "floats": one_hot(np.array([1.0, 2.0])),
        "scalar": one_hot(2, 4),
    }
    return {**made, "types": [str(rows.dtype) for rows in made.values()]}


INITIALIZERS = {
    "GlorotUniform": {},
    "GlorotNormal": {},
    "HeUniform": {},
    "HeNormal": {},
    "RandomNormal": {},
    "RandomUniform": {},
    "RandomNormal wide": {"mean": -1.0, "stddev": 3.0},
    "RandomUniform positive": {"minval": 2.0, "maxval": 5.0},
}
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def initializers(keras):
    """Return mean, variance, bounds and quantiles of 20,000 draws each."""
    keras.utils.set_random_seed(SEEDS["initializers"])
    result = {}
    for title, settings in INITIALIZERS.items():
        initializer = getattr(keras.initializers, title.split()[0])(**settings)
        for shape in ((200, 100), (5, 5, 20, 40)):
            draw = np.array(initializer(shape)).astype(np.float64)
            numbers = draw.mean(), draw.var(), draw.min(), draw.max()
            result[f"{title}_{len(shape)}"] = np.array(
                [*numbers, *np.quantile(draw, QUANTILES)]
            )
    result["zeros"] = np.array(keras.initializers.Zeros()((2, 3)))
    result["ones"] = np.array(keras.initializers.Ones()((2, 3)))
    return result


# Summaries.


def summary_of(model, **settings):
    """Return the table as lines."""
    texts = []
    model.summary(print_fn=lambda text, **_: texts.append(text), **settings)
    return "".join(texts).splitlines()


def summaries(keras):
    keras.utils.clear_session()
    layers = keras.layers
    result = {}

    def model(*stack, name="model"):
        return keras.Sequential(list(stack), name=name)

    images = keras.Input((28, 28, 1))
    ann = model(
        images,
        layers.Flatten(),
        layers.Dense(128, activation="relu"),
        layers.Dense(64, activation="relu"),
        layers.Dense(10, activation="softmax"),
        name="ann",
    )
    result["ann"] = summary_of(ann)
    ann.compile("adam", "categorical_crossentropy")
    result["ann_compiled"] = summary_of(ann)
    ann.fit(np.zeros((2, 28, 28)), np.eye(10)[:2], verbose=0)
    result["ann_fitted"] = summary_of(ann)
    ann.compile("sgd", "categorical_crossentropy")
    ann.fit(np.zeros((2, 28, 28)), np.eye(10)[:2], verbose=0)
    result["ann_sgd"] = summary_of(ann)
    result["ann_wide"] = summary_of(ann, line_length=79)
    result["ann_narrow"] = summary_of(ann, line_length=50)
    ann.layers[1].trainable = False
    result["ann_trainable"] = summary_of(ann, show_trainable=True)

    for pixels, channels, classes in ((28, 1, 10), (32, 3, 100)):
        keras.utils.clear_session()
        shape = (pixels, pixels, channels)
        basic = model(
            layers.Conv2D(32, (3, 3), activation="relu", input_shape=shape),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes, activation="softmax"),
            name="basic_cnn",
        )
        result[f"basic_{classes}"] = summary_of(basic)
        stack = []
        for filters in (32, 64, 128):
            stack += [
                layers.Conv2D(filters, (3, 3), activation="relu"),
                layers.BatchNormalization(),
                layers.MaxPooling2D((2, 2)),
                layers.Dropout(0.25),
            ]
        deeper = model(
            keras.Input(shape),
            *stack,
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(classes, activation="softmax"),
            name="deeper_cnn",
        )
        result[f"deeper_{classes}"] = summary_of(deeper)
        result[f"deeper_{classes}_trainable"] = summary_of(deeper, show_trainable=True)

    keras.utils.clear_session()
    long = model(
        keras.Input((28, 28, 1)),
        layers.Conv2D(3, 3, name="a_very_long_layer_name_that_goes_on_for_ever"),
        layers.GlobalAveragePooling2D(name="exactly_so_long_as_to_wrap"),
        layers.ReLU(),
        layers.Rescaling(0.5),
        layers.Dense(2, name="name_of_twenty_three__"),
        layers.Dense(2, name="name_of_twenty_two___x"),
        layers.Dense(1000, name="name_of_twenty_three__x"),
        layers.Dense(20000),
        layers.Softmax(),
        layers.Activation("tanh"),
        name="long",
    )
    result["long"] = summary_of(long)
    unbuilt = model(
        layers.Flatten(),
        layers.Dense(3),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Activation("tanh"),
        layers.Dropout(0.5),
        layers.Dense(2),
        layers.Softmax(),
    )
    result["unbuilt"] = summary_of(unbuilt)
    result["empty"] = summary_of(model())
    return result


CASES = {
    case.__name__: case
    for case in (
        inputs,
        curve_cnn,
        curve_class_weight,
        curve_adam,
        fit_mlp,
        fit_cnn,
        fit_sparse,
        fit_sparse_column_and_logits,
        fit_label_smoothing,
        fit_mean_squared_error,
        fit_class_weight,
        fit_class_weight_one_hot,
        fit_sample_weight,
        fit_validation_split,
        fit_validation_freq,
        fit_validation_epochs_and_steps,
        fit_steps_per_epoch,
        fit_initial_epoch,
        fit_twice,
        fit_frozen,
        fit_metric_names,
        evaluate_order,
        calls,
        optimizer_adam,
        optimizer_adam_defaults,
        optimizer_adam_other_betas,
        optimizer_adam_without_momentum,
        optimizer_rmsprop,
        optimizer_rmsprop_defaults,
        optimizer_rmsprop_every_slot,
        optimizer_sgd,
        optimizer_sgd_defaults,
        optimizer_little_momentum,
        optimizer_momentum,
        optimizer_nesterov,
        losses,
        metrics,
        activations,
        to_categorical,
        initializers,
        summaries,
    )
}
