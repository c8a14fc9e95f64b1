"""Hyperparameters looked for within a time given. Needs optuna."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from mercato.core.errors import BadInput, NotReady
from mercato.core.progress import Step

if TYPE_CHECKING:
    import optuna

M = TypeVar("M")


@dataclass(frozen=True)
class Found(Generic[M]):
    """
    best  : the model with the highest worth
    worth : its
    tried : models
    """

    best: M
    worth: float
    tried: int


def search(
    proposed: Callable[["optuna.Trial"], M],
    worth: Callable[[M], float],
    minutes: float,
    step: Step,
    *,
    most: int | None = None,
    seed: int = 0,
) -> Found[M]:
    """Try models until the minutes are over: the first at random, later ones where those before
    were good (tree of Parzen estimators, Bergstra et al. 2011,
    https://proceedings.neurips.cc/paper/2011/hash/86e8f7ab32cfd12577bc2619bc635690-Abstract.html).

    proposed : a trial → a model, as ``replace(model, width=trial.suggest_int("width", 32, 128))``
    worth    : of a model on validation, never on test; higher is better
    minutes  : no trial begins after them; one that runs is let end
    most     : trials; None: any number

    Raises BadInput where there is no time, NotReady where optuna is missing.
    """
    if minutes <= 0:
        raise BadInput("some minutes", f"{minutes}", "Give more than 0.")
    try:
        import optuna
    except ImportError as error:
        raise NotReady(
            "optuna", str(error), "Install it with: pip install 'mercato[train]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    models: dict[int, M] = {}

    def asked(trial: "optuna.Trial") -> float:
        models[trial.number] = proposed(trial)
        value = worth(models[trial.number])
        step.advance()
        step.note(f"{trial.number + 1} tried, {value:.4f}: {trial.params}")
        return value

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(asked, n_trials=most, timeout=minutes * 60)
    return Found(models[study.best_trial.number], float(study.best_value), len(models))
