"""What others published for DeepLense data: to stand beside our scores, never among them.

Macro one-vs-rest AUC and accuracy on a test of 15,000 images of *their* data sets, by recipes of their own. Models II
and III carry no noise, which is why scores saturate there.
"""

from nas.board import Published

_PROJECT = "DeepLense projects (ML4Sci)"

PUBLISHED: dict[str, tuple[Published, ...]] = {
    "CoAtNet-nano": (Published("Model I", 0.9955, 0.967, _PROJECT),),
    "EfficientFormer-L3": (Published("Model I", 0.9948, 0.959, _PROJECT),),
    "ResNet-18": (
        Published("Model I", 0.992, 0.945, _PROJECT),
        Published("Model II", 0.9996, 0.991, _PROJECT),
    ),
    "EfficientNet-B2": (Published("Model I", 0.993, 0.96, _PROJECT),),
    "ConViT-tiny": (Published("Model I", 0.923, 0.782, _PROJECT),),
    "CoaT-lite-small": (
        Published("Model II", 1.0, 0.9999, _PROJECT),
        Published("Model III", 1.0, 0.9999, _PROJECT),
    ),
    "equivariant DenseNet-C8 (0.10 M parameters)": (Published("common task", 0.9973, 0.9735, _PROJECT),),
    "best published otherwise": (Published("common task", 0.9929, None, _PROJECT),),
}
"""By the title of the network in our tables."""
