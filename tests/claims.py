"""What pages say was measured: sentences whose numbers are read from the files in ``results``."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import pandas as pd

from search_spaces import Architecture, get_space, params
from search_spaces.hybrid import ends

RESULTS = Path(__file__).parents[1] / "results"
MBCONV = "lens_nano/symmetric_mbconv"
REFERENCE, ALL_READ = "*best of the reference file*", "*every network read once*"


def readme() -> Iterator[str]:
    large = symmetry_table().query("nuisance == 0.5 and images == 8400")
    ours = large[large["network"].str.contains("/")].groupby("network")
    (seeds,) = ours["seed"].nunique().unique()
    of = large.groupby("network").mean(numeric_only=True)
    name = "lens_nano/symmetric_tiny_fine"
    tied, twin, coarse = of.loc[name], of.loc[f"{name} untied"], of.loc["lens_nano/symmetric_tiny"]
    resnet, coatnet = of.loc["resnet18"], of.loc["coatnet_nano_rw_224"]
    times = images_a_second(name) / images_a_second("coatnet_nano_rw_224")
    yield (
        f"With maps of twice the usual resolution, {tied['params'] / 1000:.0f} thousand parameters "
        f"reach a test AUC of {tied['test_auc']:.3f}; the same network with the usual maps has "
        f"{coarse['test_auc']:.3f}, without ties ({twin['params'] / 1000:.0f} thousand) "
        f"{twin['averaged_auc']:.3f}, ResNet-18 ({resnet['params'] / 1e6:.0f} million, one seed) "
        f"{resnet['averaged_auc']:.3f} and CoAtNet-nano ({coatnet['params'] / 1e6:.0f} million, "
        f"one seed, {times:.0f} times the seconds an image) {coatnet['averaged_auc']:.3f}, the "
        "last three averaged over the orientations of the image. All learned from scratch: 8,400 "
        f"simulated images, nuisance 0.5, means over {seeds} seeds"
    )


def symmetry() -> Iterator[str]:
    yield from genes()
    yield from finer_maps()
    least = symmetry_table().pivot_table("seconds", ["nuisance", "images"], "network", "min")
    symmetric = [name for name in least if f"{name} untied" in least]
    longer = pd.concat([least[name] / least[f"{name} untied"] for name in symmetric]).median() - 1
    yield f"took {100 * longer:.0f} % longer than that of the same networks without ties (median"
    speed = json.loads((RESULTS / "search_spaces" / "speed.json").read_text(encoding="utf-8"))
    tied = [row for row in speed["tied"] if not row["network"].endswith("as a subnet")]
    alone = {row["network"]: step_ratio(row) for row in tied}
    yield (
        f"takes {min(alone.values()):.2f} to {max(alone.values()):.2f} times that of the network "
        f"without ties, and longest for `{max(alone, key=lambda name: alone[name])}`"
    )
    times = images_a_second("lens_nano/free_mbconv") / images_a_second(MBCONV)
    yield f"two cores train `free_mbconv` at {times:.2f} times the images a second of"
    table = symmetry_table().query("nuisance == 0.5")
    of = table.pivot_table(["test_auc", "averaged_auc"], "images", "network")
    large = of["test_auc"][MBCONV]
    twin = of["averaged_auc"][f"{MBCONV} untied"]
    yield (
        f"`symmetric_mbconv` has a test AUC of {large[500]:.3f} where its untied twin has "
        f"{twin[500]:.3f} even when averaged over the orientations of the image; with 8,400 it has "
        f"{large[8400]:.3f}, and the twin {twin[8400]:.3f}."
    )
    tiny, fine = "lens_nano/symmetric_tiny", "lens_nano/symmetric_tiny_fine"
    yield (
        f"`symmetric_tiny` has {of['test_auc'][tiny][8400]:.3f}, and its twin "
        f"{of['averaged_auc'][f'{tiny} untied'][8400]:.3f}: no more than seeds make"
    )
    yield (
        "`symmetric_tiny_fine`, of 7 thousand parameters, has "
        f"{of['test_auc'][fine][8400]:.3f}, and its twin "
        f"{of['averaged_auc'][f'{fine} untied'][8400]:.3f}."
    )
    pairs = table.pivot(index=["images", "seed"], columns="network", values="averaged_auc")
    gained = pd.concat([(pairs[name] - pairs[f"{name} untied"]).dropna() for name in symmetric])
    yield (
        f"Of {len(gained)} pairs of trainings (nuisance 0.5, the same seed and images, the twin "
        f"averaged) the tied network is better in {(gained > 0).sum()}."
    )
    coatnet = table.query("images == 8400 and network == 'lens_nano/symmetric_coatnet'")["test_auc"]
    least, *others = sorted(coatnet)
    yield (
        f"of three trainings of `symmetric_coatnet` on 8,400 images one came to {least:.3f}, and "
        f"the others to {fmean(others):.3f}."
    )


def step_ratio(row: dict[str, Any]) -> float:
    """The median over rounds of a comparison's ratio of training steps."""
    ours, reference = (row[who]["training_step"] for who in ("ours", "reference"))
    return median(one / other for one, other in zip(ours, reference, strict=True))


