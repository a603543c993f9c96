"""The share of the data whose class is right: that of the sign of f, or of the largest output."""

from mfpde.metrics.of_classes import of_classes

VARIABLES = of_classes(
    "accuracy",
    "share of the data, by their weights, whose class is right",
    "Accuracy: the share of the data whose class is right",
    lambda risk, values: risk.accuracy(values),
)
