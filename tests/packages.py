"""Installed packages with plug-ins, as tests make them."""

from pathlib import Path


def install(
    place: Path, package: str, module: str, code: str, entry_points: dict[str, list[str]]
) -> None:
    """Write a package with one module, and the names that it brings, by kind."""
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{module}.py").write_text(code)
    about = place / f"{package.replace('-', '_')}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [
        f"[lens_nas.{kind}]\n" + "".join(f"{name} = {module}\n" for name in names)
        for kind, names in entry_points.items()
    ]
    (about / "entry_points.txt").write_text("\n".join(lines))
