// The flow of units in an external potential V0, with an interaction of finite rank within each network: W *
// mu = u . C m by the RANK features u of a unit and the moments m of its network, see
// mfpde/measures/finite_rank.py. Features are in double, whatever the state is. Generated code gives
// external(theta, &value, slopes).

// Features of FEATURE_VW units at a time, (RANK, PITCH): x^powers exp(growth . x) times cosine or sine of
// frequency . x, x about the centre. Those of one class are neighbours and share the exponential, cosine and
// sine; a class that `follows` is the one before, turned by a step. `exponents` holds the step, then growths,
// then frequencies.
#if FEATURE_VW == 1
typedef double featurev;
#define STORE_FEATURES(v, p) (*(p) = (v))
#define LANE(v, i) (v)
#else
typedef CAT(double, FEATURE_VW) featurev;
typedef featurev __attribute__((aligned(sizeof(double)))) loose_featurev;
ACCESS(features, double, featurev)
#define STORE_FEATURES(v, p) store_features((v), (p))
#define LANE(v, i) ((v)[i])
#endif

// Whether one of the slopes is not 0, and then slopes . x.
static inline int linear(__global const double *restrict slopes, const featurev *x, featurev *sum)
{
    int some = 0;
    *sum = (featurev)0;
    for (int k = 0; k < COMPONENTS; ++k)
        if (slopes[k] != 0) {
            *sum += slopes[k] * x[k];
            some = 1;
        }
    return some;
}

__kernel void find_features(__global const real *restrict state, __global const int *restrict network_of,
                            __global const double *restrict centres, const int classes,
                            __global const double *restrict exponents, __global const int *restrict follows,
                            __global const int *restrict class_of, __global const int *restrict is_sine,
                            __global const int *restrict powers, __global double *restrict features)
{
    const int first = get_global_id(0) * FEATURE_VW;
    featurev x[COMPONENTS], form;
    featurev cosine = (featurev)1, sine = (featurev)0, step_cosine = (featurev)1, step_sine = (featurev)0;
    for (int i = 0; i < FEATURE_VW; ++i) {
        const int unit = SMALLER(first + i, UNITS - 1);
        for (int k = 0; k < COMPONENTS; ++k)
            LANE(x[k], i) = (double)state[k * UNITS + unit] - centres[network_of[unit] * COMPONENTS + k];
    }
#if TURNS
    linear(exponents, x, &form);
    step_cosine = cos(form);
    step_sine = sin(form);
#endif
    int current = -1;
    for (int f = 0; f < RANK; ++f) {
        const int number = class_of[f];
        if (number != current && follows[number]) {
            const featurev before = cosine;
            cosine = before * step_cosine - sine * step_sine;
            sine = sine * step_cosine + before * step_sine;
        } else if (number != current) {
            const int turning = linear(exponents + (1 + classes + number) * COMPONENTS, x, &form);
            cosine = turning ? cos(form) : (featurev)1;
            sine = turning ? sin(form) : (featurev)0;
            if (linear(exponents + (1 + number) * COMPONENTS, x, &form)) {
                const featurev size = exp(form);
                cosine *= size;
                sine *= size;
            }
        }
        current = number;
        featurev value = is_sine[f] ? sine : cosine;
        for (int k = 0; k < COMPONENTS; ++k)
            for (int p = powers[f * COMPONENTS + k]; p > 0; --p) value *= x[k];
        STORE_FEATURES(value, features + (size_t)f * PITCH + first);
    }
}

// partial[chunk][0] = sum of the weights of a chunk, partial[chunk][1 + k] = sum of weight times component k.
__kernel void partial_centres(__global const real *restrict state, __global const real *restrict weights,
                              __global const int *restrict chunk_start, __global double *restrict partial)
{
    const int chunk = get_global_id(0);
    double total = 0, sums[COMPONENTS];
    for (int k = 0; k < COMPONENTS; ++k) sums[k] = 0;
    for (int j = chunk_start[chunk]; j < chunk_start[chunk + 1]; ++j) {
        total += weights[j];
        for (int k = 0; k < COMPONENTS; ++k) sums[k] += (double)weights[j] * state[k * UNITS + j];
    }
    partial[chunk * (COMPONENTS + 1)] = total;
    for (int k = 0; k < COMPONENTS; ++k) partial[chunk * (COMPONENTS + 1) + 1 + k] = sums[k];
}

