"""Parse the flags of ``python -m nas.export``, and run it."""

from nas.common.cli import Command, main
from nas.export.settings import ExportSettings, check

if __name__ == "__main__":
    main(
        "python -m nas.export",
        Command(
            ExportSettings,
            "nas.export.command:run",
            examples={
                "Write a network as ONNX": "--checkpoint MODEL.safetensors --onnx network.onnx",
                "Average over the symmetries of each image": (
                    "--checkpoint MODEL.safetensors --onnx network.onnx --average-symmetries"
                ),
            },
            check=check,
        ),
    )
