"""The table [model] of every kind of problem, by the names of their files.

To add a kind, add a module that defines `TABLE`, a table whose first key is `kind`, and `EXAMPLE`, the tables
of a small case for tests; and one of the same name to `mfpde.models.problems`, which builds the problem.
"""
