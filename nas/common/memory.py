"""Memory that a process keeps for its next step."""

import ctypes
import sys

KEPT = 1 << 30
"""Bytes that a process keeps."""

# glibc's numbers of its settings, mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def keep_memory(most: int = KEPT) -> bool:
    """Let this process keep memory that it frees; return whether it does.

    A training step on a CPU frees maps of some megabytes and asks for as many again. glibc hands
    such blocks back to the kernel, which clears every page when it is touched next: up to a third
    of a step's time (``results/training/memory.md``). Other C libraries are left alone.

    Args:
        most: bytes that are kept for what comes next, and the size from which a block is handed
            back nevertheless.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(
        mallopt(setting, most) == 1 for setting in (_MMAP_THRESHOLD, _TRIM_THRESHOLD)
    )
