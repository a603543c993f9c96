"""The cross-entropy: the mean of -log of the probability that f gives to the true class, in nats."""

from mfpde.metrics.of_classes import of_classes

VARIABLES = of_classes(
    "cross_entropy",
    "mean of -log of the probability of the true class, in nats",
    "Cross-entropy in nats: the mean of -log of the probability of the true class",
    lambda risk, values: risk.cross_entropy(values),
)
