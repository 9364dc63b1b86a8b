"""The galaxies that can be fitted, by name; nothing large is imported here."""

from typing import Literal

Galaxy = Literal["free", "sersic"]
"""What is behind a smooth lens: a galaxy of any shape, or one with a Sérsic profile."""
