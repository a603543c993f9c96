"""Where the pairs (x, y) come from: tables in files, or teachers at inputs of a named law."""

from mfpde.data.dataset import Dataset, build_dataset

__all__ = ["Dataset", "build_dataset"]
