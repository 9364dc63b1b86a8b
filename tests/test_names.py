"""No two public things have one name with different meanings, and one path is spelled once."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for name in ("nas", "search_spaces", "baselines", "lens_nas_plugins")
    for path in (ROOT / name).rglob("*.py")
)

# What every command has, by convention; and what timm asks every module with networks to define.
CONVENTIONS = {"run", "check", "main", "default_cfgs"}


def public_things(module: Path) -> Iterator[tuple[str, str]]:
    """Classes, functions and type aliases at the top of a module, with what tells meanings apart.

    A class or function means something else in every module; equal aliases mean the same.
    """
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield node.name, str(module)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if not name.isupper():  # constants are settings of their module
                yield name, ast.unparse(node.value).replace("npt.", "")


def test_a_public_name_has_one_meaning() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for module in MODULES:
        for name, meaning in public_things(module):
            if not name.startswith("_") and name not in CONVENTIONS:
                meanings[name].add(meaning)
    # The preset of a space and timm's entry of its networks have the name of the space.
    twice = {name for name, found in meanings.items() if len(found) > 1}
    assert twice == {"lens_nano", "lens_small", "hybrid_nano", "hybrid_small", "lens_bench"}


def paths(module: Path) -> set[str]:
    """Paths that a module spells out."""
    return {
        str(node.args[0].value)
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "Path"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def test_the_place_of_runs_is_spelled_once() -> None:
    spelled = [module for module in MODULES if any("runs" in path for path in paths(module))]
    assert spelled == [ROOT / "nas" / "common" / "files.py"]
