"""`mfpde verify`: whether mfpde works on this machine, on this device, on this file system."""

from mfpde.verify.checks import Check, verify

__all__ = ["Check", "verify"]
