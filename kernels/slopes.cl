// Half of limited slopes times cell width, from three consecutive cell averages (Carrillo, Chertock & Huang 2015).
// Clipped to |s/2| <= rho, so both edge values are nonnegative: all that positivity and dissipation need.

#define SLOPE_upwind 0
#define SLOPE_fromm 1
#define SLOPE_mc 2
#define SLOPE_minmod 3
#define SLOPE_vanleer 4

#define MINMOD2(a, b) (LARGER(SMALLER(a, b), (realv)0) + SMALLER(LARGER(a, b), (realv)0))

// left_, right_, both: what differences are multiplied with (cell width over distance), constants 1, 1, 1/2 on uniform axes.
static inline realv half_slope(const realv left, const realv centre, const realv right, const realv left_, const realv right_, const realv both)
{
#if SLOPE == SLOPE_upwind
    return (realv)0;
#else
    const realv below = (centre - left) * left_, above_ = (right - centre) * right_, central = (right - left) * both;
#if SLOPE == SLOPE_fromm
    const realv s = central;
#elif SLOPE == SLOPE_mc
    const realv twice = (real)2 * MINMOD2(below, above_);
    const realv s = MINMOD2(twice, central);
#elif SLOPE == SLOPE_minmod
    const realv s = MINMOD2(below, above_);
#elif SLOPE == SLOPE_vanleer
    const realv product = LARGER(below * above_, (realv)0);
    const realv sum = below + above_;
    const realv s = (real)2 * product / (product > (realv)0 ? sum : (realv)1);
#endif
    return LARGER(SMALLER((real)0.5 * s, centre), -centre);
#endif
}
