// The flow of units in an external potential V0, with a pair interaction W within each network. Generated
// code gives external(theta, &value, slopes) and, if HAS_INTERACTION, interaction(differences, &value,
// slopes).

__kernel void velocity(__global const real *restrict state, __global const real *restrict weights,
                       __global const int *restrict network_of, __global const int *restrict first_unit,
                       __constant real *restrict mobility, __constant real *restrict low,
                       __constant real *restrict high, __constant int *restrict periodic,
                       __global real *restrict rate)
{
    const int unit = get_global_id(0);
    real theta[COMPONENTS], value, slopes[COMPONENTS];
    for (int k = 0; k < COMPONENTS; ++k) theta[k] = state[k * UNITS + unit];
    external(theta, &value, slopes);
    double v = value, gradient[COMPONENTS];
    for (int k = 0; k < COMPONENTS; ++k) gradient[k] = slopes[k];
#if HAS_INTERACTION
    const int network = network_of[unit];
    for (int j = first_unit[network]; j < first_unit[network + 1]; ++j) {
        real difference[COMPONENTS];
        for (int k = 0; k < COMPONENTS; ++k) {
            difference[k] = theta[k] - state[k * UNITS + j];
            if (periodic[k]) difference[k] -= (high[k] - low[k]) * rint(difference[k] / (high[k] - low[k]));
        }
        interaction(difference, &value, slopes);
        v += weights[j] * value;
        for (int k = 0; k < COMPONENTS; ++k) gradient[k] += weights[j] * slopes[k];
    }
#endif
    for (int k = 0; k < COMPONENTS; ++k)
        rate[k * UNITS + unit] =
            allowed((real)(-mobility[k] * gradient[k]), theta[k], k, low, high, periodic);
    rate[COMPONENTS * UNITS + unit] = (real)v;
}
