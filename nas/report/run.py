"""The report of one search: how it went, what it found, and how good that is when retrained."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import optuna

import search_spaces
from nas.common.errors import UserError
from nas.report.architecture_drawing import ArchitectureDrawing
from nas.report.cost_figures import cost_figure
from nas.report.drawing import picture
from nas.report.funnel import funnel_figure, funnel_stages, funnel_words
from nas.report.page import EMPTY, Cell, Page, Section, Table, number
from nas.report.retrained import read_retrained, trained_sections
from nas.report.search_figures import LEAST_TRIALS, importance_figure, importances, search_figure
from nas.report.sections import architecture_cell, architecture_section, search_caption
from nas.search.found import read_found
from nas.search.result import Best, Candidate
from nas.search.run_directory import RunDirectory
from nas.search.storage import read_study
from nas.training.deciding import CALLED, deciding


def run_page(run: RunDirectory, data: Path | None) -> Page:
    """Put the page of a search together.

    Args:
        run: directory of the search.
        data: where the data set is now; None for where it was.

    Raises:
        UserError: the search has found nothing yet, or a file is damaged.
    """
    (best, candidates), config = read_found(run), run.config()
    strategy = str(config.get("strategy", "a search"))
    study, gone = _study(run, config.get("storage"))
    winner, space = best.winner, search_spaces.get_space(best.space)
    sections = [
        architecture_section(
            "The network that was found",
            {
                "best": ArchitectureDrawing(
                    space.parse(winner.architecture), best.image_size, winner.params
                )
            },
        ),
        _course(candidates, strategy, _called(best)),
        *_funnel(study, candidates, best),
        _costs(candidates, best, config.get("latency_batch")),
        _genes(study, gone, best),
        *trained_sections(read_retrained(run), best, data),
        Section("All candidates", tables=(_table(candidates, best),)),
        Section("How this was made", facts=_facts(run, best, strategy)),
    ]
    lead = (
        f"The best of {len(candidates):,} candidates has a validation {_called(best)} of "
        f"{winner.score:.4f} ({best.fidelity}), {winner.params:,} parameters and "
        f"{winner.flops / 1e6:,.1f} MFLOPs."
    )
    return Page(
        f"Search {run.path.resolve().name}: {strategy} in {best.space}", lead, tuple(sections)
    )


def _called(best: Best) -> str:
    """Return what the score is called that the search was for."""
    return CALLED[deciding(best.objectives)]


def _course(candidates: Sequence[Candidate], strategy: str, called: str) -> Section:
    states = Counter(
        "known already" if item.duplicate_of is not None else item.state for item in candidates
    )
    counts = ", ".join(f"{count:,} {state}" for state, count in states.most_common())
    return Section(
        "How the search went",
        (f"Candidates: {counts}.",),
        (
            picture(
                "search",
                partial(search_figure, {strategy: candidates}),
                search_caption(called),
                f"Validation {called} over {len(candidates):,} candidates, and the regret of the "
                "best so far.",
            ),
        ),
    )


def _study(run: RunDirectory, storage: str | None) -> tuple[optuna.Study | None, str]:
    """Return the study, or why it cannot be read."""
    try:
        return read_study(run.study(storage)), ""
    except UserError as error:
        return None, f"This needs the study: {error}."


def _funnel(
    study: optuna.Study | None, candidates: Sequence[Candidate], best: Best
) -> list[Section]:
    """Show who was dropped where, if candidates went through more than one stage."""
    stages = funnel_stages(study.get_trials(deepcopy=False) if study else [], candidates, best)
    if len(stages) < 2:
        return []
    caption = (
        f"Validation {_called(best)} of each candidate at each stage; those that went on are "
        "joined. Of a stage that is trained to its end the best epoch counts, and of several seeds "
        "the mean. The scale is that of what is missing to 1."
    )
    draw = partial(funnel_figure, stages, best.winner.number, _called(best))
    alt = f"{caption} {funnel_words(stages)}."
    return [Section("Who was dropped where", pictures=(picture("funnel", draw, caption, alt),))]


def _costs(candidates: Sequence[Candidate], best: Best, batch: int | None) -> Section:
    scored = [item for item in candidates if item.state == "complete" and item.duplicate_of is None]
    draw = partial(
        cost_figure,
        scored,
        score=f"validation {_called(best)}",
        marked={best.winner.number: "the best"},
        latency=f"latency of {batch} images, ms",
    )
    caption = (
        f"Validation {_called(best)} against costs; the line is the Pareto front, the candidates "
        "that no other beats in both."
    )
    front = "; ".join(
        f"{item.params:,} parameters with {_called(best)} {item.score:.4f}" for item in best.pareto
    )
    return Section(
        "What a score costs",
        pictures=(picture("costs", draw, caption, f"{caption} Of all: {front}."),),
    )


def _genes(study: optuna.Study | None, gone: str, best: Best) -> Section:
    title = "Which genes mattered"
    if study is None:
        return Section(title, (gone,))
    shares = importances(study, best.objectives.index(deciding(best.objectives)))
    if not shares:
        return Section(
            title,
            (
                f"Fewer than {LEAST_TRIALS} candidates have a score, or all the same: too few to "
                "say.",
            ),
        )
    told = ", ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:5])
    caption = (
        f"How much of the differences in validation {_called(best)} each gene explains by itself "
        "(fANOVA), of those that all candidates have. It is an estimate: among few candidates "
        "chance alone can make a gene look important."
    )
    return Section(
        title,
        pictures=(
            picture(
                "importances",
                partial(importance_figure, shares, _called(best)),
                caption,
                f"{caption} The first: {told}.",
            ),
        ),
    )


def _table(candidates: Sequence[Candidate], best: Best) -> Table:
    timed = any(item.latency_ms is not None for item in candidates)
    rows = [
        (
            number(item.number),
            Cell(item.state),
            number(item.score, ".4f"),
            number(item.params),
            number(item.untied_params),
            number(item.flops / 1e6, ",.1f"),
            *([number(item.latency_ms, ".2f")] if timed else []),
            number(item.seconds, ",.1f"),
            architecture_cell(best.space, item.architecture),
            EMPTY
            if item.duplicate_of is None
            else Cell(f"{item.duplicate_of} again", item.duplicate_of),
            Cell(item.reason, wide=bool(item.reason)),
        )
        for item in candidates
    ]
    marked = frozenset(i for i, item in enumerate(candidates) if item.number == best.winner.number)
    columns = (
        "candidate",
        "state",
        f"validation {_called(best)}",
        "parameters",
        "untied",
        "MFLOPs",
        *(["latency, ms"] if timed else []),
        "seconds",
        "architecture",
        "known",
        "reason",
    )
    return Table(
        "Candidates; stages are of MBConv (M), fused MBConv (F) or attention blocks (A)",
        columns,
        rows,
        marked,
    )


def _facts(run: RunDirectory, best: Best, strategy: str) -> tuple[tuple[str, str], ...]:
    facts = {
        "strategy": strategy,
        **({} if best.target is None else {"target": best.target}),
        "objectives": ", ".join(best.objectives),
        "fidelity": best.fidelity,
        "data set": f"{best.data.directory} ({best.data.fingerprint[:8]}…)",
        "image size": " × ".join(map(str, best.image_size)),
    }
    starts = run.environments()
    for key in dict.fromkeys(key for start in starts for key in start if key != "data"):
        # What had changed at a later start of the search is told too.
        facts[key] = "; then ".join(
            dict.fromkeys(str(start[key]) for start in starts if key in start)
        )
    return tuple(facts.items())
