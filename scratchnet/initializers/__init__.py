"""Initial values of weights.

    GlorotUniform   U(−L, L), L = √(6 / (fan_in + fan_out))
    GlorotNormal    truncated N(0, σ²), σ² = 2 / (fan_in + fan_out)
    HeUniform       U(−L, L), L = √(6 / fan_in)
    HeNormal        truncated N(0, σ²), σ² = 2 / fan_in
    LecunUniform    U(−L, L), L = √(3 / fan_in)
    LecunNormal     truncated N(0, σ²), σ² = 1 / fan_in

``fan_in`` is how many inputs one output sums over, ``fan_out`` how many outputs one
input reaches: in × out for a dense kernel (in, out); KH·KW·C and KH·KW·CO for a
convolution kernel (KH, KW, C, CO).

References: Glorot and Bengio (2010); He et al. (2015), equation 10; LeCun et al.
(1998), section 4.6; `keras/src/initializers/random_initializers.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scratchnet.foundation import lookup
from scratchnet.initializers.constants import Constant, Identity, Ones, Zeros
from scratchnet.initializers.distributions import (
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
)
from scratchnet.initializers.initializer import FromFunction, Initializer, from_array
from scratchnet.initializers.orthogonal import Orthogonal
from scratchnet.initializers.variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,  # noqa: F401
)

ALL: dict[str, type[Initializer]] = {
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "variance_scaling": VarianceScaling,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
    "constant": Constant,
    "identity": Identity,
    "zeros": Zeros,
    "ones": Ones,
}

# Keras's second names: these only in `get`, those of `ALL` in the module, too.
ALIASES = {
    "normal": RandomNormal,
    "uniform": RandomUniform,
    "zero": Zeros,
    "one": Ones,
    "OrthogonalInitializer": Orthogonal,
    "IdentityInitializer": Identity,
}
globals().update(ALL)


def get(identifier: Any) -> Initializer:
    """Return an initializer by name, or the one given.

    A class is called without arguments; a function is called as Keras calls it, with
    a shape and ``dtype``; an array stands for its values.

    Raises:
        ValueError: the name is unknown.
        TypeError: the identifier is nothing of these.
    """
    if isinstance(identifier, str) and identifier in ALIASES:
        identifier = ALIASES[identifier]
    if isinstance(identifier, type) and callable(identifier):
        identifier = identifier()
    if isinstance(identifier, np.ndarray):
        return from_array(identifier)
    if callable(identifier) and not _takes_a_generator(identifier):
        return FromFunction(identifier)
    return lookup.find("initializer", identifier, ALL, Initializer)


def _takes_a_generator(initializer: Any) -> bool:
    own = isinstance(initializer, Initializer)
    return own and type(initializer).__call__ in (
        Initializer.__call__,
        FromFunction.__call__,
    )


def serialize(initializer: Any) -> dict[str, Any]:
    """Return an initializer as configurations hold it."""
    return lookup.describe(get(initializer))


deserialize = lookup.deserializer(__name__, "initializer", get)

__getattr__ = lookup.missing_attribute(
    __name__, [*(found.__name__ for found in ALL.values()), "Initializer"]
)
