"""A script as one finds it in Keras notebooks: nothing in it knows of scratchnet.

The test runs it with the import replaced and nothing else; under Keras it runs as it
is: `python tests/notebook/classify.py`.
"""

import os
import tempfile

import keras
import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(42)

# Load, scale, reshape, one-hot
digits = load_digits()
images, labels = digits.images, digits.target
x_train, x_test, y_train, y_test = train_test_split(
    images, labels, test_size=0.2, random_state=0, stratify=labels
)
class_names = [str(i) for i in range(10)]
num_classes = len(class_names)

x_train = x_train.astype("float32") / 16.0
x_test = x_test.astype("float32") / 16.0
x_train = x_train.reshape(-1, 8, 8, 1)
x_test = x_test.reshape(-1, 8, 8, 1)
y_train_cat = keras.utils.to_categorical(y_train, num_classes)
y_test_cat = keras.utils.to_categorical(y_test, num_classes)
print(f"Train: {x_train.shape}, {y_train_cat.shape}")


# Three models
def build_ann(input_shape, num_classes):
    model = keras.models.Sequential(
        [
            keras.layers.Flatten(input_shape=input_shape),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dense(num_classes, activation="softmax"),
        ]
    )
    return model


def build_cnn(input_shape, num_classes):
    model = keras.models.Sequential()
    model.add(
        keras.layers.Conv2D(8, (3, 3), activation="relu", input_shape=input_shape)
    )
    model.add(keras.layers.MaxPooling2D((2, 2)))
    model.add(keras.layers.Flatten())
    model.add(keras.layers.Dense(32, activation="relu"))
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    return model


def build_deeper_cnn(input_shape, num_classes):
    return keras.Sequential(
        [
            keras.layers.Conv2D(
                16, (3, 3), padding="same", activation="relu", input_shape=input_shape
            ),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.MaxPooling2D(pool_size=(2, 2)),
            keras.layers.Dropout(0.25),
            keras.layers.Conv2D(16, kernel_size=3, activation="relu"),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.Flatten(),
            keras.layers.Dense(32, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(num_classes, activation="softmax"),
        ],
        name="deeper_cnn",
    )


folder = tempfile.mkdtemp()
builders = {"ANN": build_ann, "CNN": build_cnn, "Deeper CNN": build_deeper_cnn}
results = {}
for name, build in builders.items():
    model = build(x_train.shape[1:], num_classes)
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.003),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.summary()
    checkpoint = os.path.join(folder, f"best_{name.replace(' ', '_')}.weights.h5")
    callbacks = [
        keras.callbacks.EarlyStopping(
            monitor="val_loss", patience=5, restore_best_weights=True, verbose=1
        ),
        keras.callbacks.ModelCheckpoint(
            checkpoint, monitor="val_loss", save_best_only=True, save_weights_only=True
        ),
    ]
    history = model.fit(
        x_train,
        y_train_cat,
        epochs=8,
        batch_size=64,
        validation_data=(x_test, y_test_cat),
        callbacks=callbacks,
        verbose=2,
    )
    model.load_weights(checkpoint)
    test_loss, test_acc = model.evaluate(x_test, y_test_cat, verbose=0)
    probabilities = model.predict(x_test, verbose=0)
    y_pred = np.argmax(probabilities, axis=1)
    print(classification_report(y_test, y_pred, target_names=class_names, digits=3))
    results[name] = {
        "loss": test_loss,
        "accuracy": test_acc,
        "epochs": len(history.history["loss"]),
        "best_val_loss": min(history.history["val_loss"]),
        "history": sorted(history.history),
        "probabilities": probabilities,
        "confusion": confusion_matrix(y_test, y_pred),
        "params": model.count_params(),
    }
    print(f"{name}: test loss {test_loss:.4f}, test accuracy {test_acc:.4f}")

best = max(results, key=lambda name: results[name]["accuracy"])
print("Best:", best)
