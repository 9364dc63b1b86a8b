"""What programs registered travels to workers, which are other processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pkgutil import resolve_name

import ray.cloudpickle

from lens_nas_plugins.kinds import KINDS, live
from nas.common.errors import UserError


@dataclass(frozen=True)
class Carried:
    """What is registered in one process, for another.

    Functions of a script or a notebook travel whole. Those of a module travel as its name, so that
    workers must be able to import it.

    Attributes:
        things: kind, name and pickle of each.

    Example:
        >>> from nas.data.augmentation import register_augmentation
        >>> register_augmentation("brighter", lambda images, generator: images + 1)
        >>> carried = Carried.here()
        >>> ("augmentations", "brighter") in [thing[:2] for thing in carried.things]
        True
        >>> carried.unpack()  # in the other process
    """

    things: Sequence[tuple[str, str, bytes]]

    @staticmethod
    def here() -> "Carried":
        """Return what is registered in this process.

        Raises:
            UserError: something cannot travel.
        """
        return Carried(
            [
                (kind, name, _packed(kind, name, thing))
                for kind, registry in live()
                if KINDS[kind].travels
                for name, thing in registry.added.items()
            ]
        )

    def unpack(self) -> None:
        """Register it in this process, unless it was there.

        Raises:
            UserError: a module cannot be imported here.
        """
        for kind, name, packed in self.things:
            try:
                thing = ray.cloudpickle.loads(packed)
            # A module raises what it likes while it is imported.
            except Exception as error:
                raise UserError(
                    f"a worker cannot import what brings the {KINDS[kind].noun} {name} ({error}): "
                    "install it as a package wherever workers are, or define it in the script"
                ) from error
            registry = resolve_name(KINDS[kind].registry)
            if name not in registry.added:
                registry.add(name, thing)


def _packed(kind: str, name: str, thing: object) -> bytes:
    try:
        packed: bytes = ray.cloudpickle.dumps(thing)  # type: ignore[no-untyped-call]
    # Whatever an object holds that cannot travel raises what it likes.
    except Exception as error:
        raise UserError(
            f"the {KINDS[kind].noun} {name} cannot travel to workers ({error}): make it a function "
            "of a module"
        ) from error
    return packed
