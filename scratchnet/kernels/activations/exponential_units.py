"""Exponential units: functions whose slope follows from y, because (eˣ)′ = eˣ.

References: Clevert, Unterthiner & Hochreiter (2016), "Fast and accurate deep network
learning by exponential linear units (ELUs)"; Klambauer et al. (2017),
"Self-normalizing neural networks"; Barron (2017), "Continuously differentiable
exponential linear units".
"""

from scratchnet.kernels.activations.elementwise import elementwise, like, where
from scratchnet.kernels.machine.exponential import exp, exp_minus_one
from scratchnet.kernels.machine.logarithm import log_one_plus

# The fixed point at which a layer's outputs keep mean 0 and variance 1: Klambauer et
# al. (2017), equation 14.
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


def elu(x, alpha):
    """Y = x if x > 0, else alpha · (e^x − 1)."""
    return where(x > 0, x, alpha * exp_minus_one(x))


def elu_slope(y, alpha):
    """Slope = 1 if y > 0, else y + alpha; for an alpha of at least 0."""
    return where(y > 0, 1, y + alpha)


def selu(x):
    """Y = 1.0507 · x if x > 0, else 1.7581 · (e^x − 1)."""
    below = like(SELU_SCALE * SELU_ALPHA, x) * exp_minus_one(x)
    return where(x > 0, like(SELU_SCALE, x) * x, below)


def selu_slope(y):
    """Slope = 1.0507 if y ≥ 0, else y + 1.7581."""
    return where(y < 0, y + like(SELU_SCALE * SELU_ALPHA, y), SELU_SCALE)


def celu(x, alpha):
    """Y = x if x > 0, else alpha · (e^(x / alpha) − 1)."""
    return where(x > 0, x, alpha * exp_minus_one(x / alpha))


def celu_slope(y, alpha):
    """Slope = 1 if y > 0, else (y + alpha) / alpha."""
    return where(y > 0, 1, (y + alpha) / alpha)


def exponential(x):
    """Y = e^x."""
    return exp(x)


def exponential_slope(y):
    """Slope = y."""
    return y


def softplus(x):
    """Y = log(1 + e^x), as max(x, 0) + log(1 + e^−|x|), which can't overflow."""
    return where(x <= 0, 0, x) + log_one_plus(exp(-abs(x)))


def softplus_slope(y):
    """Slope = 1 − e^−y."""
    return -exp_minus_one(-y)


def log_sigmoid(x):
    """Y = −log(1 + e^−x), as min(x, 0) − log(1 + e^−|x|), which can't overflow."""
    return where(x >= 0, 0, x) - log_one_plus(exp(-abs(x)))


def log_sigmoid_slope(y):
    """Slope = 1 − e^y."""
    return -exp_minus_one(y)


elementwise(elu, elu_slope)
elementwise(selu, selu_slope)
elementwise(celu, celu_slope)
elementwise(exponential, exponential_slope)
elementwise(softplus, softplus_slope)
elementwise(log_sigmoid, log_sigmoid_slope)
