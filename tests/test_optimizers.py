"""Optimizers: the formulas, their state, and what they refuse."""

import numpy as np
import pytest

from scratchnet import optimizers
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


def test_the_step_size_is_computed_in_the_parameters_dtype():
    adam = optimizers.Adam()
    adam.iterations = 1
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
    assert second.iterations == 6
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
    assert type(sgd.learning_rate) is float


@pytest.mark.parametrize(
    "value", [-1, np.nan, np.inf, "0.1", None, True, np.zeros(2), lambda step: 0.1]
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


def test_arguments_outside_the_subset_are_refused():
    optimizers.Adam(amsgrad=False, weight_decay=None, clipnorm=None, use_ema=False)
    for settings in ({"amsgrad": True}, {"clipnorm": 1.0}, {"weight_decay": 0.01}):
        with pytest.raises(NotImplementedError, match=f"Adam: {next(iter(settings))}="):
            optimizers.Adam(**settings)
    with pytest.raises(TypeError, match="SGD: there is no argument 'lr'"):
        optimizers.SGD(lr=0.1)


LATER = {
    "weight_decay": 1e-4,
    "clipnorm": 1.0,
    "clipvalue": 0.5,
    "global_clipnorm": 1.0,
    "use_ema": True,
    "ema_momentum": 0.9,
    "ema_overwrite_frequency": 10,
    "loss_scale_factor": 2.0,
    "gradient_accumulation_steps": 2,
}


@pytest.mark.parametrize(
    ("make", "before", "named"),
    [
        (optimizers.Optimizer, (0.01,), "optimizer"),
        (optimizers.SGD, (0.01, 0.9, True), "sgd"),
        (optimizers.Adam, (0.01, 0.9, 0.999, 1e-7, False), "adam"),
        (optimizers.RMSprop, (0.01, 0.9, 0.5, 1e-7, True), "rm_sprop"),
    ],
)
def test_arguments_by_position_are_those_of_keras(make, before, named):
    defaults = [0.99 if name == "ema_momentum" else None for name in LATER]
    defaults[list(LATER).index("use_ema")] = False
    for i, (name, value) in enumerate(LATER.items()):
        with pytest.raises(NotImplementedError, match=f"{make.__name__}: {name}="):
            make(*before, *defaults[:i], value)
    assert make(*before, *defaults, "mine").name == "mine"
    assert make(*before).name == named


@pytest.mark.parametrize("name", [3, 1e-4, "a/b"])
def test_the_name_is_checked(name):
    with pytest.raises(ValueError, match=r"SGD: expected name to be a string without"):
        optimizers.SGD(name=name)


def test_get_finds_names_and_objects():
    for name in ("adam", "Adam", "ADAM"):
        assert type(optimizers.get(name)) is optimizers.Adam
    assert type(optimizers.get("SGD")) is optimizers.SGD
    assert type(optimizers.get("RMSprop")) is optimizers.RMSprop
    sgd = optimizers.SGD()
    assert optimizers.get(sgd) is sgd
    with pytest.raises(
        ValueError, match="unknown optimizer 'adma'; did you mean 'adam'"
    ):
        optimizers.get("adma")
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
