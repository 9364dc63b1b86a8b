"""Modules of plug-ins that are in no package that is installed."""

import importlib
import os

from lens_nas_plugins.mistakes import reason
from lens_nas_plugins.packages import all_or_nothing
from nas.common.errors import UserError

VARIABLE = "LENS_NAS_PLUGINS"
"""Environment variable that names modules of plug-ins."""


def import_named() -> None:
    """Import the modules that the variable LENS_NAS_PLUGINS names, separated by commas.

    They register what is in no package that is installed.

    Raises:
        UserError: one of them cannot be imported; nothing of it stays registered.
    """
    for name in filter(None, map(str.strip, os.environ.get(VARIABLE, "").split(","))):
        with all_or_nothing():
            try:
                importlib.import_module(name)
            except (Exception, SystemExit) as error:
                raise UserError(
                    f"{VARIABLE} names {name}, which cannot be imported ({reason(error)}): mend "
                    "it, or say in PYTHONPATH where it is"
                ) from error
