"""What no setting may be, whatever it is for: checked for all commands before any work begins."""

import math
import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from nas.common.errors import UserError

# Beyond these numbers no machine comes to an end. Other counts and seeds have the last one.
_MOST = {
    "architectures": 100_000,
    "batch_size": 65_536,
    "crop": 1_024,
    "epochs": 100_000,
    "image_size": 1_024,
    "images": 10_000_000,
    "latency_batch": 65_536,
    "max_flops": 10**18,
    "max_params": 10**15,
    "random": 1_000,
    "random_subnets": 1_000,
    "rounds": 1_000_000,
    "seeds": 1_000,
    "shift": 1_024,
    "top": 1_000,
    "trials": 1_000_000,
    "tune": 10_000,
    "workers": 1_024,
}
_MOST_OF_OTHERS = 2**32 - 1

# Bytes of the name of a file, and of a whole path, for which file systems have room.
_NAME, _PATH = 255, 4000

# So much of a path that cannot be one is shown.
_SHOWN = 60


def require_sane(values: Mapping[str, Any], prefix: str = "--") -> None:
    """Check that numbers are finite, counts not absurd, and that paths can be those of files.

    Args:
        values: Settings by name, with those of dataclasses among them.
        prefix: What stands before the name of a setting in its flag.

    Raises:
        UserError: A number or a path can be of no use.

    Example:
        >>> require_sane({"trials": 60, "run": Path("results/runs/mine")})
        >>> require_sane({"trials": 10**26})
        Traceback (most recent call last):
        ...
        lens_nas_plugins.mistakes.UserError: --trials 1e+26 cannot be used: give 1,000,000 or less
    """
    for name, value in values.items():
        flag = prefix + name.replace("_", "-")
        if is_dataclass(value):
            require_sane(
                {item.name: getattr(value, item.name) for item in fields(value)}, f"{flag}."
            )
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, int | float) and not isinstance(item, bool):
                _require_number(item, name, flag)
            elif isinstance(item, Path):
                require_path(item, flag)
            elif isinstance(item, str) and "\0" in item:
                raise UserError(f"{flag} holds a NUL character: leave it out")


def require_path(path: Path, flag: str) -> None:
    """Check that a path can be that of a file or directory, whether there is one or not.

    Args:
        path: Path to check.
        flag: Flag with which the user named it, for the message.

    Raises:
        UserError: The path can be of no use.
    """
    reason = None
    if "\0" in str(path):
        reason = "it holds a NUL character"
    elif len(os.fsencode(path)) > _PATH or any(
        len(os.fsencode(part)) > _NAME for part in path.parts
    ):
        reason = "File name too long"
    else:
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            pass  # it may be made, and whoever needs it says what is missing
        except OSError as error:
            reason = error.strerror
    if reason is not None:
        shown = str(path).replace("\0", "?")
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        raise UserError(f"{flag} {shown} cannot be used ({reason}): give another path")


def _require_number(value: int | float, name: str, flag: str) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{flag} {value} cannot be used: give a finite number")
    if isinstance(value, float):
        return
    told = f"{value:.6g}" if abs(value) < 1e300 else "so large a number"
    if value < 0:
        raise UserError(f"{flag} {told} cannot be used: give 0 or more")
    most = _MOST.get(name, _MOST_OF_OTHERS)
    if value > most:
        raise UserError(f"{flag} {told} cannot be used: give {most:,} or less")
