// The flow of networks: theta = (a, w1, ..., wd[, b]). Inputs are x[d][DATA_PITCH], data in vectors of VW lanes, rows padded.
//
// Generated code gives activation(t, &value), activation_with_slope(t, &value, &slope), and
// amplitude_penalty(a, &value, &slope) for lambda |a|^q.

#if VW == 1
#define FIRST(v) (v)
#else
#define FIRST(v) ((v).s0)
#endif

static inline realv preactivation(__global const real *restrict state, const int unit, __global const real *restrict x, const int l)
{
#if HAS_BIAS
    realv t = (realv)(state[(INPUTS + 1) * UNITS + unit]);
#else
    realv t = (realv)0;
#endif
    for (int k = 0; k < INPUTS; ++k) t += state[(k + 1) * UNITS + unit] * LOAD(x + k * DATA_PITCH + l);
    return t;
}

// partial[chunk][l] = sum over the units of a chunk of weight a sigma(<w, x_l> + b).
__kernel void partial_predictions(__global const real *restrict state, __global const real *restrict weights, __global const real *restrict x,
                                  __global const int *restrict chunk_start, __global double *restrict partial)
{
    const int l = get_global_id(0) * VW, chunk = get_global_id(1);
    realv total = (realv)0;
    for (int unit = chunk_start[chunk]; unit < chunk_start[chunk + 1]; ++unit) {
        realv value;
        activation(preactivation(state, unit, x, l), &value);
        total += weights[unit] * state[unit] * value;
    }
    STORED(TO_SUM(total), partial + (size_t)chunk * DATA_PITCH + l);
}

// Predictions of each network, and residual = data weight (f - f*), from the partial sums of its chunks.
__kernel void predict(__global const double *restrict partial, __global const int *restrict first_chunk,
                      __global const double *restrict targets, __global const double *restrict data_weights,
                      __global double *restrict prediction, __global real *restrict residual)
{
    const int l = get_global_id(0), network = get_global_id(1);
    double total = 0;
    for (int chunk = first_chunk[network]; chunk < first_chunk[network + 1]; ++chunk) total += partial[(size_t)chunk * DATA_PITCH + l];
    prediction[network * DATA_PITCH + l] = total;
    residual[network * DATA_PITCH + l] = (real)(data_weights[l] * (total - targets[l]));
}

// d/dt of a state: -mobility grad V for the components, as far as walls allow; V for the action.
__kernel void velocity(__global const real *restrict state, __global const real *restrict residual, __global const real *restrict x,
                       __global const int *restrict network_of, __constant real *restrict mobility, const real confinement,
                       __constant real *restrict low, __constant real *restrict high, __constant int *restrict periodic,
                       __global real *restrict rate)
{
    const int unit = get_global_id(0);
    __global const real *restrict r = residual + network_of[unit] * DATA_PITCH;
    realv sum_value = (realv)0, sum_slope = (realv)0, sum_input[INPUTS];
    for (int k = 0; k < INPUTS; ++k) sum_input[k] = (realv)0;
    for (int l = 0; l < DATA_PITCH; l += VW) {
        realv value, slope;
        activation_with_slope(preactivation(state, unit, x, l), &value, &slope);
        const realv here = LOAD(r + l);
        sum_value += here * value;
        slope *= here;
        sum_slope += slope;
        for (int k = 0; k < INPUTS; ++k) sum_input[k] += slope * LOAD(x + k * DATA_PITCH + l);
    }
    const real a = state[unit];
    realv penalty, penalty_slope;
    amplitude_penalty((realv)a, &penalty, &penalty_slope);
    const real h = (real)HSUM(TO_SUM(sum_value));
    real rest = 0;
    for (int k = 0; k < INPUTS; ++k) {
        const real w = state[(k + 1) * UNITS + unit];
        rest += confinement * w * w;
        const real v = -mobility[k + 1] * (a * (real)HSUM(TO_SUM(sum_input[k])) + 2 * confinement * w);
        rate[(k + 1) * UNITS + unit] = allowed(v, w, k + 1, low, high, periodic);
    }
#if HAS_BIAS
    const real b = state[(INPUTS + 1) * UNITS + unit];
    rest += confinement * b * b;
    const real vb = -mobility[INPUTS + 1] * (a * (real)HSUM(TO_SUM(sum_slope)) + 2 * confinement * b);
    rate[(INPUTS + 1) * UNITS + unit] = allowed(vb, b, INPUTS + 1, low, high, periodic);
#endif
#if KINK
    // lambda |a| holds a unit at a = 0 as long as |h| <= lambda
    const real force = a != 0 ? -h - FIRST(penalty_slope) : fabs(h) <= (real)LAMBDA ? 0 : -h + copysign((real)LAMBDA, h);
#else
    const real force = -h - FIRST(penalty_slope);
#endif
    rate[unit] = allowed(mobility[0] * force, a, 0, low, high, periodic);
    rate[COMPONENTS * UNITS + unit] = a * h + FIRST(penalty) + rest;
}
