"""Measures: initial laws of the parameters, their cell masses on a mesh, their samples."""