// The mean of every network along the components that are lines of the interaction, 0 along others.
__kernel void find_centres(__global const double *restrict partial, __global const int *restrict first_chunk,
                           __global const int *restrict is_line, __global double *restrict centres)
{
    const int network = get_global_id(0);
    for (int k = 0; k < COMPONENTS; ++k) {
        double total = 0, sum = 0;
        for (int chunk = first_chunk[network]; chunk < first_chunk[network + 1]; ++chunk) {
            total += partial[chunk * (COMPONENTS + 1)];
            sum += partial[chunk * (COMPONENTS + 1) + 1 + k];
        }
        const double mean = sum / total;
        centres[network * COMPONENTS + k] = is_line[k] && isfinite(mean) ? mean : 0;
    }
}

// partial[chunk][f] = sum over the units of a chunk of weight times feature.
__kernel void partial_moments(__global const double *restrict features, __global const real *restrict weights,
                              __global const int *restrict chunk_start, __global double *restrict partial)
{
    const int chunk = get_global_id(0);
    for (int f = 0; f < RANK; ++f) {
        double sum = 0;
        for (int j = chunk_start[chunk]; j < chunk_start[chunk + 1]; ++j)
            sum += weights[j] * features[(size_t)f * PITCH + j];
        partial[(size_t)chunk * RANK + f] = sum;
    }
}

// Moments of every network, (networks, RANK): the sums over its chunks.
__kernel void find_moments(__global const double *restrict partial, __global const int *restrict first_chunk,
                           __global double *restrict moments)
{
    const int f = get_global_id(0), network = get_global_id(1);
    double total = 0;
    for (int chunk = first_chunk[network]; chunk < first_chunk[network + 1]; ++chunk)
        total += partial[(size_t)chunk * RANK + f];
    moments[network * RANK + f] = total;
}

// Coefficients of W * mu, then of its derivatives, (networks, 1 + COMPONENTS, RANK): a sparse matrix, by
// rows, times the moments.
__kernel void couple(__global const double *restrict moments, __global const int *restrict row_start,
                     __global const int *restrict columns, __global const double *restrict entries,
                     __global double *restrict coefficients)
{
    const int row = get_global_id(0), network = get_global_id(1);
    double total = 0;
    for (int e = row_start[row]; e < row_start[row + 1]; ++e)
        total += entries[e] * moments[network * RANK + columns[e]];
    coefficients[network * (1 + COMPONENTS) * RANK + row] = total;
}

__kernel void velocity(__global const real *restrict state, __global const int *restrict network_of,
                       __global const double *restrict features, __global const double *restrict coefficients,
                       __constant real *restrict mobility, __constant real *restrict low,
                       __constant real *restrict high, __constant int *restrict periodic,
                       __global real *restrict rate)
{
    const int unit = get_global_id(0);
    if (unit >= UNITS) return;
    __global const double *of_network = coefficients + (size_t)network_of[unit] * (1 + COMPONENTS) * RANK;
    real theta[COMPONENTS], value, slopes[COMPONENTS];
    for (int k = 0; k < COMPONENTS; ++k) theta[k] = state[k * UNITS + unit];
    external(theta, &value, slopes);
    double sums[1 + COMPONENTS];
    for (int k = 0; k <= COMPONENTS; ++k) sums[k] = 0;
    for (int f = 0; f < RANK; ++f)
        for (int k = 0; k <= COMPONENTS; ++k)
            sums[k] += of_network[k * RANK + f] * features[(size_t)f * PITCH + unit];
    for (int k = 0; k < COMPONENTS; ++k)
        rate[k * UNITS + unit] = allowed((real)(-mobility[k] * ((double)slopes[k] + sums[1 + k])), theta[k],
                                         k, low, high, periodic);
    rate[COMPONENTS * UNITS + unit] = (real)((double)value + sums[0]);
}
