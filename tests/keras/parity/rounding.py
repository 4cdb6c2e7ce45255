"""How far rounding may carry two correct computations of one step apart.

Two programs that add the same K products in different orders don't get the same sum.
With unit roundoff u = eps/2, each is off by at most λ·√K·u·∑|products|, save with a
probability of about 2 exp(−λ²/2) (Higham and Mary, 2019, "A new approach to
probabilistic rounding error analysis", theorem 3.1), and they are apart by at most

    λ · √K · eps · ∑|products|.

λ = 6 makes one false alarm in 3·10⁷ sums. ∑|products| is no estimate: a linear layer,
run on |x|, |weights| and |dy|, computes just that, for its output and for each of its
gradients. A 3x3 convolution by Winograd's algorithm adds up other products, larger
ones and fewer; they, too, are computed, by the algorithm on absolute values. What is
not linear carries the error of what it is given on by its
derivative, and adds its own few roundings. Nothing here has been adjusted to results.

A stage's ``forward(x, error)`` returns the output and its error, ``backward(dy,
error)`` the input's gradient and its error; ``errors`` then has the parameters'
gradients. Stages run in float64 and make a chain as layers do.

A decision can't be bounded: a ReLU's input that rounding may carry past zero, or two
pixels that it may exchange for the maximum. `Stage.fragile` tells of it, and such
data prove nothing either way.
"""

import math

import numpy as np

from scratchnet.kernels.convolution.winograd import suits
from tests.keras.parity import oracle
from tests.kernels import winograd

CONFIDENCE = 6  # λ
LIBRARY = 4  # units in the last place that exp, tanh and log are within


class Stage:
    """A part of a step, with its rounding errors."""

    fragile = False

    def __init__(self, dtype):
        self.eps = float(np.finfo(dtype).eps)
        # TensorFlow flushes what is smaller than this to zero.
        self.tiny = float(np.finfo(dtype).tiny)
        self.values, self.errors = {}, {}

    def rounding(self, terms):
        """Return λ·√K·eps; scaling and storing a sum make two terms more."""
        return CONFIDENCE * math.sqrt(terms + 2) * self.eps


class Linear(Stage):
    """A layer whose output is linear in x and in its weights: Keras itself, |…| too."""

    def __init__(self, kind, settings, weights, shape, dtype):
        super().__init__(dtype)
        self.kind = kind
        self.settings = {k: v for k, v in settings.items() if k != "activation"}
        self.weights = {name: np.float64(value) for name, value in weights.items()}
        self.layer = oracle.build(kind, self.settings, shape, "float64")
        plain = kind == "Conv2D" and self.layer.groups == 1
        plain = plain and self.layer.dilation_rate == (1, 1)
        if kind == "Conv2DTranspose":
            plain = self.layer.dilation_rate == (1, 1)
        self.winograd = plain and suits(
            self.weights["kernel"].shape, self.layer.strides
        )

    def run(self, x, dy=None, absolute=False, bias=True):
        for name, variable in oracle.weights(self.layer).items():
            value = self.weights[name]
            value = np.abs(value) if absolute else value
            variable.assign(value if bias or name != "bias" else 0 * value)
        if dy is None:
            return self.layer(x).numpy()
        return oracle.differentiate(self.layer, x, dy, training=False)

    def sizes(self, x, dy=None):
        """Return ∑|products| for y or, given dy, for each gradient."""
        x, dy = np.abs(x), None if dy is None else np.abs(dy)
        found = self.run(x, dy, absolute=True)
        if not self.winograd:
            return found
        kernel = np.abs(self.weights["kernel"])
        pads = (1, 1) if self.layer.padding == "same" else (0, 0)
        forward, input_gradient = winograd.forward, winograd.input_gradient
        if self.kind == "Conv2DTranspose":
            forward, input_gradient = input_gradient, forward
        if dy is None:
            y = forward(x, kernel, found.shape, pads, winograd.SIZES)
            return y + np.abs(self.weights.get("bias", 0))
        images, maps = (dy, x) if self.kind == "Conv2DTranspose" else (x, dy)
        return found | {
            "dx": input_gradient(dy, kernel, x.shape, pads, winograd.SIZES),
            "d_kernel": winograd.weight_gradient(images, maps, pads, winograd.SIZES),
        }

    def forward(self, x, error):
        self.x, self.x_error = x, error
        y, size = self.run(x), self.sizes(x)
        inherited = self.run(error, absolute=True, bias=False)
        self.terms = self.count(x.shape, y.shape)
        return y, self.rounding(self.terms["y"]) * size + inherited

    def backward(self, dy, error):
        x = np.abs(self.x)
        found, size = self.run(self.x, dy), self.sizes(x, dy)
        of_dy = self.run(x, error, absolute=True)
        of_x = self.run(self.x_error, np.abs(dy), absolute=True)
        of_x["dx"] = of_x["d_bias"] = 0  # neither depends on x
        for name in found.keys() - {"y"}:
            terms = self.terms["dx" if name == "dx" else "weights"]
            own = self.rounding(terms) * size[name]
            self.values[name] = found[name]
            self.errors[name] = own + of_dy[name] + of_x[name]
        return self.values.pop("dx"), self.errors.pop("dx")

    def count(self, x_shape, y_shape):
        """Return how many products make up a value of y, of dx and of a gradient."""
        if self.kind in ("Conv1D", "Conv2D"):
            *window, inputs, outputs = self.weights["kernel"].shape
            area = math.prod(window)
            return {
                "y": area * inputs + 1,
                "dx": area * outputs,
                "weights": math.prod(y_shape[:-1]),
            }
        if self.kind == "Conv2DTranspose":
            *window, outputs, inputs = self.weights["kernel"].shape
            area = math.prod(window)
            return {
                "y": area * inputs + 1,
                "dx": area * outputs,
                "weights": max(math.prod(shape[:-1]) for shape in (x_shape, y_shape)),
            }
        if self.kind in ("DepthwiseConv2D", "SeparableConv2D"):
            kernel, *mixing = [w for name, w in self.weights.items() if name != "bias"]
            between = sum(w[0, 0].size for w in mixing)  # there and back
            *window, _, times = kernel.shape
            return {
                "y": math.prod(window) + between + 1,
                "dx": math.prod(window) * times + between,
                "weights": math.prod(y_shape[:-1]) + math.prod(window) + between,
            }
        if self.kind == "Dense":
            inputs, outputs = self.weights["kernel"].shape
            return {
                "y": inputs + 1,
                "dx": outputs,
                "weights": math.prod(y_shape[:-1]),
            }
        if self.kind in ("UpSampling1D", "UpSampling2D", "RepeatVector"):
            times = math.prod(y_shape) // math.prod(x_shape)
            between = 4 if self.settings.get("interpolation") == "bilinear" else 1
            return {"y": between, "dx": between * times}
        window = {
            "AveragePooling1D": lambda: math.prod(self.layer.pool_size),
            "AveragePooling2D": lambda: math.prod(self.layer.pool_size),
            "GlobalAveragePooling2D": lambda: math.prod(x_shape[1:3]),
        }.get(self.kind, lambda: 1)()
        return {"y": window, "dx": window}


