"""What a training step runs, and the rules that make it faster than its layers.

A `Plan` is made when training starts. Without rules it is the model as written: the
stages are its layers, and the head applies the loss to what comes out of them. Each
rule rewrites that plan; `RULES` is the list of all of them. ``compile(run_eagerly=
True)`` switches them off, and a test shows that both ways agree.

Rules touch scratchnet's own layers and losses only. A class derived from one of them
may do something else in its `forward` or `backward`, and is run as it is.

One thing is no rule, because it changes what is computed: as in Keras, a cross-entropy
after a sigmoid is that of the softmax of the logits; see `needs_logits`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Protocol, TypeGuard

import numpy as np

from scratchnet import activations, kernels, losses, workspace
from scratchnet import layers as layer_module
from scratchnet.layers.activated import ActivatedLayer
from scratchnet.layers.batch_normalization import BatchNormalization
from scratchnet.layers.conv2d import Conv2D
from scratchnet.layers.dense import Dense
from scratchnet.layers.dropout import Dropout
from scratchnet.layers.layer import Layer
from scratchnet.layers.max_pooling2d import MaxPooling2D
from scratchnet.layers.rescaling import Rescaling


class Stage(Protocol):
    """A step of the way through the network: a layer, or what a rule made of it."""

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output for a batch."""

    def backward(self, dy: np.ndarray) -> np.ndarray | None:
        """Compute the parameters' gradients and return the input's."""


