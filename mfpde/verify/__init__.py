"""`mfpde verify`: whether mfpde works on this machine, on this device, on this file system."""
