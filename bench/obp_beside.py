r"""Our off-policy estimators beside those of the package obp, on the data that it generates.

obp pins old versions of what it needs, and what it publishes comes out with those of its years
alone, so it stands in an environment of its own. Later versions than 0.5.5 scale the rewards of
their synthetic data otherwise:

    pip install "numpy<2" scipy==1.11.4 scikit-learn==1.1.3 "pandas<2.1" "matplotlib<3.9" seaborn \
        pyyaml tqdm torch
    pip install --no-deps --ignore-requires-python obp==0.5.5
    PYTHONPATH=src python -m bench.off_policy

Settings are those of obp's examples/synthetic and examples/multiclass, whose errors it publishes.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.harness import Row, forget_peak, own_peak_mb
from mercato.evaluation.off_policy.direct import direct
from mercato.evaluation.off_policy.doubly_robust import (
    doubly_robust,
    self_normalised_doubly_robust,
)
from mercato.evaluation.off_policy.inverse_propensity import inverse_propensity, self_normalised
from mercato.evaluation.off_policy.logged import Logged, Predicted
from mercato.evaluation.off_policy.shelves import per_shelf
from mercato.evaluation.off_policy.shrinkage import optimistic_shrinkage
from mercato.evaluation.off_policy.slope import chosen_by_slope
from mercato.evaluation.off_policy.switch import switch_doubly_robust
from mercato.evaluation.off_policy.terms import Terms

STRENGTHS = [10.0, 50, 100, 500, 1000, 5000, 10000, np.inf]
"""Among which obp's examples choose by SLOPE."""

Estimators = Mapping[str, Callable[[Logged, Predicted], Terms]]


def tuned(one: Callable[[Logged, Predicted, float], Terms]) -> Callable[..., Terms]:
    """An estimator whose strength SLOPE chooses."""

    def chosen(logged: Logged, predicted: Predicted) -> Terms:
        candidates = [one(logged, predicted, strength) for strength in STRENGTHS]
        return candidates[chosen_by_slope(candidates)]

    return chosen


OURS: Estimators = {
    "dm": direct,
    "ips": lambda logged, _: inverse_propensity(logged),
    "snips": lambda logged, _: self_normalised(logged),
    "dr": doubly_robust,
    "sndr": self_normalised_doubly_robust,
    "switch-dr": tuned(switch_doubly_robust),
    "dr-os": tuned(optimistic_shrinkage),
}
PUBLISHED = {
    "synthetic": (0.074390, 0.009481, 0.006665, 0.006175, 0.006118, 0.006175, 0.021951),
    "digits": (0.436541, 0.030288, 0.022764, 0.016156, 0.022082, 0.034657, 0.015868),
}
"""Mean relative errors, in the order of OURS: READMEs of obp's examples at commit 12daeaa."""

RUNS = {"synthetic": 20, "digits": 30}


@dataclass(frozen=True)
class Told:
    """One run: the worth of a policy as it is, as we tell it and as obp does.

    ours, theirs : an estimator each, as in OURS
    """

    truth: float
    ours: NDArray[np.float64]
    theirs: NDArray[np.float64]


def rows(until: float, quick: bool) -> Iterator[Row]:
    """A row an estimator and data set, until the time is over (of `time.monotonic`)."""
    for name, run in (("synthetic", _synthetic), ("digits", _Digits())):
        forget_peak()
        begun = time.perf_counter()
        wanted = 2 if quick else RUNS[name]
        told = list[Told]()
        while len(told) < wanted and (not told or time.monotonic() < until):
            told.append(run(len(told)))
        seconds = (time.perf_counter() - begun) / len(OURS)
        yield from _compared(name, told, seconds)
    yield from _slates(quick)


def _compared(name: str, told: Sequence[Told], seconds: float) -> Iterator[Row]:
    truth = np.array([each.truth for each in told])[:, None]
    ours = np.stack([each.ours for each in told])
    theirs = np.stack([each.theirs for each in told])
    errors, their_errors = (np.abs(each / truth - 1).mean(axis=0) for each in (ours, theirs))
    for at, estimator in enumerate(OURS):
        metrics = {
            "relative error": float(errors[at]),
            "obp's": float(their_errors[at]),
            "published": PUBLISHED[name][at],
            "largest difference": float(np.abs(ours - theirs)[:, at].max()),
            "runs": len(told),
        }
        yield Row(f"obp's {name}: {estimator}", metrics, seconds, own_peak_mb())


def _told(feedback: Mapping[str, Any], chances: Any, predicted: Any, truth: float) -> Told:
    """``chances`` and ``predicted`` (n, n_actions, 1), as obp has them."""
    from obp import ope

    action, flat = feedback["action"], chances[:, :, 0]
    target = flat[np.arange(len(action)), action]
    logged = Logged.of(feedback["reward"].astype(float), feedback["pscore"], target)
    model = Predicted.of(action, flat, predicted[:, :, 0])
    ours = [estimator(logged, model).value for estimator in OURS.values()]
    theirs = ope.OffPolicyEvaluation(
        bandit_feedback=feedback,
        ope_estimators=[
            ope.DirectMethod(),
            ope.InverseProbabilityWeighting(),
            ope.SelfNormalizedInverseProbabilityWeighting(),
            ope.DoublyRobust(),
            ope.SelfNormalizedDoublyRobust(),
            ope.SwitchDoublyRobustTuning(lambdas=STRENGTHS),
            ope.DoublyRobustWithShrinkageTuning(lambdas=STRENGTHS),
        ],
    ).estimate_policy_values(action_dist=chances, estimated_rewards_by_reg_model=predicted)
    return Told(truth, np.array(ours), np.array(list(theirs.values())))


