"""An extension of Griffe: docstrings as the reference shows them.

They are written to be read in a terminal and in an editor, with Sphinx's roles and the blocks of
doctest; the reference is Markdown.
"""

import re
from typing import Any

from griffe import Docstring, Extension, Object

_ROLE = re.compile(r":(?:class|func|meth|data|mod|attr):`(~?)([\w.]+)`")


class MarkdownDocstrings(Extension):
    """Turn roles into links, and examples into a section of their own."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Change the docstring of an object that was read."""
        if obj.docstring is not None:
            obj.docstring = Docstring(
                _markdown(obj.docstring.value),
                lineno=obj.docstring.lineno,
                endlineno=obj.docstring.endlineno,
                parent=obj,
                parser=obj.docstring.parser,
                parser_options=obj.docstring.parser_options,
            )


def _markdown(text: str) -> str:
    text = _ROLE.sub(_link, text)
    text = re.sub(r"^(\s*)Example:$", r"\1Examples:", text, flags=re.MULTILINE)
    text = re.sub(r"::$", ":", text, flags=re.MULTILINE)
    return text.replace("``", "`")


def _link(role: re.Match[str]) -> str:
    """Return a link to what is in the reference; what is not stays a name."""
    short, path = role.groups()
    name = path.rpartition(".")[2] if short else path
    return f'<autoref identifier="{path}" optional>`{name}`</autoref>'
