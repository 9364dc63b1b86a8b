"""Who was dropped where: the funnel that the candidates of a search passed through."""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from optuna.trial import FrozenTrial

from nas.report.drawing import BLUE, GREY, VERMILION, scale_to_one
from nas.search.result import Best, Candidate


class FunnelStage(NamedTuple):
    """What candidates went through together.

    Attributes:
        title: what it was.
        scores: validation AUC, or R², that each reached, by number of the candidate.
        dropped: those that did not go on.
    """

    title: str
    scores: Mapping[int, float]
    dropped: frozenset[int]


def funnel_stages(
    trials: Sequence[FrozenTrial], candidates: Sequence[Candidate], best: Best
) -> list[FunnelStage]:
    """Return the stages of a search's funnel, the first one first.

    The epochs after which candidates were stopped are one each; then come the end of the trainings
    and the finals. Candidates that were known already, and those still running, are left out.

    Args:
        trials: trials of the study, which know the score after each epoch.
        candidates: all candidates.
        best: outcome of the search.
    """
    own = {
        item.number: item
        for item in candidates
        if item.duplicate_of is None and item.state != "running"
    }
    courses = {trial.number: trial.intermediate_values for trial in trials if trial.number in own}
    stopped = [number for number, item in own.items() if item.state == "stopped"]
    rungs = sorted({max(courses[number]) for number in stopped if courses.get(number)})
    reached = {
        f"after epoch {rung}": {
            number: course[rung] for number, course in courses.items() if rung in course
        }
        for rung in rungs
    }
    end = (
        "inherited weights"
        if best.recipe is None
        else f"after epoch {best.recipe.get('epochs', '–')}"
    )
    reached[end] = {
        number: item.score
        for number, item in own.items()
        if item.state == "complete" and item.score is not None
    }
    if best.finals is not None:
        reached[f"finals, after epoch {best.finals.epochs}"] = {
            one.trial: mean(one.scores) for one in best.finals.finalists
        }
    kept = [*(set(scores) for scores in reached.values()), {best.winner.number}]
    return [
        FunnelStage(title, scores, frozenset(scores) - after)
        for (title, scores), after in zip(reached.items(), kept[1:], strict=True)
    ]


def funnel_words(stages: Sequence[FunnelStage]) -> str:
    """Return how many candidates were in each stage, and how many of them were dropped there."""
    return "; ".join(
        f"{stage.title}: {len(stage.scores)} trained, {len(stage.dropped)} dropped"
        for stage in stages
    )


def funnel_figure(stages: Sequence[FunnelStage], winner: int, called: str = "AUC") -> Figure:
    """Draw the score that each candidate had at each stage; a line goes on to the next stage.

    Args:
        stages: the stages, the first one first.
        winner: number of the candidate that is recommended.
        called: what the score is called.
    """
    figure = Figure(figsize=(1.4 + 1.7 * len(stages), 4.0), layout="constrained")
    axes = figure.subplots()
    for place, stage in enumerate(stages):
        for number, score in stage.scores.items():
            dropped, won = number in stage.dropped, number == winner
            colour = VERMILION if won else GREY if dropped else BLUE
            above = 3 if won else 2
            mark = "x" if dropped else "o"
            axes.plot(place, score, mark, color=colour, markersize=5, alpha=0.8, zorder=above)
            if not dropped and place + 1 < len(stages):
                x, y = (place, place + 1), (score, stages[place + 1].scores[number])
                axes.plot(x, y, color=colour, linewidth=0.9, alpha=0.8, zorder=above)
    axes.plot(
        len(stages) - 1, stages[-1].scores[winner], "*", color=VERMILION, markersize=12, zorder=3
    )
    axes.set_xticks(
        range(len(stages)),
        [
            f"{stage.title}\n{len(stage.scores)} trained\n{len(stage.dropped)} dropped"
            for stage in stages
        ],
    )
    axes.set(xlim=(-0.4, len(stages) - 0.6), ylabel=f"validation {called}")
    axes.grid(visible=False, axis="x")
    scale_to_one(axes)
    handles = [
        Line2D([], [], color=GREY, marker="x", linestyle="none", label="dropped"),
        Line2D([], [], color=BLUE, marker="o", label="went on"),
        Line2D([], [], color=VERMILION, marker="*", markersize=11, label="recommended"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=3)
    return figure