def _synthetic(run: int) -> Told:
    from obp.dataset import SyntheticBanditDataset, logistic_reward_function
    from obp.ope import RegressionModel
    from obp.policy import IPWLearner
    from sklearn.linear_model import LogisticRegression

    data = SyntheticBanditDataset(
        n_actions=30,
        dim_context=5,
        reward_function=logistic_reward_function,
        beta=-3,
        random_state=run,
    )
    classifier = LogisticRegression(max_iter=10000, C=100, random_state=12345)
    policy = IPWLearner(n_actions=30, base_classifier=classifier)
    train, test = (data.obtain_batch_bandit_feedback(n_rounds=10_000) for _ in range(2))
    policy.fit(**{key: train[key] for key in ("context", "action", "reward", "pscore")})
    chances = policy.predict_proba(context=test["context"])
    model = RegressionModel(n_actions=30, action_context=data.action_context, base_model=classifier)
    predicted = model.fit_predict(
        **{key: test[key] for key in ("context", "action", "reward")}, n_folds=3, random_state=12345
    )
    truth = data.calc_ground_truth_policy_value(
        expected_reward=test["expected_reward"], action_dist=chances
    )
    return _told(test, chances, predicted, float(truth))


class _Digits:
    """Handwritten digits: the action is a guess, its reward whether it is right."""

    def __init__(self) -> None:
        self.data: Any = None

    def __call__(self, run: int) -> Told:
        from obp.ope import RegressionModel
        from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

        if self.data is None:
            self.data = self._made()
        data = self.data
        shared = {"n_estimators": 30, "max_depth": 5, "min_samples_leaf": 10}
        data.split_train_eval(eval_size=0.7, random_state=run)
        feedback = data.obtain_batch_bandit_feedback(random_state=run)
        chances = data.obtain_action_dist_by_eval_policy(
            base_classifier_e=RandomForestClassifier(random_state=12345, **shared), alpha_e=0.9
        )
        truth = data.calc_ground_truth_policy_value(action_dist=chances)
        boosted = GradientBoostingClassifier(learning_rate=0.01, random_state=12345, **shared)
        predicted = RegressionModel(n_actions=data.n_actions, base_model=boosted).fit_predict(
            **{key: feedback[key] for key in ("context", "action", "reward")},
            n_folds=3,
            random_state=12345,
        )
        return _told(feedback, chances, predicted, float(truth))

    def _made(self) -> Any:
        from obp.dataset import MultiClassToBanditReduction
        from sklearn.datasets import load_digits
        from sklearn.linear_model import LogisticRegression

        np.random.seed(12345)
        images, digits = load_digits(return_X_y=True)
        return MultiClassToBanditReduction(
            X=images,
            y=digits,
            base_classifier_b=LogisticRegression(max_iter=10000, C=100, random_state=12345),
            alpha_b=0.4,
            dataset_name="digits",
        )


def _slates(quick: bool) -> Iterator[Row]:
    """Shelves of three out of ten, asked about the reverse of what was preferred."""
    from obp import ope
    from obp.dataset import SyntheticSlateBanditDataset, linear_behavior_policy_logit

    begun = time.perf_counter()
    data = SyntheticSlateBanditDataset(
        n_unique_action=10,
        len_list=3,
        dim_context=2,
        reward_type="binary",
        reward_structure="cascade_additive",
        behavior_policy_function=linear_behavior_policy_logit,
        random_state=12345,
    )
    log = data.obtain_batch_bandit_feedback(
        n_rounds=200 if quick else 2_000, return_pscore_item_position=True
    )
    reversed_ = -linear_behavior_policy_logit(
        context=log["context"], action_context=data.action_context, random_state=12345
    )
    whole, places, cascade = data.obtain_pscore_given_evaluation_policy_logit(
        action=log["action"], evaluation_policy_logit_=reversed_
    )
    given = {key: log[key] for key in ("slate_id", "reward", "position")}
    for name, estimator, key, target in (
        ("standard ips", ope.SlateStandardIPS, "pscore", whole),
        ("independent ips", ope.SlateIndependentIPS, "pscore_item_position", places),
        ("reward interaction ips", ope.SlateRewardInteractionIPS, "pscore_cascade", cascade),
    ):
        theirs = estimator(len_list=3).estimate_policy_value(
            **given, **{key: log[key], f"evaluation_policy_{key}": target}
        )
        ours = per_shelf(log["reward"], log[key], target, log["slate_id"]).value
        metrics = {"value": ours, "as told by obp": theirs, "difference": abs(ours - theirs)}
        yield Row(f"obp's shelves: {name}", metrics, time.perf_counter() - begun, own_peak_mb())
