"""Initializers: distributions, seeds and streams."""

import math

import numpy as np
import pytest
from scipy import stats

from scratchnet import initializers, layers, utils
from scratchnet.foundation import random
from tests.keras.golden import compare, core_cases

# Those of which no draws of Keras's are stored.
MORE = {
    "LecunUniform": {},
    "LecunNormal": {},
    "TruncatedNormal": {"mean": 2.0, "stddev": 0.5},
    "VarianceScaling": {},
    "VarianceScaling fan_out": {"scale": 3.0, "mode": "fan_out"},
    "VarianceScaling untruncated": {
        "mode": "fan_avg",
        "distribution": "untruncated_normal",
    },
    "VarianceScaling axes": {
        "distribution": "uniform",
        "input_axes": [0],
        "output_axes": [-1],
    },
}

SHAPES = {2: (200, 100), 4: (5, 5, 20, 40)}  # 20,000 values each


def distribution(title, shape):
    """Return SciPy's distribution of the values."""
    window = math.prod(shape[:-2])
    fan_in, fan_out = window * shape[-2], window * shape[-1]
    name = title.split()[0]
    settings = {**core_cases.INITIALIZERS, **MORE}[title]
    if name == "RandomNormal":
        return stats.norm(settings.get("mean", 0), settings.get("stddev", 0.05))
    if name == "RandomUniform":
        low, high = settings.get("minval", -0.05), settings.get("maxval", 0.05)
        return stats.uniform(low, high - low)
    if name == "TruncatedNormal":
        return stats.truncnorm(-2, 2, settings["mean"], settings["stddev"])
    if name.startswith(("Variance", "Lecun")):
        fans = {"fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
        fan = shape[0] if "input_axes" in settings else fans.get(settings.get("mode"))
        variance = settings.get("scale", 1) / (fan or fan_in)
        kind = settings.get("distribution", name)
        if kind == "untruncated_normal":
            return stats.norm(0, math.sqrt(variance))
        if kind.lower().endswith("uniform"):
            limit = math.sqrt(3 * variance)
            return stats.uniform(-limit, 2 * limit)
        whole = math.sqrt(variance) / 0.87962566103423978
        return stats.truncnorm(-2, 2, scale=whole)
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
    follows(distribution(title, SHAPES[rank]), side("initializers")[f"{title}_{rank}"])


@pytest.mark.parametrize("rank", SHAPES)
@pytest.mark.parametrize("title", MORE)
def test_distribution_is_that_of_theory(title, rank):
    made = getattr(initializers, title.split()[0])(**MORE[title], seed=1)
    draw = made(SHAPES[rank], np.float64)
    numbers = draw.mean(), draw.var(), draw.min(), draw.max()
    quantiles = np.quantile(draw, core_cases.QUANTILES)
    follows(distribution(title, SHAPES[rank]), [*numbers, *quantiles])


def follows(expected, found):
    draws = 20_000
    mean, variance, least, largest, *quantiles = found
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
    assert type(initializers.get(initializers.HeNormal)) is initializers.HeNormal
    with pytest.raises(TypeError, match="initializer: expected a name or an object"):
        initializers.get(3)


def test_functions_and_objects_of_ones_own_are_called_as_keras_calls_them():
    def ramp(shape, dtype=None):
        assert dtype == "float32"
        return np.arange(math.prod(shape)).reshape(shape)

    class Ramp(initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return ramp(shape, dtype)

        def get_config(self):
            return {"steps": 1}

    for given in (ramp, Ramp, Ramp()):
        layer = layers.Dense(2, kernel_initializer=given)
        layer.ensure_built((None, 3))
        assert np.array_equal(layer.kernel, [[0, 1], [2, 3], [4, 5]])
        config = layer.get_config()["kernel_initializer"]
        assert config["class_name"] == ("function" if given is ramp else "Ramp")
    layer = layers.Dense(2, kernel_initializer=np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"of shape \(3, 2\), received \(2, 3\)"):
        layer.ensure_built((None, 3))


def test_constants():
    assert np.array_equal(initializers.Constant(3)((2, 2)), np.full((2, 2), 3))
    made = initializers.Constant(np.array([1.0, 2.0]))
    again = initializers.get(initializers.serialize(made))
    for one in (made, again, made.clone()):
        assert np.array_equal(one((3, 2)), [[1, 2]] * 3)
    assert np.array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    with pytest.raises(ValueError, match="Identity: expected the shape of a matrix"):
        initializers.Identity()((3, 3, 1))


@pytest.mark.parametrize("shape", [(4, 4), (7, 3), (3, 7), (3, 3, 2, 5)])
def test_orthogonal_matrices_keep_lengths(shape):
    q = initializers.Orthogonal(gain=2.0, seed=1)(shape, np.float64)
    flat = q.reshape(-1, shape[-1])
    square = flat.T @ flat if len(flat) >= shape[-1] else flat @ flat.T
    np.testing.assert_allclose(square, 4 * np.eye(len(square)), atol=1e-14)


def test_orthogonal_matrices_are_spread_evenly():
    # Each entry of a uniform 3 × 3 rotation is uniform in [−1, 1].
    draws = np.array([initializers.Orthogonal(seed=s)((3, 3)) for s in range(2000)])
    for entry in draws.reshape(-1, 9).T:
        assert stats.kstest(entry, stats.uniform(-1, 2).cdf).pvalue > 1e-4
    with pytest.raises(ValueError, match="at least two dimensions"):
        initializers.Orthogonal()((3,))


@pytest.mark.parametrize("bad", [{"scale": 0}, {"mode": "fan"}, {"distribution": "x"}])
def test_settings_that_make_no_sense_are_refused(bad):
    with pytest.raises(
        ValueError, match=f"VarianceScaling: expected {next(iter(bad))}"
    ):
        initializers.VarianceScaling(**bad)


@pytest.mark.parametrize("name", sorted(initializers.ALL))
def test_configuration_makes_the_same_initializer(name):
    cls = initializers.ALL[name]
    settings = {} if name in ("zeros", "ones", "constant", "identity") else {"seed": 9}
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
