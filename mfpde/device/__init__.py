"""OpenCL devices: find them, choose one, build programs, hold buffers."""