class Flatten(Stage):
    def forward(self, x, error):
        self.shape = x.shape
        return x.reshape(len(x), -1), error.reshape(len(x), -1)

    def backward(self, dy, error):
        return dy.reshape(self.shape), error.reshape(self.shape)


class Rescaling(Stage):
    def __init__(self, settings, dtype):
        super().__init__(dtype)
        self.scale, self.offset = settings["scale"], settings.get("offset", 0.0)

    def forward(self, x, error):
        size = np.abs(self.scale * x) + abs(self.offset)
        inherited = abs(self.scale) * error
        y = self.scale * x + self.offset
        return y, inherited + self.rounding(2) * size

    def backward(self, dy, error):
        dx = self.scale * dy
        return dx, abs(self.scale) * error + self.rounding(1) * np.abs(dx)


class Masked(Stage):
    """Dropout by a mask that is given: y = x · mask, the mask scaled already."""

    def __init__(self, mask, dtype):
        super().__init__(dtype)
        self.mask = mask

    def forward(self, x, error):
        return x * self.mask, self.mask * (error + self.rounding(0) * np.abs(x))

    backward = forward


class ReLU(Stage):
    def forward(self, x, error):
        self.passes = x > 0
        self.fragile = bool(((np.abs(x) <= error) & (error > 0)).any())
        return np.maximum(x, 0), error * self.passes

    def backward(self, dy, error):
        return dy * self.passes, error * self.passes


class LeakyReLU(Stage):
    def __init__(self, dtype, slope=0.2):
        super().__init__(dtype)
        self.slope = slope

    def forward(self, x, error):
        self.factor = np.where(x > 0, 1.0, self.slope)
        self.fragile = bool(((np.abs(x) <= error) & (error > 0)).any())
        return self._times(x, error)

    def backward(self, dy, error):
        return self._times(dy, error)

    def _times(self, values, error):
        # The slope is rounded, and the product. TensorFlow keeps it in float32, for
        # arrays of float64, too.
        slope = float(np.finfo(np.float32).eps) / 2
        own = np.where(self.factor == 1, 0, self.rounding(2) + slope)
        return self.factor * values, self.factor * (error + own * np.abs(values))


