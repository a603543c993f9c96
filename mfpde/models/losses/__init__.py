"""Losses l(f, y) of one datum, by the names of their files.

To add one, add a module that defines `LOSS`, a class of `loss.Loss`. One that takes classes also defines
``TARGETS``: "two classes", told by one output, or "classes", by an output for each; `models.classes` says
what outputs mean then. The schema's choices for `model.loss` follow, and the tests of all losses take it up.
"""
