"""Writing a trained network as ONNX: ``python -m nas.export``."""