class LossHead:
    """The loss, applied to the model's output."""

    def __init__(self, loss: Any) -> None:
        """Keep the loss."""
        self.loss = loss

    def forward(
        self, targets: np.ndarray, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return each sample's loss, (N,), and the model's predictions."""
        return self.loss.forward(targets, output), output

    def backward(
        self,
        targets: np.ndarray,
        output: np.ndarray,
        predictions: np.ndarray,
        scale: np.ndarray,
    ) -> np.ndarray:
        """Return ∂(∑ₙ scaleₙ lossₙ)/∂output."""
        return self.loss.backward(targets, output, scale)


class Plan:
    """The stages of a training step, the head, and where differentiation ends.

    Args:
        layers: the model's layers, built.
        loss: the loss to train on; None where only `forward` is wanted.
        rules: the rewrite rules to apply, in order.
        trainable: whether the model may learn; if not, no layer does.

    Attributes:
        stages: what runs forwards, and backwards in reverse.
        head: turns the last stage's output into losses and predictions.
        learning: indices of the layers that learn.
        differentiate_from: index of the first stage whose ``backward`` runs.
        input_scale: what integers may be multiplied with while they are cast, in place
            of the first stage; None: they may not.
        params: path → parameter, such as ``dense/kernel``, of all layers that learn.
        grads: path → its gradient.
    """

    def __init__(
        self,
        layers: list[Layer],
        loss: losses.Loss | None,
        rules: tuple[Callable[[Plan], None], ...] = (),
        *,
        trainable: bool = True,
    ) -> None:
        """Lay the plan out and rewrite it."""
        self.layers = list(layers)
        self.stages: list[Any] = list(layers)
        self.head: Any = LossHead(loss)
        self.differentiate_from = 0
        self.input_scale: float | None = None
        self.learning = [
            i for i, layer in enumerate(layers) if trainable and layer.trainable_params
        ]
        learning = [layers[i] for i in self.learning]
        self.params = {
            f"{layer.name}/{name}": param
            for layer in learning
            for name, param in layer.trainable_params.items()
        }
        self.grads = {
            f"{layer.name}/{name}": layer.grads[name]
            for layer in learning
            for name in layer.trainable_params
        }
        if self.layers and needs_logits(self.layers[-1], loss):
            _warn_of_from_logits(self.layers[-1], loss)
            _start_from_logits(self)
        for rule in rules:
            rule(self)

    def forward(
        self, x: np.ndarray, *, training: bool, scaled: bool = False
    ) -> np.ndarray:
        """Run the stages; the head takes it from there.

        ``scaled``: x has gone through the first one already, see `input_scale`.
        """
        first = 1 if scaled else 0
        for layer, stage in zip(self.layers[first:], self.stages[first:], strict=True):
            x = stage.forward(layer.cast(x), training=training)
        return x

    def backward(self, dy: np.ndarray | None) -> None:
        """Run the stages in reverse, down to `differentiate_from`."""
        first = self.differentiate_from
        pairs = zip(self.layers[first:], self.stages[first:], strict=True)
        for layer, stage in reversed(list(pairs)):
            dy = stage.backward(layer.cast(dy))


class _LogitsHead(LossHead):
    """Cross-entropy from logits; predictions are what the activation makes of them."""

    def __init__(self, loss: Any, activation: activations.ActivationFunction) -> None:
        super().__init__(loss)
        self._activation = activation
        self._probabilities: Any = None

    def forward(
        self, targets: np.ndarray, output: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        values, self._probabilities = losses.softmax_cross_entropy(targets, output)
        if self._activation is activations.softmax:
            return values, self._probabilities
        predictions = workspace.empty(self, "predictions", output.shape, output.dtype)
        self._activation.forward(output, predictions)
        return values, predictions

    def backward(
        self,
        targets: np.ndarray,
        output: np.ndarray,
        predictions: np.ndarray,
        scale: np.ndarray,
    ) -> np.ndarray:
        return losses.softmax_cross_entropy_gradient(
            targets, self._probabilities, scale
        )


class _WithoutActivation:
    """The last layer, stopping at its logits."""

    def __init__(self, layer: ActivatedLayer) -> None:
        self.forward = layer.pre_activation
        self._layer = layer

    def backward(self, dz: np.ndarray) -> np.ndarray:
        self._layer.backward_params(dz)
        return self._layer.backward_input(dz)

    def backward_activation(self, dz: np.ndarray) -> np.ndarray:
        return dz


class _WithoutInputGradient:
    """The first layer that learns: nothing before it asks for a gradient."""

    def __init__(self, stage: Any, layer: ActivatedLayer) -> None:
        self.forward = stage.forward
        self.stage, self._layer = stage, layer

    def backward(self, dy: np.ndarray) -> None:
        if isinstance(self.stage, PooledConvolution | DenseChain):
            self.stage.backward(dy, input_gradient=False)
        else:
            self._layer.backward_params(self.stage.backward_activation(dy))


class PooledConvolution:
    """Convolution and ReLU, batch normalisation or none, and max pooling.

    What lies between convolution and pooling is as large as the convolution's
    output, and is kept only where batch normalisation needs it again; see
    `scratchnet.kernels.pooled_convolution`.
    """

    def __init__(
        self,
        convolution: Conv2D,
        normalisation: BatchNormalization | None,
        pooling: MaxPooling2D,
    ) -> None:
        """Keep the layers, whose parameters, buffers and memory it uses."""
        self.convolution, self.pooling = convolution, pooling
        self.normalisation = normalisation
        self._cache: Any = None

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the pooled output."""
        layer, pooling, norm = self.convolution, self.pooling, self.normalisation
        z_shape = layer.compute_output_shape(x.shape)
        shape = pooling.compute_output_shape(z_shape)
        y = pooling.empty("y", shape)
        chosen = pooling.empty("chosen", shape) if training else None
        convolution = x, layer.params["kernel"], layer.bias
        options = layer.strides, layer.pads(x)
        if norm is None:
            kernels.pooled_convolution_forward(
                *(*convolution, y, chosen, *options, pooling.pool_size)
            )
            cache: Any = x, chosen
        elif training:
            z = layer.empty("y", z_shape)
            mean, variance = (
                norm.empty(name, norm.gamma.shape) for name in ("mean", "variance")
            )
            kernels.measured_convolution_forward(
                *(*convolution, z, mean, variance, *options)
            )
            if len(x) > 0:  # no samples have no statistics
                norm.follow(mean, variance)
            kernels.normalised_pooling_forward(
                *(z, mean, variance, norm.gamma, norm.beta, norm.epsilon),
                *(y, chosen, pooling.pool_size),
            )
            cache = x, chosen, z, mean, variance
        else:
            moving = norm.buffers["moving_mean"], norm.buffers["moving_variance"]
            kernels.normalised_convolution_inference(
                *(*convolution, *moving, norm.gamma, norm.beta, norm.epsilon),
                *(y, *options, pooling.pool_size),
            )
        if training:
            self._cache = cache
        return y

    def backward(
        self, dy: np.ndarray, *, input_gradient: bool = True
    ) -> np.ndarray | None:
        """Compute all gradients and return the input's, if it is wanted."""
        x, chosen, *measured = self._cache
        layer, norm = self.convolution, self.normalisation
        dx = layer.empty("dx", x.shape) if input_gradient else None
        gradients = (*layer.gradient_arrays(), dx)
        options = layer.strides, layer.pads(x), self.pooling.pool_size
        weight = layer.params["kernel"]
        if norm is None:
            kernels.pooled_convolution_backward(
                *(x, weight, dy, chosen, *gradients, *options)
            )
        else:
            kernels.normalised_convolution_backward(
                *(x, weight, *measured, norm.gamma, norm.epsilon, chosen, dy),
                *(*norm.gradient_arrays(), *gradients, *options),
            )
        return dx


class DenseChain:
    """Dense layers in a row, whose passes are one, forwards and backwards.

    What a layer keeps when it runs by itself, it keeps here too.
    """

    def __init__(self, layers: list[Dense], activations: list[str], last: Any) -> None:
        """Keep the layers; ``last`` is the stage that the last one was."""
        self.layers, self.activations = layers, tuple(activations)
        self._backward_activation = last.backward_activation

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        """Compute the output of the last layer."""
        rows = len(x)
        outputs = tuple(layer.empty("y", (rows, layer.units)) for layer in self.layers)
        kernels.dense_chain_forward(
            *(x, self._weights(), tuple(layer.bias for layer in self.layers)),
            *(self.activations, outputs),
        )
        if training:
            for layer, y in zip(self.layers, outputs, strict=True):
                layer.take_over(x, y)
                x = y
        return outputs[-1]

    def backward(
        self, dy: np.ndarray, *, input_gradient: bool = True
    ) -> np.ndarray | None:
        """Compute all gradients and return the input's, if it is wanted."""
        first = self.layers[0]
        x, *inputs = (layer.recall() for layer in self.layers)
        dz = self._backward_activation(dy)
        gradients = [layer.gradient_arrays() for layer in self.layers]
        d_outputs = [
            layer.empty("dz", y.shape)
            for layer, y in zip(self.layers, inputs, strict=False)
        ]
        kernels.dense_chain_backward(
            *(x, self._weights(), self.activations[:-1], tuple(inputs), dz),
            *(*map(tuple, zip(*gradients, strict=True)), tuple(d_outputs)),
        )
        if not input_gradient:
            return None
        dx = first.empty("dx", x.shape)
        dz = (*d_outputs, dz)[0]
        kernels.dense_backward_input(dz, first.params["kernel"], dx)
        return dx

    def _weights(self) -> tuple[np.ndarray, ...]:
        return tuple(layer.params["kernel"] for layer in self.layers)


class _DropoutInPlace:
    """Dropout that writes over its input, over the gradient, or both."""

    def __init__(self, layer: Dropout, *, forward: bool, backward: bool) -> None:
        self._layer, self._forward, self._backward = layer, forward, backward

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        if self._forward and training and self._layer.rate > 0:
            return self._layer.drop(x, x)
        return self._layer.forward(x, training=training)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        if self._backward:
            return self._layer.drop_gradient(dy, dy)
        return self._layer.backward(dy)


class _Done:
    """A layer whose work a stage before it does."""

    def forward(self, x: np.ndarray, *, training: bool) -> np.ndarray:
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        return dy


def has_logits(layer: Layer) -> TypeGuard[ActivatedLayer]:
    """Tell whether a layer's activation makes (N, C) scores of logits.

    Those are softmax and sigmoid: the ones whose input Keras remembers on TensorFlow.
    """
    return (
        isinstance(layer, ActivatedLayer)
        and _is_own(layer)
        and layer.activation in (activations.softmax, activations.sigmoid)
        and len(layer.output_shape or ()) == 2
    )


def takes_logits(last: Layer, loss: Any) -> bool:
    """Tell whether Keras computes a loss from what the last activation is given.

    It does so for each cross-entropy, with or without ``from_logits``. The loss is
    then the cross-entropy of softmax(logits), also where the activation is a sigmoid.

    Reference: `keras/src/backend/tensorflow/nn.py` (_get_logits).
    """
    return (
        has_logits(last)
        and isinstance(loss, losses.CategoricalCrossentropy)
        and type(loss) in losses.ALL.values()
    )


def needs_logits(last: Layer, loss: Any) -> bool:
    """Tell whether the loss would be another one if it were not from the logits.

    After a softmax and without ``from_logits`` it is the same one, but for rounding
    and clipping: that is left to the rule `softmax_cross_entropy`.
    """
    if not (has_logits(last) and takes_logits(last, loss)):
        return False
    return loss.from_logits or last.activation is not activations.softmax


def rescaling_of_pixels(plan: Plan) -> None:
    """Scale integers while they are gathered and cast; the same bits.

    For a model that begins with a `Rescaling` by a positive factor, without an offset.
    """
    if not plan.layers:
        return
    first = plan.layers[0]
    if isinstance(first, Rescaling) and _is_own(first):
        if first.scale > 0 and first.offset == 0:
            plan.input_scale = first.scale


def softmax_cross_entropy(plan: Plan) -> None:
    """Differentiate a final softmax and the cross-entropy as one.

    d_logits = scale · (p − t) needs no division by a probability that may be 0, and
    the loss is exact where a probability rounds to 0. Off, the probabilities are
    clipped to [10⁻⁷, 1 − 10⁻⁷]; the two agree to rounding where nothing is clipped.
    """
    if takes_logits(plan.layers[-1], plan.head.loss):
        _start_from_logits(plan)


def _start_from_logits(plan: Plan) -> None:
    """Let the last layer stop at its logits, and the head take the loss from them."""
    last = plan.layers[-1]
    assert isinstance(last, ActivatedLayer)
    plan.stages[-1] = _WithoutActivation(last)
    plan.head = _LogitsHead(plan.head.loss, last.activation)


def _warn_of_from_logits(last: Layer, loss: Any) -> None:
    if loss.from_logits and isinstance(last, ActivatedLayer):
        name = last.activation.name
        warnings.warn(
            f"{type(loss).__name__}: from_logits=True, but {last.label} ends in "
            f"{name}, so that the model's output is no logits; the loss is taken from "
            f"what the {name} is given, as in Keras",
            stacklevel=2,
        )


def pooled_convolution(plan: Plan) -> None:
    """Run convolution, ReLU, batch normalisation and max pooling as one stage.

    It saves passes over arrays as large as the convolution's output. Windows must lie
    side by side, without padding, and all layers learn. It is used where the kernels'
    `direct` rung is, or a higher one.

    Without batch normalisation the bits are the same; only where windows leave rows or
    columns over, `winograd` may cut a small batch's sum over images in other places.
    With it, (x − mean)·scale + beta is rounded once less, and the sums over pixels are
    taken row by row and image by image, in the arrays' type.
    """
    if kernels.RUNGS.index(kernels.get_rung()) < kernels.RUNGS.index("direct"):
        return
    layers = plan.layers
    for start, convolution in enumerate(layers):
        norm = _at(layers, start + 1, BatchNormalization)
        pooling = _at(layers, start + (2 if norm else 1), MaxPooling2D)
        chain = [layer for layer in (convolution, norm, pooling) if layer is not None]
        if (
            isinstance(convolution, Conv2D)
            and convolution.activation is activations.relu
            and pooling is not None
            and pooling.strides == pooling.pool_size
            and pooling.padding == "valid"
            and all(layer.trainable and _is_own(layer) for layer in chain)
            and len({layer.dtype for layer in chain}) == 1
        ):
            plan.stages[start] = PooledConvolution(convolution, norm, pooling)
            for at in range(start + 1, start + len(chain)):
                plan.stages[at] = _Done()


# The widest layer of a chain: its weights are read where they lie, and the rows of
# larger matrices push each other out of the caches.
WIDEST = 512


def dense_chain(plan: Plan) -> None:
    """Run dense layers in a row as one; the same bits.

    Each layer takes vectors and ends in no activation or in ReLU, the last one also in
    softmax. No chain goes on beyond the first layer that learns, where gradients end.
    It is used where the kernels' `direct` rung is, or a higher one.
    """
    if kernels.RUNGS.index(kernels.get_rung()) < kernels.RUNGS.index("direct"):
        return
    start = 0
    while start < len(plan.layers):
        chain: list[Dense] = []
        names: list[str] = []
        for at in range(start, len(plan.layers)):
            layer, stage = plan.layers[at], plan.stages[at]
            if not _fits_a_chain(layer):
                break
            if chain and (layer.dtype != chain[0].dtype or at in plan.learning[:1]):
                break
            logits = isinstance(stage, _WithoutActivation)
            chain.append(layer)
            names.append("linear" if logits else layer.activation.name)
            if layer.activation is activations.softmax:
                break
        if chain:
            last = plan.stages[start + len(chain) - 1]
            plan.stages[start] = DenseChain(chain, names, last)
            for at in range(start + 1, start + len(chain)):
                plan.stages[at] = _Done()
        start += max(1, len(chain))


def _fits_a_chain(layer: Layer) -> TypeGuard[Dense]:
    own = activations.linear, activations.relu, activations.softmax
    return (
        isinstance(layer, Dense)
        and _is_own(layer)
        and layer.activation in own
        and len(layer.output_shape or ()) == 2
        and layer.units <= WIDEST
    )


def dropout_in_place(plan: Plan) -> None:
    """Let dropout write over arrays that nobody reads again; the same bits.

    That is its input, where it comes from a convolution with its pooling or from batch
    normalisation, whose backward passes don't look at their outputs; and the gradient
    that any of our layers hands it, which is made for it alone.
    """
    layers = plan.layers
    for at, layer in enumerate(layers):
        if not (isinstance(layer, Dropout) and _is_own(layer)):
            continue
        before = plan.stages[at - 1] if at > 0 else None
        forward = isinstance(before, BatchNormalization) and _is_own(before)
        if isinstance(before, _Done):
            forward = isinstance(layers[at - 1], MaxPooling2D)
        backward = at + 1 < len(layers) and _is_own(layers[at + 1])
        plan.stages[at] = _DropoutInPlace(layer, forward=forward, backward=backward)


def nothing_before_the_first_parameter(plan: Plan) -> None:
    """Compute no gradient that no parameter needs; the same bits without it.

    The backward pass ends at the first layer that learns, and that layer, if it can
    be asked to, leaves out the gradient of its input.
    """
    learning = plan.learning
    plan.differentiate_from = learning[0] if learning else len(plan.layers)
    if learning:
        first = plan.layers[learning[0]]
        if isinstance(first, ActivatedLayer) and _is_own(first):
            stage = plan.stages[learning[0]]
            plan.stages[learning[0]] = _WithoutInputGradient(stage, first)


def _is_own(layer: Layer) -> bool:
    return type(layer) in layer_module.ALL.values()


def _at(layers: list[Layer], index: int, kind: type[Any]) -> Any:
    """Return the layer at an index if there is one and it is of a kind."""
    found = layers[index] if index < len(layers) else None
    return found if isinstance(found, kind) else None


RULES: tuple[Callable[[Plan], None], ...] = (
    rescaling_of_pixels,
    softmax_cross_entropy,
    pooled_convolution,
    dense_chain,
    dropout_in_place,
    nothing_before_the_first_parameter,
)

INFERENCE_RULES: tuple[Callable[[Plan], None], ...] = (
    rescaling_of_pixels,
    pooled_convolution,
    dense_chain,
)
