"""The arithmetic: every operation, with every rung of its ladder side by side.

Kernels trust their callers (layers check): arrays are C-contiguous and of one float
type, and results are written into arrays that the caller gives, which are overwritten
whole. See `ladder` for the rungs and `machine.compile` for what is handed to Numba.
"""

# ruff: noqa: F401 (imported for other rooms to use)

from scratchnet.kernels import losses
from scratchnet.kernels.activations import (
    FORMULAS,
    log_softmax_backward,
    log_softmax_forward,
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    softmax_backward,
    softmax_forward,
    tanh_backward,
    tanh_forward,
)
from scratchnet.kernels.affine_transform import (
    FILL_MODES,
    INTERPOLATIONS,
    affine_transform_backward,
    affine_transform_forward,
)
from scratchnet.kernels.batch_normalization import (
    batch_normalization_backward,
    batch_normalization_backward_inference,
    batch_normalization_forward,
    batch_normalization_inference,
    batch_normalization_statistics,
)
from scratchnet.kernels.contrast import contrast_backward, contrast_forward
from scratchnet.kernels.convolution import (
    convolution_backward_input,
    convolution_backward_weight,
    convolution_forward,
)
from scratchnet.kernels.dense import (
    dense_backward_input,
    dense_backward_weight,
    dense_forward,
)
from scratchnet.kernels.dense_chain import dense_chain_backward, dense_chain_forward
from scratchnet.kernels.depthwise_convolution import (
    depthwise_convolution_backward_input,
    depthwise_convolution_backward_weight,
    depthwise_convolution_forward,
)
from scratchnet.kernels.dropout import dropout
from scratchnet.kernels.gather import first_non_finite, gather
from scratchnet.kernels.group_normalization import (
    group_normalization_backward,
    group_normalization_forward,
)
from scratchnet.kernels.grouped_convolution import (
    grouped_convolution_backward_input,
    grouped_convolution_backward_weight,
    grouped_convolution_forward,
)
from scratchnet.kernels.ladder import (
    OPERATIONS,
    RUNGS,
    get_rung,
    is_in_use,
    rung,
    set_rung,
)
from scratchnet.kernels.mean_squared_error import (
    mean_squared_error_backward,
    mean_squared_error_forward,
)
from scratchnet.kernels.noise import standard_normal
from scratchnet.kernels.optimizers import (
    adadelta_update,
    adagrad_update,
    adam_update,
    adamax_update,
    ftrl_update,
    lion_update,
    moving_average,
    nadam_update,
    rmsprop_update,
    sgd_momentum_update,
    sgd_update,
    weight_decay,
)
from scratchnet.kernels.parametric_relu import (
    parametric_relu_backward,
    parametric_relu_forward,
)
from scratchnet.kernels.penalty import penalty, penalty_gradient
from scratchnet.kernels.pooled_convolution import (
    measured_convolution_forward,
    normalised_convolution_backward,
    normalised_convolution_inference,
    normalised_pooling_forward,
    pooled_convolution_backward,
    pooled_convolution_forward,
)
from scratchnet.kernels.pooling import (
    average_pooling_backward,
    average_pooling_forward,
    global_max_pooling_backward,
    global_max_pooling_forward,
    max_pooling_backward,
    max_pooling_forward,
)
from scratchnet.kernels.softmax_cross_entropy import (
    cross_entropy_backward,
    cross_entropy_forward,
    softmax_cross_entropy_backward,
    softmax_cross_entropy_forward,
)
from scratchnet.kernels.upsampling import (
    bilinear_backward,
    bilinear_forward,
    upsampling_backward,
    upsampling_forward,
)
