"""The command ``python -m nas.export``: writing a trained network for other programs."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from nas.common.next_steps import show_next
from nas.common.progress import say
from nas.common.screen import screen
from nas.export.folder import write_folder
from nas.export.graph import write_graph
from nas.export.lines import lines_for_checkpoint, lines_for_folder
from nas.export.settings import ExportSettings
from nas.training.networks.classifier import Classifier


def run(settings: ExportSettings) -> None:
    """Write what was asked for, and print how to load the network with timm."""
    export = Export.of(settings)
    height, width = export.classifier.card.input_size
    if export.timm is not None:
        export.write_timm()
        folder = shlex.quote(str(export.timm))
        say(f"{export.timm} holds the network and its card: hf upload USER/NAME {folder} shares it")
    say(
        f"the network alone, which takes images that are normalised and of {height} × {width} "
        "pixels, is loaded by"
    )
    screen().print(export.timm_lines, soft_wrap=True)
    if export.onnx is not None:
        say(f"writing {export.classifier.card.model} as ONNX")
        difference = export.write_onnx()
        say(f"{export.onnx} gives the probabilities of torch (largest difference {difference:.1g})")
    network = shlex.quote(str(settings.checkpoint))
    show_next({"Classify images": f"predict --checkpoint {network} --data DIR"})


@dataclass(frozen=True)
class Export:
    """A trained network on its way to other programs.

    Attributes:
        classifier: the classifier, from pixels to class probabilities.
        checkpoint: the ``model.safetensors`` that it was loaded from.
        onnx: file of the classifier as ONNX; None where none is asked for.
        timm: directory of the network in timm's layout; None where none is asked for.
        timm_lines: lines of Python that load the network alone with timm.
    """

    classifier: Classifier
    checkpoint: Path
    onnx: Path | None
    timm: Path | None
    timm_lines: str

    @staticmethod
    def of(settings: ExportSettings) -> "Export":
        """Load the network; nothing is written yet.

        Raises:
            UserError: there is no such checkpoint, or it holds no network that can be built.
        """
        checkpoint, timm = settings.checkpoint, settings.timm
        classifier = Classifier.load(checkpoint, settings.average_symmetries)
        lines = (
            lines_for_checkpoint(classifier, checkpoint)
            if timm is None
            else lines_for_folder(classifier.card, timm)
        )
        return Export(classifier, checkpoint, settings.onnx, timm, lines)

    def write(self) -> None:
        """Write all that was asked for.

        Raises:
            UserError: see :meth:`write_onnx` and :meth:`write_timm`.
        """
        if self.timm is not None:
            self.write_timm()
        if self.onnx is not None:
            self.write_onnx()

    def write_onnx(self) -> float:
        """Write ONNX; return the largest difference of a probability between torch and it.

        Raises:
            UserError: the network cannot be written, or computes something else as ONNX; no file is
                left then.
        """
        assert self.onnx is not None
        return write_graph(self.classifier, self.onnx)

    def write_timm(self) -> None:
        """Write the directory that timm loads.

        Raises:
            UserError: it cannot be written, or timm does not load the network from it; nothing is
                left then.
        """
        assert self.timm is not None
        write_folder(self.classifier, self.checkpoint, self.timm)
