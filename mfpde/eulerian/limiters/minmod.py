"""The smaller of the slopes to both sides, 0 at extrema (Roe 1986)."""

from mfpde.eulerian.limiters import Limiter, nearer_zero

LIMITER = Limiter(lambda d: nearer_zero(d.below(), d.above()), "return MINMOD(below, above_);")
