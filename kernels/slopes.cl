// Half of limited slopes times cell width, from three consecutive cell averages (Carrillo, Chertock &
// Huang 2015). Clipped to |s/2| <= rho, so both edge values are nonnegative: all that positivity and
// dissipation need.
// `limited_slope(below, above, central)` is generated from the limiter, see mfpde/eulerian/limiters.

// left_, right_, both: what differences are multiplied with (cell width over distance), constants 1, 1, 1/2
// on uniform axes.
static inline realv half_slope(const realv left, const realv centre, const realv right,
                               const realv left_, const realv right_, const realv both)
{
    const realv s = limited_slope((centre - left) * left_, (right - centre) * right_, (right - left) * both);
    return LARGER(SMALLER((real)0.5 * s, centre), -centre);
}
