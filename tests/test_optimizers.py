"""Optimizers: the formulas, their state, and what they refuse."""

import numpy as np
import pytest

from scratchnet import optimizers
from scratchnet.foundation.tensor import Variable
from tests.keras.golden import compare

ADAM = {
    "adam": 0.01,
    "adam_defaults": 0.001,
    "adam_other_betas": 0.02,
    "adam_without_momentum": 0.01,
}


@pytest.mark.parametrize("case", ADAM)
def test_twenty_adam_steps_are_those_of_keras(case):
    # β to the power of t may differ by an ulp of float32 between libraries. 1 − β₂ᵗ,
    # at most 10⁻³ in the first step, makes 2·10⁻⁵ of it, half of that after the root;
    # with weights below 1, a step is shorter than lr · (1 + small).
    power = 20 * ADAM[case] * 2e-5
    compare.assert_agree(f"optimizer_{case}", power + compare.rounding(37, steps=20))


@pytest.mark.parametrize(
    "case", ["sgd", "sgd_defaults", "momentum", "little_momentum", "nesterov"]
)
def test_twenty_sgd_steps_are_those_of_keras(case):
    # 37·4 rows of 6 numbers, which momentum adds up over at most 20 steps.
    compare.assert_agree(f"optimizer_{case}", compare.rounding(148, steps=20))


@pytest.mark.parametrize("case", ["rmsprop", "rmsprop_defaults", "rmsprop_every_slot"])
def test_twenty_rmsprop_steps_are_those_of_keras(case):
    # 37·4 rows of 6 numbers, as for SGD; a gradient's relative error is the step's.
    compare.assert_agree(f"optimizer_{case}", compare.rounding(148, steps=20))


def trajectory(optimizer, steps=12, dtype=np.float64):
    """Return a parameter after each step down the same gradients."""
    rng = np.random.default_rng(0)
    params = {"a/kernel": rng.normal(size=(3, 4)).astype(dtype)}
    visited = []
    for _ in range(steps):
        grads = {"a/kernel": rng.normal(size=(3, 4)).astype(dtype)}
        optimizer.apply(grads, params)
        visited.append(params["a/kernel"].copy())
    return np.array(visited)


def gradients(steps=12):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 4))
    return start, [rng.normal(size=(3, 4)) for _ in range(steps)]


def test_adam_follows_the_paper():
    theta, g = gradients()
    m = v = np.zeros_like(theta)
    expected = []
    for t, grad in enumerate(g, start=1):
        m = 0.75 * m + 0.25 * grad
        v = 0.9375 * v + 0.0625 * grad**2
        alpha = 0.1 * np.sqrt(1 - 0.9375**t) / (1 - 0.75**t)
        theta = theta - alpha * m / (np.sqrt(v) + 1e-4)
        expected.append(theta)
    # Both betas are numbers that float32 holds exactly.
    adam = optimizers.Adam(0.1, beta_1=0.75, beta_2=0.9375, epsilon=1e-4)
    np.testing.assert_allclose(trajectory(adam), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_rmsprop_follows_its_formula(momentum, centered):
    theta, g = gradients()
    v = a = b = np.zeros_like(theta)
    expected = []
    for grad in g:
        v = 0.8 * v + 0.2 * grad**2
        a = 0.8 * a + 0.2 * grad
        step = 0.1 * grad / np.sqrt(v - centered * a**2 + 1e-4)
        b = momentum * b + step
        theta = theta - b
        expected.append(theta)
    rmsprop = optimizers.RMSprop(0.1, 0.8, momentum, 1e-4, centered)
    np.testing.assert_allclose(trajectory(rmsprop), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.7])
def test_sgd_follows_its_formula(momentum, nesterov):
    theta, g = gradients()
    b = np.zeros_like(theta)
    expected = []
    for grad in g:
        b = momentum * b - 0.1 * grad
        theta = theta + (momentum * b - 0.1 * grad if nesterov else b)
        expected.append(theta)
    sgd = optimizers.SGD(0.1, momentum=momentum, nesterov=nesterov)
    np.testing.assert_allclose(trajectory(sgd), expected, rtol=1e-12, atol=1e-12)


