"""The output file: one HDF5 file per run, read by xarray, ParaView and NeXus viewers without a converter."""
