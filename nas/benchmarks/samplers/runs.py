"""Runs of samplers, each written down as soon as it is done.

So a long benchmark can be stopped and go on.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from threadpoolctl import threadpool_limits

from nas.benchmarks.samplers.problems import Problem
from nas.common.artefacts import checked, parse_json, reading
from nas.common.errors import UserError
from nas.common.progress import progress
from nas.common.rules import Must
from nas.samplers.evolution import EvolutionSampler
from nas.samplers.names import SAMPLERS
from nas.samplers.policy_gradient import PolicyGradientSampler
from nas.samplers.registry import STRATEGIES, get_sampler
from nas.samplers.space import Space

VARIANTS: Mapping[str, Callable[[int, Space | None], BaseSampler]] = {
    **STRATEGIES,
    "evolution without predictor": lambda seed, space: EvolutionSampler(
        seed, space=space, predictor=False
    ),
    "evolution without crossover": lambda seed, space: EvolutionSampler(
        seed, space=space, crossover=0.0
    ),
    "evolution without space": lambda seed, space: EvolutionSampler(seed),
    "rl learning rate 0.02": lambda seed, space: PolicyGradientSampler(
        seed, space=space, learning_rate=0.02
    ),
    "rl learning rate 0.1": lambda seed, space: PolicyGradientSampler(
        seed, space=space, learning_rate=0.1
    ),
    "rl without critic": lambda seed, space: PolicyGradientSampler(seed, space=space, critic=False),
    "rl without entropy": lambda seed, space: PolicyGradientSampler(seed, space=space, entropy=0.0),
    "rl entropy 0.1": lambda seed, space: PolicyGradientSampler(seed, space=space, entropy=0.1),
}
"""Makers of samplers: every strategy, and each of ours with one setting changed."""


def maker_of(name: str) -> Callable[[int, Space | None], BaseSampler]:
    """Return the maker of samplers of a strategy or of a variant.

    Raises:
        UserError: there is no such strategy, also among those of plug-ins.
    """
    if name in VARIANTS:
        return VARIANTS[name]
    if name not in SAMPLERS.names:
        known = dict.fromkeys((*VARIANTS, *SAMPLERS.names))
        raise UserError(f"there is no strategy {name!r}: choose from {', '.join(known)}")
    SAMPLERS.get(name)
    return lambda seed, space: get_sampler(name, seed, space)


@dataclass(frozen=True)
class Run:
    """One search of a problem by a sampler.

    Attributes:
        strategy: Name of the strategy or of its variant.
        problem: Name of the problem.
        seed: Seed of the sampler and of the readings.
        budget: Number of architectures that were evaluated.
        steps: Pairs of an evaluation, counted from 1, and the figure from there on.
    """

    strategy: str
    problem: str
    seed: int
    budget: int
    steps: Annotated[
        tuple[tuple[int, float], ...],
        Must(lambda steps: [at for at, _ in steps][:1] == [1], "steps from the first evaluation"),
    ]

    def at(self, evaluations: int) -> float:
        """Return the figure after so many evaluations."""
        return [figure for evaluation, figure in self.steps if evaluation <= evaluations][-1]


MakeProblem = Callable[[str, int], Problem]
"""A maker of problems from a name and a seed."""


def search_one(strategy: str, problem: str, seed: int, budget: int, make: MakeProblem) -> Run:
    """Run one search.

    Args:
        strategy: Name of the strategy or of its variant.
        problem: Name of the problem.
        seed: Seed of the sampler and of the readings.
        budget: Number of architectures to evaluate.
        make: Makes the problem.
    """
    world = make(problem, seed)
    steps = steps_of(maker_of(strategy)(seed, world.space), world, seed, budget)
    return Run(strategy, problem, seed, budget, steps)


def steps_of(
    sampler: BaseSampler, world: Problem, seed: int, budget: int
) -> tuple[tuple[int, float], ...]:
    """Let a sampler search, and return the steps of its run.

    Args:
        sampler: Sampler that has proposed nothing yet.
        world: What it searches.
        seed: Seed of the readings.
        budget: Number of architectures to evaluate.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(directions=world.directions, sampler=sampler)
    distributions: dict[str, BaseDistribution] = {**world.space.distributions()}
    judge, rng = world.judge(), np.random.default_rng([seed, 1])
    steps: list[tuple[int, float]] = []
    with threadpool_limits(limits=1):
        for evaluation in range(1, budget + 1):
            trial = study.ask(distributions)
            architecture = world.space.from_params(trial.params)
            values = world.read(architecture, rng)
            study.tell(trial, list(values))
            figure = round(judge(architecture, values), 5)
            if not steps or figure != steps[-1][1]:
                steps.append((evaluation, figure))
    return tuple(steps)


def load(path: Path) -> list[Run]:
    """Read the runs that a file holds; none where there is no file.

    Raises:
        UserError: The file is damaged, or holds something else.
    """
    if not path.exists():
        return []
    with reading(path, "move it away, and the runs are made anew"):
        return [checked(Run, parse_json(line)) for line in path.read_bytes().splitlines()]


def search_all(
    jobs: Iterable[tuple[str, str, int]], budget: int, make: MakeProblem, path: Path, workers: int
) -> None:
    """Run what the file does not hold yet, and append each run to the file.

    Args:
        jobs: Strategy, problem and seed of each run.
        budget: Number of evaluations that a run gets.
        make: Makes the problems; other processes must be able to import it.
        path: File of the runs.
        workers: Number of processes.
    """
    done = {(run.strategy, run.problem, run.seed) for run in load(path) if run.budget >= budget}
    # Sorted by seed, so that all strategies advance together.
    missing = sorted(set(jobs) - done, key=lambda job: job[2])
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        progress("searching", len(missing), "runs") as advance,
        ProcessPoolExecutor(workers) as pool,
        path.open("a", encoding="utf-8") as file,
    ):
        for future in as_completed(
            [pool.submit(search_one, *job, budget, make) for job in missing]
        ):
            file.write(json.dumps(asdict(future.result())) + "\n")
            file.flush()
            advance(1)