def expected_steps(step, theta, grads):
    """Return a parameter after each step; ``step`` returns what is taken off."""
    visited = []
    for t, grad in enumerate(grads, start=1):
        theta = theta - step(t, theta, grad)
        visited.append(theta)
    return visited


def check(optimizer, step):
    """Compare an optimizer with a function of (number, parameter, gradient)."""
    expected = expected_steps(step, *gradients())
    found = trajectory(optimizer)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_adagrad_follows_its_formula():
    a = np.full((3, 4), 0.25)

    def step(t, theta, g):
        a[...] += g**2
        return 0.1 * g / np.sqrt(a + 1e-4)

    check(optimizers.Adagrad(0.1, 0.25, 1e-4), step)


def test_adadelta_follows_its_formula():
    a, d = np.zeros((2, 3, 4))

    def step(t, theta, g):
        a[...] = 0.8 * a + 0.2 * g**2
        s = np.sqrt(d + 1e-4) / np.sqrt(a + 1e-4) * g
        d[...] = 0.8 * d + 0.2 * s**2
        return 0.5 * s

    check(optimizers.Adadelta(0.5, 0.8, 1e-4), step)


def test_adamax_follows_the_paper():
    m, u = np.zeros((2, 3, 4))

    def step(t, theta, g):
        m[...] = 0.75 * m + 0.25 * g
        u[...] = np.maximum(0.9375 * u, abs(g))
        return 0.1 / (1 - 0.75**t) * m / (u + 1e-4)

    check(optimizers.Adamax(0.1, 0.75, 0.9375, 1e-4), step)


def test_amsgrad_follows_the_paper():
    m, v, highest = np.zeros((3, 3, 4))

    def step(t, theta, g):
        m[...] = 0.75 * m + 0.25 * g
        v[...] = 0.5 * v + 0.5 * g**2
        highest[...] = np.maximum(highest, v)
        alpha = 0.1 * np.sqrt(1 - 0.5**t) / (1 - 0.75**t)
        return alpha * m / (np.sqrt(highest) + 1e-4)

    check(optimizers.Adam(0.1, 0.75, 0.5, 1e-4, amsgrad=True), step)


def test_nadam_follows_the_paper():
    m, v = np.zeros((2, 3, 4))
    u = [0.75 * (1 - 0.5 * float(np.float32(0.96)) ** t) for t in range(1, 20)]

    def step(t, theta, g):
        m[...] = 0.75 * m + 0.25 * g
        v[...] = 0.9375 * v + 0.0625 * g**2
        ahead = u[t] * m / (1 - np.prod(u[: t + 1]))
        ahead += (1 - u[t - 1]) * g / (1 - np.prod(u[:t]))
        return 0.1 * ahead / (np.sqrt(v / (1 - 0.9375**t)) + 1e-4)

    found = trajectory(optimizers.Nadam(0.1, 0.75, 0.9375, 1e-4))
    # Keras, too, rounds 0.96 to float32 in the step, and not in the product so far.
    expected = expected_steps(step, *gradients())
    np.testing.assert_allclose(found, expected, rtol=0, atol=12 * 0.1 * 3e-7)


def test_lion_follows_the_paper():
    m = np.zeros((3, 4))

    def step(t, theta, g):
        direction = np.sign(0.75 * m + 0.25 * g)
        m[...] = 0.9375 * m + 0.0625 * g
        return 0.1 * direction

    check(optimizers.Lion(0.1, 0.75, 0.9375), step)


def test_ftrl_follows_the_paper():
    n, z = np.full((3, 4), 0.25), np.zeros((3, 4))

    def step(t, theta, g):
        new = n + g**2
        z[...] += g - (np.sqrt(new) - np.sqrt(n)) / 0.1 * theta
        n[...] = new
        reached = -(z - np.sign(z) * 0.5) / ((2.0 + np.sqrt(new)) / 0.1 + 2 * 0.25)
        return theta - np.where(abs(z) > 0.5, reached, 0)

    made = optimizers.Ftrl(
        *(0.1, -0.5, 0.25),
        l1_regularization_strength=0.5,
        l2_regularization_strength=0.25,
        beta=2.0,
    )
    check(made, step)


