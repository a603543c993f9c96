"""An opened run: its file, whether that is whole, its parts as xarray objects, integrals over its mesh."""
