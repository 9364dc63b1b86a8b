"""What docs/stability.md calls public is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "stability.md").read_text(encoding="utf-8")


def test_public_names_can_be_imported() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(block, {})


def test_public_names_of_packages_are_listed() -> None:
    import nas.api
    import nas.data
    import search_spaces

    for package in (nas.api, nas.data, search_spaces):
        assert [name for name in package.__all__ if not re.search(rf"\b{name}\b", PAGE)] == []


def test_public_names_show_how_they_are_used() -> None:
    """Examples are run by test_docs.py."""
    import nas.api
    import nas.data
    import nas.samplers
    import search_spaces

    shown = [
        (name, getattr(package, name).__doc__ or "")
        for package in (nas.api, nas.data, nas.samplers, search_spaces)
        for name in package.__all__
        if callable(getattr(package, name)) and name != "SpaceError"
    ]
    assert [name for name, text in shown if ">>> " not in text] == []


def test_commands_are_those_that_are_listed() -> None:
    listed = {name.replace(".", "/") for name in re.findall(r"python -m ([\w.]+)", PAGE)}
    packages = [path.parent for top in ("nas", "baselines") for path in (ROOT / top).rglob("*.py")]
    commands = {str(path.relative_to(ROOT)) for path in packages if (path / "__main__.py").exists()}
    assert listed == {name for name in commands if not name.startswith("nas/benchmarks")}