class Sigmoid(Stage):
    def forward(self, x, error):
        with np.errstate(over="ignore"):
            self.y = 1 / (1 + np.exp(-x))
        # |second derivative| < 1/10.
        inherited = error * (self.y * (1 - self.y) + error)
        self.error = inherited + 2 * LIBRARY * self.eps
        return self.y, self.error

    def backward(self, dy, error):
        slope = self.y * (1 - self.y)
        of_y = np.abs(1 - 2 * self.y) * self.error + self.error**2
        of_y += self.rounding(1) * self.y
        return dy * slope, slope * error + np.abs(dy) * of_y


class Tanh(Stage):
    def forward(self, x, error):
        self.y = np.tanh(x)
        # |second derivative| < 1.
        self.error = error * (1 - self.y**2 + error) + 2 * LIBRARY * self.eps
        return self.y, self.error

    def backward(self, dy, error):
        slope = 1 - self.y**2
        of_y = 2 * np.abs(self.y) * self.error + self.error**2 + self.rounding(1)
        return dy * slope, slope * error + np.abs(dy) * of_y


def softmax(x, error, stage):
    """Return the probabilities, and their errors relative to themselves.

    That of an exponent is relative in e^x, and rounding x − max is one of them.
    """
    shifted = x - x.max(-1, keepdims=True)
    powers = np.exp(shifted)
    y = powers / powers.sum(-1, keepdims=True)
    exponent = error + error.max(-1, keepdims=True) + stage.eps * np.abs(shifted)
    of_sum = (y * exponent).sum(-1, keepdims=True)
    own = stage.rounding(x.shape[-1]) + 4 * LIBRARY * stage.eps
    return y, exponent + of_sum + own


class Softmax(Stage):
    def forward(self, x, error):
        self.y, relative = softmax(x, error, self)
        self.error = self.y * relative + self.tiny
        return self.y, self.error

    def backward(self, dy, error):
        y, size = self.y, np.abs(dy)
        total = (dy * y).sum(-1, keepdims=True)
        spread = size + (size * y).sum(-1, keepdims=True)
        own = self.rounding(y.shape[-1]) * y * spread
        of_y = self.error * spread + y * (size * self.error).sum(-1, keepdims=True)
        of_dy = y * (error + (y * error).sum(-1, keepdims=True))
        return y * (dy - total), own + of_y + of_dy


class MaxPooling(Stage):
    """The routing is Keras's own, and exact: the first maximum takes the gradient."""

    def __init__(self, kind, settings, shape, dtype):
        super().__init__(dtype)
        self.layer = oracle.build(kind, settings, shape, "float64")
        self.terms = math.prod(self.layer.pool_size)

    def forward(self, x, error):
        self.x = x
        y, y_error = self.layer(x).numpy(), self.layer(error).numpy()
        if error.any():
            self.fragile = bool((self.lead(x, y) <= 2 * y_error).any())
        return y, y_error

    def lead(self, x, y):
        """Return how far each maximum is above the next smaller value of its window."""
        if self.layer.strides != self.layer.pool_size or self.layer.padding == "same":
            raise NotImplementedError("windows that overlap, on inexact input")
        (N, H, W, C), (h, w) = y.shape, self.layer.pool_size
        windows = x[:, : H * h, : W * w].reshape(N, H, h, W, w, C)
        gaps = y[:, :, None, :, None] - windows
        return np.where(gaps > 0, gaps, np.inf).min((2, 4))

    def backward(self, dy, error):
        def route(dy):
            return oracle.differentiate(self.layer, self.x, dy, training=False)["dx"]

        own = self.rounding(self.terms) * route(np.abs(dy))
        return route(dy), own + route(error)


