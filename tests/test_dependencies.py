"""What is imported is declared in pyproject.toml, and what is declared there is locked."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGES = ("nas", "search_spaces", "baselines", "lens_nas_plugins")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Extras that add something to a command; they are imported where it is done, never at the top.
EXTRAS = ("export", "mlflow", "wandb")

# Declared, though nothing of ours imports them.
USED_BY_OTHERS = {
    "onnx": "torch.onnx writes with it",
    "onnxscript": "torch.onnx translates with it",
    "torchvision": "timm imports it, and it must be made for this torch",
}


def declared(*extras: str) -> dict[str, Requirement]:
    """Requirements by the name of the distribution: those of all users, or those of extras."""
    optional = PROJECT["optional-dependencies"]
    lines = [line for extra in extras for line in optional[extra]]
    requirements = map(Requirement, lines if extras else PROJECT["dependencies"])
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def imports(node: ast.AST, *, inside: bool) -> Iterator[str]:
    """Names of top-level packages that a module imports; ``inside`` functions, too."""
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        yield str(node.module).partition(".")[0]
    elif inside or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for child in ast.iter_child_nodes(node):
            yield from imports(child, inside=inside)


def imported(*folders: str, inside: bool = True) -> dict[str, set[str]]:
    """Modules of ours by the distribution that they import."""
    distributions = packages_distributions()
    ours = {*PACKAGES, "tests"}
    found: dict[str, set[str]] = {}
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for name in set(imports(tree, inside=inside)) - ours - sys.stdlib_module_names:
            # A package that several distributions fill has the name of one of them.
            names = {canonicalize_name(one) for one in distributions.get(name, [name])}
            wanted = canonicalize_name(name)
            one = wanted if wanted in names else min(names)
            found.setdefault(one, set()).add(str(path.relative_to(ROOT)))
    return found


def undeclared(found: dict[str, set[str]], known: set[str]) -> dict[str, list[str]]:
    return {name: sorted(places) for name, places in found.items() if name not in known}


def test_what_is_imported_is_declared() -> None:
    assert undeclared(imported(*PACKAGES), {*declared(), *declared(*EXTRAS)}) == {}


def test_what_is_imported_at_once_is_no_extra() -> None:
    assert undeclared(imported(*PACKAGES, inside=False), {*declared()}) == {}


def test_what_tests_import_is_declared() -> None:
    known = {*declared(), *declared(*EXTRAS), *declared("dev")}
    assert undeclared(imported("tests"), known) == {}


def test_what_is_declared_is_used() -> None:
    known = {*declared(), *declared(*EXTRAS)}
    assert known - imported(*PACKAGES).keys() == USED_BY_OTHERS.keys()


@pytest.mark.parametrize(
    "extras", [(), EXTRAS, ("docs",), ("dev",)], ids=["all", "extras", "docs", "dev"]
)
def test_what_is_declared_is_locked(extras: tuple[str, ...]) -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").split()
    locked = {
        canonicalize_name(name): version
        for name, _, version in (line.partition("==") for line in lines)
    }
    needed = declared(*extras)
    needed.pop("lens-nas", None)
    wrong = {
        name: locked.get(name)
        for name, requirement in needed.items()
        if not requirement.specifier.contains(locked.get(name, "0"))
    }
    assert wrong == {}