def test_weight_decay_is_taken_off_before_the_step():
    check(
        optimizers.SGD(0.5, weight_decay=0.25),
        lambda t, theta, g: theta * 0.25 * 0.5 + 0.5 * g,
    )


def test_what_is_excluded_does_not_decay():
    names = "kernel", "bias", "scale"
    params = {f"a/{name}": np.ones(1) for name in names}
    sgd = optimizers.SGD(1.0, weight_decay=0.5)
    sgd.exclude_from_weight_decay([params["a/scale"][:]], ["bi", "gam"])
    sgd.apply({path: np.zeros(1) for path in params}, params)
    assert [float(param) for param in map(np.sum, params.values())] == [0.5, 1, 1]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"clipnorm": 5.0}, [[3, 4], [3, 4]]),
        ({"clipnorm": 10.0}, [[3, 4], [6, 8]]),
        ({"clipvalue": 5.0}, [[3, 4], [5, 5]]),
        ({"global_clipnorm": 0.0}, [[3, 4], [6, 8]]),
        ({"global_clipnorm": np.sqrt(125) / 2}, [[1.5, 2], [3, 4]]),
    ],
)
def test_no_gradient_is_longer_than_its_limit(limits, expected):
    given = np.array([[3.0, 4], [6, 8]])
    params, grads = ({"a": x[0], "b": x[1]} for x in (np.zeros((2, 2)), given.copy()))
    optimizers.SGD(1.0, **limits).apply(grads, params)
    found = -np.array([*params.values()])
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    assert np.array_equal([*grads.values()], given)


def test_there_is_one_limit_at_most():
    with pytest.raises(ValueError, match="at most one of clipnorm, clipvalue and glo"):
        optimizers.SGD(clipnorm=1.0, clipvalue=1.0)


def test_a_moving_average_takes_the_parameters_place():
    start, grads = gradients()
    theta, average, expected = start, None, []
    for t, grad in enumerate(grads):
        theta = theta - 0.1 * grad
        average = theta if average is None else 0.75 * average + 0.25 * theta
        if (t + 1) % 5 == 0:
            theta = average
        expected.append(theta)
    sgd = optimizers.SGD(
        0.1, use_ema=True, ema_momentum=0.75, ema_overwrite_frequency=5
    )
    np.testing.assert_allclose(trajectory(sgd), expected, rtol=1e-12)
    param = sgd._params["a/kernel"]
    sgd.finalize_variable_values([param])
    np.testing.assert_allclose(param, average, rtol=1e-12)


def test_gradients_of_several_batches_make_one_step():
    start, grads = gradients()
    adam = optimizers.Adam(0.1, gradient_accumulation_steps=3)
    found = trajectory(adam)
    assert (adam.iterations, adam.batches_taken) == (4, 12)
    alone, param = optimizers.Adam(0.1), {"a": start.copy()}
    for i in range(0, 12, 3):
        assert np.array_equal(found[i], found[i + 1])
        alone.apply({"a": sum(grads[i : i + 3]) / 3}, param)
        np.testing.assert_allclose(found[i + 2], param["a"], rtol=1e-12)


def test_lists_of_arrays_as_keras_has_them():
    rng = np.random.default_rng(0)
    params, grads = ([rng.normal(size=n) for n in (3, 4)] for _ in range(2))
    by_path = {"a": params[0].copy(), "b": params[1].copy()}
    twin, adam = optimizers.Adam(), optimizers.Adam()
    adam.build(params)
    assert [v.shape for v in adam.variables] == [(), (), (3,), (3,), (4,), (4,)]
    adam.apply_gradients(zip(grads, params, strict=True))
    adam.apply(grads, [param[:] for param in params])
    adam.apply(grads)
    for _ in range(3):
        twin.apply(dict(zip(by_path, grads, strict=True)), by_path)
    assert adam.iterations == 3
    for found, expected in zip(params, by_path.values(), strict=True):
        assert np.array_equal(found, expected)
    twin.set_weights([v.numpy() + 1 for v in adam.variables])
    assert twin.iterations == 4
    with pytest.raises(ValueError, match="expected 6 weights, received 2"):
        twin.set_weights(adam.variables[:2])
    with pytest.raises(ValueError, match="as many gradients as parameters, 2, rec"):
        adam.apply(grads[:1])
    with pytest.raises(ValueError, match=r"gradient of 'variable_0', received None"):
        adam.apply([None, grads[1]])


