"""Rectifiers and other functions made of straight pieces.

Where two pieces meet, the slope is the one that TensorFlow takes. NaN stays NaN.

References: Maas, Hannun & Ng (2013), "Rectifier nonlinearities improve neural network
acoustic models", section 3, for `leaky_relu`; Krizhevsky (2010), "Convolutional deep
belief networks on CIFAR-10", for `relu6`.
"""

from numba.extending import overload

from scratchnet.kernels.activations.elementwise import elementwise, like, where
from scratchnet.kernels.machine.compile import OPTIONS


def leaky_relu(x, negative_slope):
    """Y = x if x > 0, else negative_slope · x."""
    return where(x > 0, x, negative_slope * x)


def leaky_relu_slope(y, negative_slope):
    """Slope = 1 if y > 0, else negative_slope; for a negative_slope of at least 0."""
    return where(y > 0, 1, negative_slope)


def relu6(x):
    """Y = max(x, 0), and at most 6."""
    return where(x <= 0, 0, where(x >= 6, 6, x))


def relu6_slope(y):
    """Slope = 1 if 0 < y < 6, else 0."""
    return where((y > 0) & (y < 6), like(1, y), 0)


def bounded_relu(x, negative_slope, low, high, threshold):
    """Y = x, bounded, if x > threshold, else negative_slope · (x − threshold)."""
    bounded = where(x < low, low, where(x > high, high, x))
    below = where(negative_slope == 0, 0, negative_slope * (x - threshold))
    return where(x <= threshold, below, bounded)


def bounded_relu_slope(x, negative_slope, low, high, threshold):
    """Slope = 1 if x > threshold, low ≤ x ≤ high; negative_slope if x < threshold."""
    bounded = where((x >= low) & (x <= high), like(1, x), 0)
    return where(x > threshold, bounded, where(x < threshold, negative_slope, 0))


def hard_gate(x):
    """Return x / 6 + 1/2, at least 0 and at most 1."""
    raised = x + like(3, x)
    return where(raised <= 0, 0, where(raised >= 6, 6, raised)) / like(6, x)


@overload(hard_gate, jit_options=OPTIONS)
def _overload_hard_gate(x):
    return hard_gate


def hard_sigmoid(x):
    """Y = x / 6 + 1/2, at least 0 and at most 1."""
    return hard_gate(x)


def hard_sigmoid_slope(y):
    """Slope = 1/6 if 0 < y < 1, else 0."""
    return where((y > 0) & (y < 1), like(1 / 6, y), 0)


def hard_silu(x):
    """Y = x · hard_sigmoid(x)."""
    return x * hard_gate(x)


def hard_silu_slope(x):
    """Slope = (2x + 3) / 6 if −3 < x < 3, else 0 below and 1 above."""
    return where(
        x <= -3, 0, where(x >= 3, like(1, x), (x + x + like(3, x)) / like(6, x))
    )


def hard_tanh(x):
    """Y = x, at least −1 and at most 1."""
    return where(x <= -1, -1, where(x >= 1, 1, x))


def hard_tanh_slope(x):
    """Slope = 1 if −1 ≤ x ≤ 1, else 0."""
    return where(abs(x) <= 1, like(1, x), 0)


def hard_shrink(x, threshold):
    """Y = x if |x| > threshold, else 0."""
    return where(abs(x) <= threshold, 0, x)


def hard_shrink_slope(x, threshold):
    """Slope = 1 if |x| > threshold, else 0."""
    return where(abs(x) <= threshold, like(0, x), 1)


def soft_shrink(x, threshold):
    """Y = x − threshold if x > threshold, x + threshold if x < −threshold, else 0."""
    nearer = where(x > 0, x - threshold, x + threshold)
    return where(abs(x) <= threshold, 0, nearer)


def soft_shrink_slope(x, threshold):
    """Slope = 1 if |x| > threshold, else 0."""
    return where(abs(x) <= threshold, like(0, x), 1)


def threshold(x, threshold, default_value):
    """Y = x if x > threshold, else default_value."""
    return where(x <= threshold, default_value, x)


def threshold_slope(x, threshold, default_value):
    """Slope = 1 if x > threshold, else 0."""
    return where(x <= threshold, like(0, x), 1)


def sparse_sigmoid(x):
    """Y = (x + 1) / 2, at least 0 and at most 1."""
    middle = (x + like(1, x)) / like(2, x)
    return where(x <= -1, 0, where(x >= 1, 1, middle))


def sparse_sigmoid_slope(x):
    """Slope = 1/2 if −1 < x < 1, else 0."""
    return where(abs(x) < 1, like(0.5, x), 0)


def sparse_plus(x):
    """Y = (x + 1)² / 4 if −1 < x < 1, 0 below and x above."""
    root = x + like(1, x)
    return where(x <= -1, 0, where(x < 1, root * root / like(4, x), x))


def sparse_plus_slope(x):
    """Slope = (x + 1) / 2 if −1 < x < 1, 0 below and 1 above."""
    middle = (x + like(1, x)) / like(2, x)
    return where(x <= -1, 0, where(x < 1, middle, 1))


elementwise(leaky_relu, leaky_relu_slope)
elementwise(relu6, relu6_slope)
elementwise(bounded_relu, bounded_relu_slope)
elementwise(hard_sigmoid, hard_sigmoid_slope)
elementwise(hard_silu, hard_silu_slope)
elementwise(hard_tanh, hard_tanh_slope)
elementwise(hard_shrink, hard_shrink_slope)
elementwise(soft_shrink, soft_shrink_slope)
elementwise(threshold, threshold_slope)
elementwise(sparse_sigmoid, sparse_sigmoid_slope)
elementwise(sparse_plus, sparse_plus_slope)
