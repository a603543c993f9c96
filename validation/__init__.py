"""The validation of mfpde: `python -m validation` measures every claim and writes docs/validation.md.

Tests run it small.
"""
