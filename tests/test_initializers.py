"""Initializers: distributions, seeds and streams."""

import math

import numpy as np
import pytest
from scipy import stats

from scratchnet import initializers, layers, utils
from scratchnet.foundation import random
from tests.keras.golden import compare, core_cases

SHAPES = {2: (200, 100), 4: (5, 5, 20, 40)}  # 20,000 values each


def distribution(title, shape):
    """Return SciPy's distribution of the values."""
    window = math.prod(shape[:-2])
    fan_in, fan_out = window * shape[-2], window * shape[-1]
    name = title.split()[0]
    settings = core_cases.INITIALIZERS[title]
    if name == "RandomNormal":
        return stats.norm(settings.get("mean", 0), settings.get("stddev", 0.05))
    if name == "RandomUniform":
        low, high = settings.get("minval", -0.05), settings.get("maxval", 0.05)
        return stats.uniform(low, high - low)
    variance = 2 / fan_in if name.startswith("He") else 2 / (fan_in + fan_out)
    if name.endswith("Uniform"):
        limit = math.sqrt(3 * variance)
        return stats.uniform(-limit, 2 * limit)
    # Cut off at two standard deviations of the normal distribution before the cut.
    whole = math.sqrt(variance) / 0.87962566103423978
    return stats.truncnorm(-2, 2, scale=whole)


@pytest.mark.parametrize("rank", SHAPES)
@pytest.mark.parametrize("title", core_cases.INITIALIZERS)
@pytest.mark.parametrize("side", [compare.ours, compare.keras])
def test_distribution_is_that_of_keras(side, title, rank):
    expected, draws = distribution(title, SHAPES[rank]), 20_000
    mean, variance, least, largest, *quantiles = side("initializers")[f"{title}_{rank}"]
    # Five standard errors. That of a variance is σ² √((kurtosis − 1) / n), that of a
    # quantile √(q (1 − q) / n) / density.
    moments = expected.stats("mvk")
    mu, sigma_2, excess = (float(moment) for moment in moments)
    assert abs(mean - mu) < 5 * math.sqrt(sigma_2 / draws)
    assert variance == pytest.approx(
        sigma_2, rel=5 * math.sqrt((excess + 2) / draws), abs=0
    )
    for q, found in zip(core_cases.QUANTILES, quantiles, strict=True):
        place = expected.ppf(q)
        error = math.sqrt(q * (1 - q) / draws) / expected.pdf(place)
        assert abs(found - place) < 5 * error
    low, high = expected.support()
    room = compare.EPSILON * max(abs(expected.ppf([0.001, 0.999])))
    assert low - room <= least < expected.ppf(0.002)
    assert high + room >= largest > expected.ppf(0.998)


def test_zeros_and_ones():
    found = compare.ours("initializers")
    assert np.array_equal(found["zeros"], np.zeros((2, 3), np.float32))
    assert np.array_equal(found["ones"], np.ones((2, 3), np.float32))


def test_truncation_spreads_over_all_values():
    values = initializers.HeNormal(seed=1)((100, 100)).ravel()
    # Values cut off are drawn again, not moved to the edge.
    assert len(np.unique(values)) > 0.99 * values.size
    assert abs(values).max() < 2 * math.sqrt(2 / 100) / 0.8796


def test_seed_gives_the_same_values_at_every_call():
    initializer = initializers.GlorotUniform(seed=4)
    first = initializer((3, 4))
    random.stream("initialisation").random(5)
    assert np.array_equal(initializer((3, 4)), first)
    assert not np.array_equal(initializers.GlorotUniform(seed=5)((3, 4)), first)


def test_without_a_seed_the_stream_goes_on():
    utils.set_random_seed(3)
    initializer = initializers.GlorotUniform()
    first, second = initializer((3, 4)), initializer((3, 4))
    assert not np.array_equal(first, second)
    utils.set_random_seed(3)
    assert np.array_equal(initializers.GlorotUniform()((3, 4)), first)


def test_float32_is_the_rounded_float64():
    single, double = (
        initializers.HeNormal(seed=2)((4, 5), dtype) for dtype in ("float32", "float64")
    )
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    assert np.array_equal(single, double.astype(np.float32))


def test_generator_given_by_hand_is_used():
    draw = initializers.RandomNormal(1.0, 2.0)
    expected = np.random.default_rng(7).normal(1, 2, (2, 3))
    assert np.array_equal(draw((2, 3), np.float64, np.random.default_rng(7)), expected)


@pytest.mark.parametrize(
    ("shape", "fans"),
    [
        ((), (1, 1)),
        ((7,), (7, 7)),
        ((3, 4), (3, 4)),
        ((3, 3, 32, 64), (288, 576)),
        ((2, 3, 5, 7), (30, 42)),
    ],
)
def test_fans(shape, fans):
    assert initializers.compute_fans(shape) == fans


def test_get_finds_names_objects_and_configurations():
    assert type(initializers.get("he_normal")) is initializers.HeNormal
    assert type(initializers.get("HeNormal")) is initializers.HeNormal
    given = initializers.Ones()
    assert initializers.get(given) is given
    made = initializers.get(
        {"class_name": "RandomUniform", "config": {"minval": 0, "maxval": 1, "seed": 3}}
    )
    assert made.get_config() == {"minval": 0.0, "maxval": 1.0, "seed": 3}
    with pytest.raises(ValueError, match="did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(TypeError, match=r"did you mean HeNormal\(\)"):
        initializers.get(initializers.HeNormal)


@pytest.mark.parametrize("name", sorted(initializers.ALL))
def test_configuration_makes_the_same_initializer(name):
    cls = initializers.ALL[name]
    settings = {} if name in ("zeros", "ones") else {"seed": 9}
    first = cls(**settings)
    assert np.array_equal(first((4, 3)), cls(**first.get_config())((4, 3)))


def test_keras_s_configuration_is_understood():
    config = {"seed": None, "input_axes": None, "output_axes": None}
    for name in ("GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal"):
        keras_s = {
            "module": "keras.initializers",
            "class_name": name,
            "config": config,
            "registered_name": None,
        }
        assert type(initializers.get(keras_s)).__name__ == name
    with pytest.raises(NotImplementedError, match=r"HeNormal: input_axes=\[0\]"):
        initializers.HeNormal(input_axes=[0])


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True])
def test_bad_seed(seed):
    with pytest.raises(
        ValueError, match="HeUniform: expected an integer of at least 0 for seed, rec"
    ):
        initializers.HeUniform(seed=seed)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("normal", "RandomNormal"),
        ("uniform", "RandomUniform"),
        ("zero", "Zeros"),
        ("one", "Ones"),
    ],
)
def test_keras_s_second_names(name, kind):
    assert type(initializers.get(name)).__name__ == kind
    layer = layers.Dense(2, kernel_initializer=name)
    assert layer.get_config()["kernel_initializer"]["class_name"] == kind


@pytest.mark.parametrize("name", initializers.ALL)
def test_every_name_is_the_module_s_too(name):
    assert getattr(initializers, name) is type(initializers.get(name))
