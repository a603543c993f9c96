// The amplitudes of a unit, in which networks are linear. Generated code gives
// amplitude_penalty(a, &value, &slope) for the penalty r_a of one amplitude.

#if VW == 1
#define FIRST(v) (v)
#else
#define FIRST(v) ((v).s0)
#endif

// Where lambda changes in time, its factor lies behind the mobilities.
#if ANNEALED
#define KINK_AT(mobility) ((real)LAMBDA * (mobility)[COMPONENTS])
#define ANNEAL(mobility, value, slope) value *= (mobility)[COMPONENTS], slope *= (mobility)[COMPONENTS]
#else
#define KINK_AT(mobility) ((real)LAMBDA)
#define ANNEAL(mobility, value, slope)
#endif

// -dV/da; a penalty lambda |a| holds a unit at a = 0 as long as |h| <= lambda
#if KINK
#define AMPLITUDE_FORCE(a, h, slope) \
    (a != 0 ? -h - FIRST(slope) \
            : fabs(h) <= KINK_AT(mobility) ? 0 : -h + copysign(KINK_AT(mobility), h))
#else
#define AMPLITUDE_FORCE(a, h, slope) (-h - FIRST(slope))
#endif

// Writes the rate of one amplitude; what it adds to V = <a, h> + r.
static inline real write_amplitude(const int unit, const int output, const real a, const real h,
                                   __constant real *restrict mobility, __constant real *restrict low,
                                   __constant real *restrict high, __constant int *restrict periodic,
                                   __global real *restrict rate)
{
    realv penalty, slope;
    amplitude_penalty((realv)a, &penalty, &slope);
    ANNEAL(mobility, penalty, slope);
    const real force = AMPLITUDE_FORCE(a, h, slope);
    rate[output * UNITS + unit] = allowed(mobility[output] * force, a, output, low, high, periodic);
    return a * h + FIRST(penalty);
}

// Rates of the only amplitude and of the action V = a h + r, where `rest` is what of r does not depend on a.
// Not by the function above: with its sums in this order compilers contract them as they always did.
static inline void write_amplitude_rate(const int unit, const real a, const real h, const real rest,
                                        __constant real *restrict mobility, __constant real *restrict low,
                                        __constant real *restrict high, __constant int *restrict periodic,
                                        __global real *restrict rate)
{
    realv penalty, slope;
    amplitude_penalty((realv)a, &penalty, &slope);
    ANNEAL(mobility, penalty, slope);
    const real force = AMPLITUDE_FORCE(a, h, slope);
    rate[unit] = allowed(mobility[0] * force, a, 0, low, high, periodic);
    rate[COMPONENTS * UNITS + unit] = a * h + FIRST(penalty) + rest;
}
