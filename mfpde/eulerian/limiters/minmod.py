"""The smaller of the slopes to both sides, 0 at extrema (Roe 1986)."""

from mfpde.eulerian.limiters import Limiter, minmod

LIMITER = Limiter(lambda d: minmod(d.below(), d.above()), "return MINMOD(below, above_);")
