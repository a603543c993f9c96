"""How wide explicit vectors may be under a runtime, so that its compiler is sound for them.

A vector that is wider than the registers of the processor for which a runtime compiles is split by the
compiler; but its built-in functions (`exp`, `log`, ...) are compiled apart, and where the two disagree on how
such a vector is passed, the program is invalid. PoCL 3.0 knows no processor newer than 2021: it takes AMD's
Zen 4 for Zen 3, which has no AVX-512, and yet reports vectors of 512 bits. There `exp` of a double8 aborts or
crashes, and programs that hold it come back from PoCL's cache without kernels. So on PoCL the compiler's
target decides, which the version string of a device names at its end.
"""

#: of a vector, where in doubt; sound and, where measured, no slower than 16 on processors that have no more
SAFE_BYTES = 32
#: processors with registers of 64 bytes, as LLVM calls them (the names of its option -mcpu)
AVX512_TARGETS = (
    "skylake-avx512", "skx", "cascadelake", "cooperlake", "cannonlake", "icelake-client", "icelake-server",
    "tigerlake", "rocketlake",
    "sapphirerapids", "emeraldrapids", "graniterapids", "graniterapids-d", "diamondrapids", "knl", "knm",
    "znver4", "znver5", "znver6", "x86-64-v4",
)  # fmt: skip


def sound_bytes(runtime: str, version: str, doubles: int) -> int:
    """Bytes of the widest vectors that are sound on a CPU, by what is known of its runtime.

    Arguments:
        runtime: "intel", "pocl" or "".
        version: as the device reports it.
        doubles: lanes of double precision that the device reports as native.
    """
    reported = max(8 * doubles, SAFE_BYTES)
    if runtime == "intel":
        return reported
    if runtime == "pocl" and version.strip().endswith(tuple(f"-{name}" for name in AVX512_TARGETS)):
        return reported
    return SAFE_BYTES