def test_the_step_size_is_computed_in_the_parameters_dtype():
    adam = optimizers.Adam()
    assert adam.iterations == 0
    single, double = adam.step_size(np.dtype("f4")), adam.step_size(np.dtype("f8"))
    assert single.dtype == np.float32
    assert double.dtype == np.float64
    # Keras on TensorFlow takes the betas for float32 numbers in either dtype.
    beta_1, beta_2 = float(np.float32(0.9)), float(np.float32(0.999))
    expected = 0.001 * np.sqrt(1 - beta_2) / (1 - beta_1)
    assert double == pytest.approx(expected, rel=1e-12)
    assert single == pytest.approx(expected, rel=4 * float(np.finfo(np.float32).eps))


MADE = {
    "adam": lambda: optimizers.Adam(0.05),
    "amsgrad": lambda: optimizers.Adam(0.05, amsgrad=True),
    "adamw": lambda: optimizers.AdamW(0.05, clipnorm=0.5),
    "adagrad": lambda: optimizers.Adagrad(0.05, global_clipnorm=0.5),
    "adadelta": lambda: optimizers.Adadelta(1.0, clipvalue=0.5),
    "adamax": lambda: optimizers.Adamax(0.05, use_ema=True, ema_overwrite_frequency=2),
    "nadam": lambda: optimizers.Nadam(0.05, gradient_accumulation_steps=2),
    "lion": lambda: optimizers.Lion(0.05, weight_decay=0.1),
    "ftrl": lambda: optimizers.Ftrl(0.05, l1_regularization_strength=0.01),
    "rmsprop": lambda: optimizers.RMSprop(0.05),
    "rmsprop, every slot": lambda: optimizers.RMSprop(0.05, 0.8, 0.9, 1e-4, True),
    "sgd": lambda: optimizers.SGD(0.05),
    "momentum": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
}


@pytest.mark.parametrize("name", MADE)
def test_state_carries_on_to_the_bit(name):
    rng = np.random.default_rng(1)
    first, second = MADE[name](), MADE[name]()
    params = {"a/kernel": rng.normal(size=5), "a/bias": rng.normal(size=2)}
    steps = [{k: rng.normal(size=v.shape) for k, v in params.items()} for _ in range(6)]
    for grads in steps[:3]:
        first.apply(grads, params)
    first.learning_rate = 0.01
    state = first.get_state()
    copies = {path: param.copy() for path, param in params.items()}
    second.set_state(state)
    for grads in steps[3:]:
        first.apply(grads, params)
        second.apply(grads, copies)
    assert second.batches_taken == 6
    assert second.learning_rate == 0.01
    for path, param in params.items():
        assert np.array_equal(param, copies[path])