def difficulty() -> Iterator[str]:
    large = symmetry_table().query("images == 8400")
    of = large.pivot_table("test_auc", "nuisance", "network")
    for nuisance, row in of[[MBCONV, f"{MBCONV} untied", "hybrid_nano/coatnet_like"]].iterrows():
        yield f"| {nuisance:g} | " + " | ".join(f"{value:.3f}" for value in row) + " |"


def genes() -> Iterator[str]:
    earlier, present = gains("ablation"), gains("ablation/wide")
    changes = {
        "the first stage keeps the size of the map": "stage1.stride=1",
        "the stem keeps it": "stem.stride=1",
        "kernel of 5 in the stem": "stem.kernel=5",
        "expansion of 2 in the first stage, not 4": "stage1.expansion=2",
        "attention in the second stage": "stage2.op=attention",
        "attention in the third": "stage3.op=attention",
        "attention in the fourth": "stage4.op=attention",
        "groups of channels in place of BatchNorm": "norm=group",
    }
    for words, change in changes.items():
        yield f"| {words} | {signed(earlier.pop(change))} | {signed(present[change])} |"
    fused = ", ".join(signed(present[f"stage{stage}.op=fused"]) for stage in (1, 2))
    yield f"| fused blocks in the first stage, in the second | – | {fused} |"
    page = (RESULTS / "ablation" / "README.md").read_text(encoding="utf-8")
    (half,) = set(re.findall(r"± (\d\.\d+)", page))
    yield f"Seeds alone make ±{half} where there are two"
    assert earlier.max() < 0.005
    yield "stands in no row here, nothing gained 0.005"
    seconds = ablation("ablation/wide").set_index("network")["seconds"]
    yield (
        f"a training took {seconds['stage1.stride=1']:,.0f} seconds, and with such a stem, which "
        f"is therefore no gene of `lens_nano`, {seconds['stem.stride=1']:,.0f} seconds, where the "
        f"base took {seconds['base']:,.0f}"
    )


def finer_maps() -> Iterator[str]:
    of = ablation("ablation/tiny").groupby("network")
    auc, seconds = of["val_auc"].mean(), of["seconds"].mean() / of["seconds"].mean()["base"]
    stage, stem = "stage1.stride=1", "stem.stride=1"
    yield (
        f"`symmetric_tiny` has a validation AUC of {auc['base']:.3f} (two seeds), and "
        f"{auc[stage]:.3f} where its first stage keeps the size of the map, in "
        f"{seconds[stage]:.1f} times the time. A stem that keeps it comes to {auc[stem]:.3f} in "
        f"{seconds[stem]:.1f} times the time"
    )


def ablation(name: str) -> pd.DataFrame:
    trainings = pd.read_csv(RESULTS / name / "trainings.csv")
    return trainings.query("nuisance == 0.5 and images == 8400 and epochs == 12")


def gains(name: str) -> pd.Series:
    """What each change gains over the base in validation AUC, the mean over seeds."""
    of = ablation(name).pivot(index="network", columns="seed", values="val_auc")
    return of.sub(of.loc["base"], axis=1).mean(axis=1).drop("base")


def signed(gain: float) -> str:
    return f"{gain:+.4f}".replace("-", "−")


def samplers() -> Iterator[str]:
    yield from regret()
    yield from hypervolume()
    yield from ablations()
    yield from landscapes()
    yield from speed()


def regret() -> Iterator[str]:
    of = scores("regret")
    for budget in (50, 100, 200, 300, 500):
        evolution, reference = of["evolution", budget], of[REFERENCE, budget]
        yield (
            f"| {budget} | {evolution.median:.3f} | {evolution.mean:.3f} | {reference.median:.3f} "
            f"| {reference.mean:.3f} | {of['rl', budget].mean:.3f} "
            f"| {of['random', budget].mean:.3f} |"
        )
    every = of[ALL_READ, "all"]
    yield f"network once: median {every.median:.3f}, mean {every.mean:.3f}"


def hypervolume() -> Iterator[str]:
    of = scores("hypervolume")
    for budget in (50, 100, 200, 500):
        evolution = of["evolution", budget].median
        yield (
            f"| {budget} | {evolution:.{3 if evolution < 0.999 else 4}f} "
            f"| {of[REFERENCE, budget].median:.3f} | {of['random', budget].median:.3f} |"
        )


