// The flow of networks of any feature map, with one output or several: theta = (a1, ..., aO, z).
//
// Generated code gives feature(z, x, &value) and feature_with_slopes(z, x, &value, slopes) for z of REST
// numbers and x of INPUTS, amplitude_penalty(a, &value, &slope), and LOSS_SLOPE(f, y) of one output or, with
// LOSS_OF_ALL_OUTPUTS, loss_slopes(f, y, slope). Predictions, residuals and targets lie output after output.

// partial[chunk][output][l] = sum over the units of a chunk of weight a phi(z; x_l).
__kernel void partial_predictions(__global const real *restrict state, __global const real *restrict weights,
                                  __global const real *restrict x, __global const int *restrict chunk_start,
                                  __global double *restrict partial)
{
    const int l = get_global_id(0), chunk = get_global_id(1);
    double total[OUTPUTS];
    for (int o = 0; o < OUTPUTS; ++o) total[o] = 0;
    for (int unit = chunk_start[chunk]; unit < chunk_start[chunk + 1]; ++unit) {
        real z[REST], value;
        for (int c = 0; c < REST; ++c) z[c] = state[(OUTPUTS + c) * UNITS + unit];
        feature(z, x + (size_t)l * INPUTS, &value);
        for (int o = 0; o < OUTPUTS; ++o) total[o] += weights[unit] * state[o * UNITS + unit] * value;
    }
    for (int o = 0; o < OUTPUTS; ++o) partial[((size_t)chunk * OUTPUTS + o) * DATA + l] = total[o];
}

// Predictions of each network at a datum, and residual = data weight dl/df, from the sums of its chunks.
__kernel void predict(__global const double *restrict partial, __global const int *restrict first_chunk,
                      __global const double *restrict targets, __global const double *restrict data_weights,
                      __global double *restrict prediction, __global real *restrict residual)
{
    const int l = get_global_id(0), network = get_global_id(1);
    double f[OUTPUTS], y[OUTPUTS], slope[OUTPUTS];
    for (int o = 0; o < OUTPUTS; ++o) {
        f[o] = 0;
        y[o] = targets[o * DATA + l];
        for (int chunk = first_chunk[network]; chunk < first_chunk[network + 1]; ++chunk)
            f[o] += partial[((size_t)chunk * OUTPUTS + o) * DATA + l];
    }
#ifdef LOSS_OF_ALL_OUTPUTS
    loss_slopes(f, y, slope);
#else
    for (int o = 0; o < OUTPUTS; ++o) slope[o] = LOSS_SLOPE(f[o], y[o]);
#endif
    for (int o = 0; o < OUTPUTS; ++o) {
        prediction[((size_t)network * OUTPUTS + o) * DATA + l] = f[o];
        residual[((size_t)network * OUTPUTS + o) * DATA + l] = (real)(data_weights[l] * slope[o]);
    }
}

// d/dt of a state: -mobility grad V for the components, as far as walls allow; V for the action.
__kernel void velocity(__global const real *restrict state, __global const real *restrict residual,
                       __global const real *restrict x, __global const int *restrict network_of,
                       __constant real *restrict mobility, const real confinement,
                       __constant real *restrict low, __constant real *restrict high,
                       __constant int *restrict periodic, __global real *restrict rate)
{
    const int unit = get_global_id(0);
    __global const real *restrict r = residual + (size_t)network_of[unit] * OUTPUTS * DATA;
    real a[OUTPUTS], z[REST];
    double h[OUTPUTS], gradient[REST];
    for (int o = 0; o < OUTPUTS; ++o) {
        a[o] = state[o * UNITS + unit];
        h[o] = 0;
    }
    for (int c = 0; c < REST; ++c) {
        z[c] = state[(OUTPUTS + c) * UNITS + unit];
        gradient[c] = 0;
    }
    for (int l = 0; l < DATA; ++l) {
        real value, slopes[REST], pull = 0;
        feature_with_slopes(z, x + (size_t)l * INPUTS, &value, slopes);
        for (int o = 0; o < OUTPUTS; ++o) {
            h[o] += r[o * DATA + l] * value;
            pull += a[o] * r[o * DATA + l];
        }
        for (int c = 0; c < REST; ++c) gradient[c] += pull * slopes[c];
    }
    real v = 0;
    for (int c = 0; c < REST; ++c) {
        const int row = OUTPUTS + c;
        const real speed = -mobility[row] * ((real)gradient[c] + 2 * confinement * z[c]);
        rate[row * UNITS + unit] = allowed(speed, z[c], row, low, high, periodic);
        v += confinement * z[c] * z[c];
    }
    for (int o = 0; o < OUTPUTS; ++o)
        v += write_amplitude(unit, o, a[o], (real)h[o], mobility, low, high, periodic, rate);
    rate[COMPONENTS * UNITS + unit] = v;
}
