"""No two public things have one name with different meanings."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[1]

# What every command has, by convention; and what timm asks every module with networks to define.
CONVENTIONS = {"run", "check", "begun", "main", "default_cfgs"}


def public_names(module: Path) -> set[str]:
    """Classes, functions and type aliases at the top of a module."""
    names = set()
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if not name.isupper():  # constants are settings of their module
                names.add(name)
    return {name for name in names if not name.startswith("_")} - CONVENTIONS


def test_a_public_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for package in ("nas", "search_spaces", "baselines"):
        for module in sorted((ROOT / package).rglob("*.py")):
            for name in public_names(module):
                places[name].append(str(module.relative_to(ROOT)))
    twice = {name: found for name, found in places.items() if len(found) > 1}
    # The presets of a space and timm's entry of its networks have the name of the space.
    presets = ["search_spaces/models.py", "search_spaces/presets.py"]
    assert twice == {"hybrid_nano": presets, "hybrid_small": presets}
