"""What a value must be beyond its type, where it is read from a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


@dataclass(frozen=True)
class Must:
    """What a value must be beyond its type; it stands in ``Annotated``.

    Attributes:
        hold: Returns whether a value is allowed.
        be: What is allowed, in words.

    Example:
        >>> from nas.common.artefacts import checked
        >>> Even = Annotated[int, Must(lambda number: number % 2 == 0, "an even number")]
        >>> checked(Even, 3)
        Traceback (most recent call last):
        ...
        nas.common.artefacts.DamageError: should be an even number
    """

    hold: Callable[[Any], bool]
    be: str

    def __get_pydantic_core_schema__(
        self, source: Any, handler: "GetCoreSchemaHandler"
    ) -> "CoreSchema":
        """Return the schema of the type with this rule; pydantic calls it."""
        from pydantic_core import PydanticCustomError, core_schema

        def check(value: Any) -> Any:
            if not self.hold(value):
                raise PydanticCustomError("must", "{rule}", {"rule": f"should be {self.be}"})
            return value

        return core_schema.no_info_after_validator_function(check, handler(source))


Count = Annotated[
    int, Must(lambda number: 0 <= number < 2**63, "0 or more, and no astronomic number")
]
"""A number of things."""

Amount = Annotated[
    float, Must(lambda number: 0 <= number < 1e18, "0 or more, and no astronomic number")
]
"""A number of seconds, or of anything else that is not negative."""

Share = Annotated[float, Must(lambda number: 0 <= number <= 1, "from 0 to 1")]
"""An AUC, an accuracy, a probability."""

Pixels = Annotated[
    tuple[int, int],
    Must(lambda size: all(1 <= side <= 2_048 for side in size), "from 1 to 2,048 pixels"),
]
"""Height and width of an image. Images of lenses have some hundred pixels on a side."""

Text = Annotated[str, Must(lambda text: len(text) <= 10_000, "no longer than 10,000 characters")]
"""A name, or a line."""
