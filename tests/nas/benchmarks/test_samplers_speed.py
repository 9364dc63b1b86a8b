"""The benchmark of what an ask costs; no test depends on a clock."""

import json
from pathlib import Path

from nas.benchmarks.samplers.speed.command import run
from nas.benchmarks.samplers.speed.settings import SamplerSpeedBenchmarkSettings


def test_the_benchmark_publishes_every_strategy(tmp_path: Path) -> None:
    run(SamplerSpeedBenchmarkSettings(asks=1, out=tmp_path))
    figures = json.loads((tmp_path / "speed.json").read_text())
    assert figures["evolution, ms an ask after 5000 trials"] > 0
    assert figures["tpe, ms an ask after 50 trials"] > 0
