"""What an optimizer does to parameters, given their gradients: flat arrays, in place.

Everything is computed in the parameter's type, as Keras does.
"""

# ruff: noqa: F401 (imported for other rooms to use)

from scratchnet.kernels.optimizers.adadelta import adadelta_update
from scratchnet.kernels.optimizers.adagrad import adagrad_update
from scratchnet.kernels.optimizers.adam import adam_update
from scratchnet.kernels.optimizers.adamax import adamax_update
from scratchnet.kernels.optimizers.ftrl import ftrl_update
from scratchnet.kernels.optimizers.lion import lion_update
from scratchnet.kernels.optimizers.moving_average import moving_average
from scratchnet.kernels.optimizers.nadam import nadam_update
from scratchnet.kernels.optimizers.rmsprop import rmsprop_update
from scratchnet.kernels.optimizers.sgd import sgd_momentum_update, sgd_update
from scratchnet.kernels.optimizers.weight_decay import weight_decay