def test_state_is_a_copy():
    adam = optimizers.Adam()
    trajectory(adam, steps=1)
    state = adam.get_state()
    before = {key: value.copy() for key, value in state.items()}
    trajectory_after = adam.state["momentum"]["a/kernel"]
    trajectory_after += 1
    assert all(np.array_equal(state[key], before[key]) for key in state)
    assert sorted(state) == [
        "a/kernel/momentum",
        "a/kernel/velocity",
        "iterations",
        "learning_rate",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"iterations": None}, "with iterations"),
        ({"a/kernel/speed": np.zeros(2)}, "no 'a/kernel/speed'"),
        ({"a/kernel/momentum": np.zeros(2)}, r"shape \(3, 4\), received \(2,\)"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    adam = optimizers.Adam()
    trajectory(adam)
    state = {**adam.get_state(), "learning_rate": np.array(9.0), **change}
    state = {key: value for key, value in state.items() if value is not None}
    before = adam.get_state()
    with pytest.raises(ValueError, match=message):
        adam.set_state(state)
    after = adam.get_state()
    assert all(np.array_equal(after[key], before[key]) for key in before)


def test_a_state_for_other_parameters_is_found_out_before_it_is_used():
    adam, grads = optimizers.Adam(), {"a": np.ones(3)}
    adam.apply(grads, {"a": np.zeros(3)})
    other = optimizers.Adam()
    other.set_state(adam.get_state())
    params = {"a": np.zeros(4)}
    with pytest.raises(
        ValueError, match=r"'a/momentum' of float64\(4,\), received flo"
    ):
        other.apply({"a": np.ones(4)}, params)
    assert not params["a"].any()


def test_one_optimizer_does_not_train_two_models():
    adam = optimizers.Adam()
    adam.apply({"a": np.ones(3)}, {"a": np.zeros(3)})
    with pytest.raises(
        ValueError, match=r"'a' belongs to another model .*new optimizer"
    ):
        adam.apply({"a": np.ones(3)}, {"a": np.zeros(3)})


def test_learning_rate_can_be_set_at_any_time():
    sgd, param = optimizers.SGD(0.5), np.zeros(1)
    for value, expected in ((0.25, -0.25), (np.float32(0.5), -0.75), (0, -0.75)):
        sgd.learning_rate = value
        sgd.apply({"a": np.ones(1)}, {"a": param})
        assert param[0] == expected
    sgd.learning_rate = np.array(2.0)
    assert sgd.learning_rate.numpy() == float(sgd.learning_rate) == 2


@pytest.mark.parametrize(
    "value", [-1, np.nan, np.inf, "0.1", None, True, np.zeros(2), lambda: 0.1]
)
def test_bad_learning_rates(value):
    with pytest.raises(ValueError, match="Adam: expected learning_rate to be a number"):
        optimizers.Adam(value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: optimizers.Adam(beta_1=1),
            r"beta_1 to be a number in \[0, 1\), receiv",
        ),
        (lambda: optimizers.Adam(beta_2=-0.1), "beta_2"),
        (lambda: optimizers.Adam(epsilon=0), "epsilon to be a number above 0"),
        (lambda: optimizers.RMSprop(rho=-0.1), "rho to be a number from 0 to 1"),
        (lambda: optimizers.RMSprop(momentum=1.1), "momentum to be a number from"),
        (lambda: optimizers.RMSprop(epsilon=0), "epsilon to be a number above 0"),
        (lambda: optimizers.SGD(momentum=1.1), "momentum to be a number from 0 to 1"),
    ],
)
def test_numbers_out_of_range(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_is_not_there_says_what_is():
    optimizers.Adam(loss_scale_factor=None)
    with pytest.raises(NotImplementedError, match=r"loss_scale_factor=2\.0 is outside"):
        optimizers.Adam(loss_scale_factor=2.0)
    with pytest.raises(ValueError, match="'lr': the learning rate is called learning"):
        optimizers.SGD(lr=0.1)
    with pytest.raises(
        ValueError, match="there is no argument 'rho'; there are: learn"
    ):
        optimizers.SGD(rho=0.1)
    with pytest.warns(UserWarning, match=r"SGD: decay is ignored.*InverseTimeDecay"):
        optimizers.SGD(decay=1e-4)
    adam = optimizers.Adam()
    for wrong in ("lr", "decay", "betas", "learning_rat"):
        with pytest.raises(AttributeError, match=f"Adam: there is no {wrong}"):
            setattr(adam, wrong, 0.1)
    for wrong in ("lr", "decay"):
        with pytest.raises(AttributeError, match=f"Adam: there is no {wrong}: "):
            getattr(adam, wrong)
    with pytest.raises(AttributeError, match="'scale_loss' is outside scratchnet's"):
        adam.scale_loss  # noqa: B018
    with pytest.raises(AttributeError):
        adam.iterations = 3
    with pytest.raises(
        ImportError, match=r"legacy\.Adam is Keras 2's .*optimizers\.Adam"
    ):
        optimizers.legacy.Adam()


def test_a_class_written_as_keras_wants_it_is_refused():
    with pytest.raises(TypeError, match=r"Own: update_step .* update\(self, param"):

        class Own(optimizers.Optimizer):
            def update_step(self, gradient, variable, learning_rate):
                """Never called."""


def test_a_setting_counts_from_when_it_is_set():
    sgd, param = optimizers.SGD(1.0), np.zeros(1)
    for limit, expected in ((2.0, -2.0), (0.5, -2.5), (None, -5.5)):
        sgd.clipvalue = limit
        sgd.apply({"a": np.full(1, 3.0)}, {"a": param})
        assert param[0] == expected
    for name, value in {
        "momentum": 0.9,
        "use_ema": True,
        "gradient_accumulation_steps": 2,
    }.items():
        before = getattr(sgd, name)
        with pytest.raises(AttributeError, match=f"SGD: {name} can't be set any more"):
            setattr(sgd, name, value)
        assert getattr(sgd, name) == before


COMMON = {
    "weight_decay": 1e-4,
    "clipnorm": 1.0,
    "clipvalue": None,
    "global_clipnorm": None,
    "use_ema": True,
    "ema_momentum": 0.9,
    "ema_overwrite_frequency": 10,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": 2,
    "name": "mine",
}


@pytest.mark.parametrize(
    ("make", "before", "named"),
    [
        (optimizers.Optimizer, (0.01,), "optimizer"),
        (optimizers.SGD, (0.01, 0.9, True), "sgd"),
        (optimizers.Adam, (0.01, 0.9, 0.999, 1e-7, False), "adam"),
        (optimizers.RMSprop, (0.01, 0.9, 0.5, 1e-7, True), "rm_sprop"),
        (optimizers.Adagrad, (0.01, 0.1, 1e-7), "adagrad"),
        (optimizers.Ftrl, (0.01, -0.5, 0.1, 0.0, 0.0, 0.0, 0.0), "ftrl"),
    ],
)
def test_arguments_by_position_are_those_of_keras(make, before, named):
    made = make(*before, *COMMON.values()).get_config()
    assert {name: made[name] for name in COMMON} == COMMON
    assert make(*before).name == named


@pytest.mark.parametrize("name", [3, 1e-4, "a/b"])
def test_the_name_is_checked(name):
    with pytest.raises(ValueError, match=r"SGD: expected name to be a string without"):
        optimizers.SGD(name=name)


def test_configurations_go_there_and_back():
    schedule = optimizers.schedules.ExponentialDecay(0.5, 10, 0.9)
    made = optimizers.Nadam(schedule, clipvalue=0.5, name="mine")
    described = optimizers.serialize(made)
    assert described["config"]["learning_rate"]["class_name"] == "ExponentialDecay"
    for again in (
        optimizers.deserialize(described),
        optimizers.get(described),
        optimizers.Nadam.from_config(made.get_config()),
    ):
        assert again.get_config() == made.get_config()
        assert again.learning_rate == 0.5

    class Own(optimizers.SGD):
        """A class of the user's own."""

    found = optimizers.deserialize(optimizers.serialize(Own(0.5)), {"Own": Own})
    assert type(found) is Own


def test_get_finds_names_and_objects():
    for name in ("adam", "Adam", "ADAM"):
        assert type(optimizers.get(name)) is optimizers.Adam
    assert type(optimizers.get("SGD")) is optimizers.SGD
    assert type(optimizers.get("RMSprop")) is optimizers.RMSprop
    sgd = optimizers.SGD()
    assert optimizers.get(sgd) is sgd
    with pytest.raises(
        ValueError, match="unknown optimizer 'adm'; did you mean 'adam'"
    ):
        optimizers.get("adm")
    with pytest.raises(TypeError, match=r"did you mean Adam\(\)"):
        optimizers.get(optimizers.Adam)


@pytest.mark.parametrize("name", MADE)
def test_configuration_makes_the_same_optimizer(name):
    optimizer = MADE[name]()
    again = type(optimizer)(**optimizer.get_config())
    assert again.get_config() == optimizer.get_config()
    assert np.array_equal(trajectory(again), trajectory(optimizer))


def test_a_state_in_fortran_order_is_updated():
    rng = np.random.default_rng(0)
    parameter, gradient = rng.normal(size=(2, 3, 4))
    found = []
    for order in "CF":
        optimizer = optimizers.Adam(0.1)
        own = parameter.copy()
        optimizer.apply({"layer/kernel": gradient}, {"layer/kernel": own})
        state = {
            name: np.asarray(array, order=order)
            for name, array in optimizer.get_state().items()
        }
        optimizer.set_state(state)
        for _ in range(2):
            optimizer.apply({"layer/kernel": gradient}, {"layer/kernel": own})
        found.append((own, optimizer.get_state()))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    for name, array in found[0][1].items():
        np.testing.assert_array_equal(array, found[1][1][name])


class OwnAdam(optimizers.Adam):
    """Twice the step of Adam."""

    def update(self, param, grad, *slots):
        before = param.copy()
        super().update(param, grad, *slots)
        param += param - before


def test_an_update_of_a_derived_class_is_used():
    steps = []
    for optimizer in (optimizers.Adam(), OwnAdam()):
        params = {"a/x": np.ones(3, np.float32), "b/x": np.ones((2, 2), np.float32)}
        grads = {path: np.ones_like(param) for path, param in params.items()}
        optimizer.apply(grads, params)
        steps.append([1 - param for param in params.values()])
    for once, twice in zip(*steps, strict=True):
        np.testing.assert_allclose(twice, 2 * once, rtol=1e-4)


@pytest.mark.parametrize("name", optimizers.ALL)
def test_what_can_not_be_changed_in_place_is_refused(name):
    frozen = np.ones(3, np.float32)
    frozen.flags.writeable = False
    for param in (frozen, np.ones((4, 6), np.float32)[:, ::2]):
        with pytest.raises(ValueError, match="'a' to be contiguous and writeable"):
            optimizers.get(name).apply({"a": np.ones_like(param)}, {"a": param})
    param = np.ones(3, np.float32)
    optimizer = optimizers.get(name)
    with pytest.raises(ValueError, match=r"gradient of 'a' of shape \(3,\)"):
        optimizer.apply({"a": np.ones(2, np.float32)}, {"a": param})
    assert optimizer.iterations == 0  # no step was taken
    assert param.tolist() == [1, 1, 1]


def test_adam_takes_gradients_of_another_dtype_and_order():
    rng = np.random.default_rng(0)
    start, grad = rng.random((3, 4), np.float32), rng.random((3, 4), np.float32)
    results = []
    for given in (grad, grad.astype(np.float64), np.asfortranarray(grad)):
        params = {"a": start.copy()}
        optimizers.Adam().apply({"a": given}, params)
        results.append(params["a"])
    assert np.array_equal(results[0], results[1])
    assert np.array_equal(results[0], results[2])


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        (optimizers.SGD, {"momentum": 0.9}),
        (optimizers.RMSprop, {"centered": True}),
        (optimizers.Adam, {"amsgrad": True}),
        (optimizers.Adam, {"use_ema": True}),
    ],
)
def test_what_needs_a_slot_can_be_set_before_training_begins(kind, setting):
    results = []
    for later in (False, True):
        optimizer = kind(**({} if later else setting))
        if later:
            for name, value in setting.items():
                setattr(optimizer, name, value)
        params = [Variable(np.ones(3, "float32")), Variable(np.zeros(2, "float32"))]
        for _ in range(3):  # both variables have one name
            optimizer.apply([np.ones(3), np.full(2, 0.5)], params)
        results.append([np.array(param) for param in params])
    for made, changed in zip(*results, strict=True):
        np.testing.assert_array_equal(made, changed)
