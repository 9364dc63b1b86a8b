"""The benchmark of genes: ``python -m nas.benchmarks.ablation``."""
