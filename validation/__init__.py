"""The validation of mfpde: `python -m validation` measures every claim, writes docs/validation.md and its
figures. Tests run it small.
"""