def ablations() -> Iterator[str]:
    of = {key: own.mean for key, own in scores("ablations").items()}
    alone, slow, fast = (
        "evolution without predictor",
        "rl learning rate 0.02",
        "rl learning rate 0.1",
    )
    yield (
        f"a mean regret of {of[alone, 50]:.2f} at 50 and {of[alone, 100]:.2f} at 100 evaluations, "
        f"instead of {of['evolution', 50]:.2f} and {of['evolution', 100]:.2f}; at 200"
    )
    yield (
        f"Without crossover it has {of['evolution without crossover', 100]:.3f} at 100 on these "
        f"seeds instead of {of['evolution', 100]:.3f},"
    )
    yield (
        f"0.02 is too slow ({of[slow, 200]:.2f} at 200), 0.1 is faster at 50 ({of[fast, 50]:.2f}) "
        f"and level at 200 ({of[fast, 200]:.3f}); an entropy bonus of 0, 0.01 or 0.1"
    )


def landscapes() -> Iterator[str]:
    table = results_table("samplers/landscapes.md")
    families = list(dict.fromkeys(table["problem"]))
    of = {family: scores("landscapes", family) for family in families}
    alone = "evolution without predictor"
    strategies = ("evolution", alone, "tpe", "rl", "random")
    for budget in (50, 100, 200):
        means = (fmean(own[name, budget].mean for own in of.values()) for name in strategies)
        yield f"| {budget} | " + " | ".join(f"{mean:.2f}" for mean in means) + " |"
    epistatic, conditional = of["epistatic"], of["conditional"]
    yield (
        f"on the epistatic family at 50 ({epistatic['tpe', 50].mean:.2f} against "
        f"{epistatic['evolution', 50].mean:.2f})"
    )
    yield (
        f"on the conditional one at 200 ({conditional[alone, 200].mean:.2f} against "
        f"{conditional['evolution', 200].mean:.2f})"
    )


def speed() -> Iterator[str]:
    table = results_table("samplers/speed.md").set_index("what")["value"]

    def cost(strategy: str, trials: int) -> str:
        return f"{float(table[f'{strategy}, ms an ask after {trials} trials']):.0f} ms"

    yield (
        f"`evolution` {cost('evolution', 5000)} after 5,000 trials, {cost('evolution', 500)} after "
        f"500; without predictor {cost('evolution without predictor', 5000)}; `rl` without critic "
        f"(an earlier version) {cost('rl', 5000)}; `tpe` {cost('tpe', 5000)}."
    )


class Score(NamedTuple):
    """What a strategy came to, over seeds."""

    median: float
    mean: float


def scores(name: str, problem: str | None = None) -> dict[tuple[str, int | str], Score]:
    """Scores in a table of samplers by strategy and budget, of one problem if it has several."""
    table = results_table(f"samplers/{name}.md")
    if problem is not None:
        table = table[table["problem"] == problem]
    return {
        (strategy, int(budget) if budget.isdigit() else budget): Score(first(median), first(mean))
        for _, strategy, budget, _, median, mean in table.to_numpy()
    }


def first(cell: str) -> float:
    """The number before an interval; not a number where the cell has none."""
    return float(cell.split()[0].replace("–", "nan"))


def images_a_second(network: str) -> float:
    """How many images two cores train a network with, as throughput.md says."""
    speed = json.loads((RESULTS / "training" / "throughput.json").read_text(encoding="utf-8"))
    return float(speed[f"{network}, loop (images/s)"])


def symmetry_table() -> pd.DataFrame:
    return pd.read_csv(RESULTS / "symmetry" / "trainings.csv")


def results_table(name: str) -> pd.DataFrame:
    """The table of a Markdown page in ``results``, its cells as they stand there."""
    lines = re.findall(r"^\|(.*)\|$", (RESULTS / name).read_text(encoding="utf-8"), re.M)
    head, _, *rows = ([cell.strip() for cell in line.split("|")] for line in lines)
    return pd.DataFrame(rows, columns=head)


def sizes() -> Iterator[str]:
    def millions(architecture: Architecture) -> str:
        return f"{params(architecture) / 1e6:.2g}"

    space = get_space("lens_nano")
    (least, least_free), (most, most_free) = ends(space)
    power = len(str(len(space))) - 1
    digits = str(power).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    yield (
        f"`lens_nano` has {len(space) / 10**power:.1f} · 10{digits} architectures of "
        f"{millions(least).rstrip('0')}–{millions(most)} million parameters with the symmetry and "
        f"{millions(least_free)}–{millions(most_free)} million without"
    )
    times = images_a_second("lens_nano/symmetric_fused") / images_a_second(MBCONV)
    yield f"train `symmetric_fused` at {times:.2f} times"
    large = symmetry_table().query("nuisance == 0.5 and images == 8400")
    auc = large.groupby("network")["test_auc"].mean()
    yield (
        f"twelve epochs it has a test AUC of {auc['lens_nano/symmetric_fused']:.3f}, where that "
        f"has {auc[MBCONV]:.3f}"
    )


CLAIMS: dict[str, Callable[[], Iterator[str]]] = {
    "README.md": readme,
    "docs/samplers.md": samplers,
    "docs/search_spaces.md": sizes,
    "docs/simulation.md": difficulty,
    "docs/symmetry.md": symmetry,
}
"""What each page that says what was measured must say, as its Markdown without bold face."""