class BatchNormalization(Stage):
    """Keras computes y = x·γr + (β − μ·γr), and differentiates that.

    So the terms that cancel are as large as |x| + |μ|, not as |x − μ|.
    """

    def __init__(self, settings, weights, dtype, training):
        super().__init__(dtype)
        wide = {name: np.float64(value) for name, value in weights.items()}
        self.mean, self.variance = wide["moving_mean"], wide["moving_variance"]
        self.gamma = wide.get("gamma", np.ones_like(self.mean))
        self.beta = wide.get("beta", np.zeros_like(self.mean))
        self.learnt = {"gamma", "beta"} & wide.keys()
        self.momentum = settings.get("momentum", 0.99)
        self.epsilon = settings.get("epsilon", 1e-3)
        self.training = training

    def forward(self, x, error):
        axes = tuple(range(x.ndim - 1))
        self.axes, self.terms = axes, math.prod(x.shape[:-1])
        mean, variance = self.mean, self.variance
        d_mean = d_variance = np.zeros_like(mean)
        self.spread = np.abs(x) + np.abs(mean)
        if self.training:
            mean, variance = x.mean(axes), x.var(axes)
            size, many = np.abs(x).mean(axes), self.rounding(self.terms)
            d_mean = many * size + error.mean(axes)
            d_variance = many * variance + d_mean**2
            d_variance += (2 * np.abs(x - mean) * error + error**2).mean(axes)
            self.spread = np.abs(x) + size
            self.move(mean, d_mean, variance, d_variance)
        self.r = 1 / np.sqrt(variance + self.epsilon)
        self.r_error = d_variance * self.r**2 / 2 + 4 * self.eps  # relative
        self.normal = (x - mean) * self.r
        self.normal_error = self.r * (error + d_mean)
        self.normal_error += np.abs(self.normal) * self.r_error
        size = np.abs(self.gamma) * self.r * self.spread + np.abs(self.beta)
        y_error = np.abs(self.gamma) * self.normal_error + self.rounding(2) * size
        return self.gamma * self.normal + self.beta, y_error

    def move(self, mean, d_mean, variance, d_variance):
        """Bound the moving statistics after the step."""
        keep, take = self.momentum, 1 - self.momentum
        for name, old, batch, error in (
            ("moving_mean", self.mean, mean, d_mean),
            ("moving_variance", self.variance, variance, d_variance),
        ):
            size = keep * np.abs(old) + take * np.abs(batch)
            self.values[name] = keep * old + take * batch
            self.errors[name] = take * error + self.rounding(2) * size

    def backward(self, dy, error):
        axes, many = self.axes, self.rounding(self.terms)
        size, normal = np.abs(dy), np.abs(self.normal)
        sums = size.sum(axes), self.r * (size * self.spread).sum(axes)
        beta, gamma = dy.sum(axes), (dy * self.normal).sum(axes)
        e_beta = many * sums[0] + error.sum(axes)
        e_gamma = many * sums[1] + (error * normal + size * self.normal_error).sum(axes)
        for name, value, bound in (("beta", beta, e_beta), ("gamma", gamma, e_gamma)):
            if name in self.learnt:
                self.values[f"d_{name}"] = value
                self.errors[f"d_{name}"] = bound
        scale = np.abs(self.gamma) * self.r
        if not self.training:
            inherited = error + (self.r_error + self.rounding(2)) * size
            return self.gamma * self.r * dy, scale * inherited
        M = self.terms
        whole = size + sums[0] / M + self.r * self.spread * sums[1] / M
        inherited = error + e_beta / M + normal * e_gamma / M
        inherited = inherited + self.normal_error * np.abs(gamma) / M
        # r stands in every term once, and three times in that of the variance.
        inherited = inherited + 3 * self.r_error * whole
        dx = self.gamma * self.r * (dy - beta / M - self.normal * gamma / M)
        return dx, scale * (inherited + many * whole)


def activation(name, dtype):
    """Return the stage of an activation, in a list; none for a linear one."""
    found = {
        **{"relu": ReLU, "leaky_relu": LeakyReLU},
        **{"sigmoid": Sigmoid, "tanh": Tanh, "softmax": Softmax},
    }
    return [found[name](dtype)] if name in found else []


def stages(step, training=True):
    """Return the stages that a layer consists of."""
    settings, dtype = step.settings, step.x.dtype
    if step.kind == "BatchNormalization":
        training = training and not step.frozen
        return [BatchNormalization(settings, step.weights, dtype, training)]
    if step.kind in ("MaxPooling1D", "MaxPooling2D"):
        return [MaxPooling(step.kind, settings, step.x.shape, dtype)]
    if step.kind == "Flatten":
        return [Flatten(dtype)]
    if step.kind == "Rescaling":
        return [Rescaling(settings, dtype)]
    if step.kind == "LeakyReLU":
        return [LeakyReLU(dtype, settings["negative_slope"])]
    if step.kind in ("ReLU", "Softmax", "Activation"):
        return activation(settings.get("activation", step.kind.lower()), dtype)
    linear = Linear(step.kind, settings, step.weights, step.x.shape, dtype)
    return [linear, *activation(settings.get("activation"), dtype)]


def propagate(chain, x, dy=None):
    """Carry errors through a chain of stages, there and back; x and dy are exact."""
    x, error = np.float64(x), np.zeros(x.shape)
    for stage in chain:
        x, error = stage.forward(x, error)
    bounds = {"y": error}
    if dy is None:
        return bounds
    dy, error = np.float64(dy), np.zeros(dy.shape)
    for stage in reversed(chain):
        dy, error = stage.backward(dy, error)
        bounds |= stage.errors
    return bounds | {"dx": error}


def bounds(step):
    """Return name → how far Keras and scratchnet may be apart; None if undecidable."""
    chain = stages(step)
    found = propagate(chain, step.x, step.dy)
    if any(stage.fragile for stage in chain):
        return None
    found["inference"] = propagate(stages(step, training=False), step.x)["y"]
    for name in step.weights:
        if name.startswith("moving"):
            found.setdefault(name, 0.0)
    return found
