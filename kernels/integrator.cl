// Units of all networks of a ladder together, whatever moves them. Unit i of the UNITS units belongs to
// network network_of[i]. A state is an array [COMPONENTS + 1][UNITS]: the components of theta and the action
// S = int V dt along the path, from which weights follow.

// The part of a velocity that walls allow: none out of the box.
static inline real allowed(const real v, const real at, const int component, __constant real *restrict low,
                           __constant real *restrict high, __constant int *restrict periodic)
{
    const int outward = (at <= low[component] && v < 0) || (at >= high[component] && v > 0);
    return outward && !periodic[component] ? 0 : v;
}

// result = y + sum_i c_i k_i: a stage of an explicit Runge-Kutta method.
__kernel void combine_stages(__global const real *restrict y, __global const real *restrict k0,
                             __global const real *restrict k1, __global const real *restrict k2,
                             __global const real *restrict k3, __global const real *restrict k4,
                             __global const real *restrict k5, __global const real *restrict k6,
                             const real c0, const real c1, const real c2, const real c3, const real c4,
                             const real c5, const real c6, __global real *restrict result)
{
    const int i = get_global_id(0);
    result[i] =
        y[i] + (c0 * k0[i] + c1 * k1[i] + c2 * k2[i] + c3 * k3[i] + c4 * k4[i] + c5 * k5[i] + c6 * k6[i]);
}

// Walls hold particles (the projected flow, counterpart of no flux); circles wrap them. Action is left alone.
// Where the penalty has a kink, an amplitude that changed its sign since `origin` stops at 0 if the penalty
// is strong enough there to hold it: |h| <= lambda, h from the rate at `origin`.
__kernel void project(__global real *restrict state, __global const real *restrict origin,
                      __global const real *restrict rate, __constant real *restrict mobility,
                      __constant real *restrict low, __constant real *restrict high,
                      __constant int *restrict periodic)
{
    const int i = get_global_id(0), component = i / UNITS;
    const real lo = low[component], hi = high[component];
    real v = state[i];
    if (periodic[component]) v -= (hi - lo) * floor((v - lo) / (hi - lo));
    else v = v < lo ? lo : v > hi ? hi : v;
#if KINK
#if ANNEALED
    const real kink = (real)LAMBDA * mobility[COMPONENTS];
#else
    const real kink = (real)LAMBDA;
#endif
    if (component < OUTPUTS && v * origin[i] < 0
        && fabs(rate[i] / mobility[component] + copysign(kink, origin[i])) <= kink)
        v = 0;
#endif
    state[i] = v;
}

// Squared local errors relative to their tolerance; the action counts with weight action_scale.
__kernel void local_errors(__global const real *restrict y, __global const real *restrict y_new,
                           __global const real *restrict k0, __global const real *restrict k2,
                           __global const real *restrict k3, __global const real *restrict k4,
                           __global const real *restrict k5, __global const real *restrict k6, const real c0,
                           const real c2, const real c3, const real c4, const real c5, const real c6,
                           const real tolerance, const real action_scale, __global double *restrict squares)
{
    const int i = get_global_id(0);
    const real e = c0 * k0[i] + c2 * k2[i] + c3 * k3[i] + c4 * k4[i] + c5 * k5[i] + c6 * k6[i];
    const real size = fabs(y[i]) > fabs(y_new[i]) ? fabs(y[i]) : fabs(y_new[i]);
    const double ratio = i < COMPONENTS * UNITS ? e / (tolerance * (1 + size)) : action_scale * e / tolerance;
    squares[i] = ratio * ratio;
}

// weights_i = prior_i exp(-alpha S_i) / sum over the units of its network.
__kernel void normalise_weights(__global const real *restrict state, __global const int *restrict first_unit,
                                __global const real *restrict prior, const real alpha,
                                __global real *restrict weights)
{
    const int network = get_global_id(0), start = first_unit[network], end = first_unit[network + 1];
    __global const real *restrict action = state + COMPONENTS * UNITS;
    real least = action[start];
    for (int i = start; i < end; ++i) least = action[i] < least ? action[i] : least;
    double total = 0;
    for (int i = start; i < end; ++i) {
        weights[i] = prior[i] * exp(-alpha * (action[i] - least));
        total += weights[i];
    }
    for (int i = start; i < end; ++i) weights[i] = (real)(weights[i] / total);
}
