"""The central slope, which the clip alone limits (Fromm 1968, doi:10.1016/0021-9991(68)90015-6)."""

from mfpde.eulerian.limiters import Limiter

LIMITER = Limiter(lambda d: d.central(), "return central;")
