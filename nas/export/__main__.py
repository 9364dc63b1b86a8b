"""Parse the flags of ``python -m nas.export``, and run it."""

from nas.common.cli import Command, main
from nas.common.commands import typed
from nas.export.settings import ExportSettings, check

if __name__ == "__main__":
    main(
        typed("export"),
        Command(
            ExportSettings,
            "nas.export.command:run",
            examples={
                "Write a network as ONNX": "--checkpoint MODEL.safetensors --onnx network.onnx",
                "Write what timm loads and a hub takes, with a model card": (
                    "--checkpoint MODEL.safetensors --timm lens-network"
                ),
            },
            check=check,
        ),
    )
