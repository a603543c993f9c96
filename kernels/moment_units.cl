// The flow of units in an external potential V0, with an interaction of finite rank within each network: W * mu = u . C m by the RANK
// features u of a unit and the moments m of its network, see mfpde/measures/finite_rank.py. Features are in double, whatever the state is.
// Generated code gives external(theta, &value, slopes). If KEEP, features stay in `kept`, (RANK, units), from the moments to the velocity.

// Feature f at x, about the centre: x^powers exp(growth . x) times cosine or sine of frequency . x. Features of one class are neighbours;
// what they have in common is kept in `waves`. If TURNS, a class that follows the one before is that one turned by a common step.
typedef struct { int number; double cosine, sine, step_cosine, step_sine; } waves;
#define FEATURE_TABLES const int classes, __global const double *restrict exponents, __global const int *restrict follows, \
                       __global const int *restrict class_of, __global const int *restrict is_sine, __global const int *restrict powers
#define TABLES classes, exponents, follows, class_of, is_sine, powers

static inline double linear(__global const double *restrict slopes, const double *x)
{
    double sum = 0;
    for (int k = 0; k < COMPONENTS; ++k) sum += slopes[k] * x[k];
    return sum;
}

static inline waves begin(const double *x, FEATURE_TABLES)
{
    waves common = {-1, 0, 0, 1, 0};
#if TURNS
    common.step_cosine = cos(linear(exponents, x));
    common.step_sine = sin(linear(exponents, x));
#endif
    return common;
}

static inline double feature(const int f, const double *x, waves *common, FEATURE_TABLES)
{
    const int number = class_of[f];
    if (number != common->number) {
        common->number = number;
#if TURNS
        if (follows[number]) {
            const double cosine = common->cosine, sine = common->sine;
            common->cosine = cosine * common->step_cosine - sine * common->step_sine;
            common->sine = sine * common->step_cosine + cosine * common->step_sine;
        } else
#endif
        {
            const double growth = linear(exponents + (1 + number) * COMPONENTS, x);
            const double phase = linear(exponents + (1 + classes + number) * COMPONENTS, x);
            const double size = growth == 0 ? 1 : exp(growth);
            common->cosine = phase == 0 ? size : size * cos(phase);
            common->sine = phase == 0 ? 0 : size * sin(phase);
        }
    }
    double value = is_sine[f] ? common->sine : common->cosine;
    for (int k = 0; k < COMPONENTS; ++k)
        for (int p = powers[f * COMPONENTS + k]; p > 0; --p) value *= x[k];
    return value;
}

static inline void place(const int unit, __global const real *restrict state, __global const double *restrict centre, double *x)
{
    for (int k = 0; k < COMPONENTS; ++k) x[k] = (double)state[k * UNITS + unit] - centre[k];
}

// partial[chunk][0] = sum of the weights of a chunk, partial[chunk][1 + k] = sum of weight times component k.
__kernel void partial_centres(__global const real *restrict state, __global const real *restrict weights, __global const int *restrict chunk_start,
                              __global double *restrict partial)
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
__kernel void find_centres(__global const double *restrict partial, __global const int *restrict first_chunk, __global const int *restrict is_line,
                           __global double *restrict centres)
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
__kernel void partial_features(__global const real *restrict state, __global const real *restrict weights, __global const int *restrict network_of,
                               __global const int *restrict chunk_start, __global const double *restrict centres, FEATURE_TABLES,
                               __global double *restrict partial, __global double *restrict kept)
{
    const int chunk = get_global_id(0);
    __global double *sums = partial + (size_t)chunk * RANK;
    for (int f = 0; f < RANK; ++f) sums[f] = 0;
    for (int j = chunk_start[chunk]; j < chunk_start[chunk + 1]; ++j) {
        double x[COMPONENTS];
        place(j, state, centres + network_of[j] * COMPONENTS, x);
        waves common = begin(x, TABLES);
        for (int f = 0; f < RANK; ++f) {
            const double u = feature(f, x, &common, TABLES);
            sums[f] += weights[j] * u;
#if KEEP
            kept[(size_t)f * UNITS + j] = u;
#endif
        }
    }
}

// Moments of every network, (networks, RANK): the sums over its chunks.
__kernel void find_moments(__global const double *restrict partial, __global const int *restrict first_chunk, __global double *restrict moments)
{
    const int f = get_global_id(0), network = get_global_id(1);
    double total = 0;
    for (int chunk = first_chunk[network]; chunk < first_chunk[network + 1]; ++chunk) total += partial[(size_t)chunk * RANK + f];
    moments[network * RANK + f] = total;
}

// Coefficients of W * mu, then of its derivatives, (networks, 1 + COMPONENTS, RANK): a sparse matrix, by rows, times the moments.
__kernel void couple(__global const double *restrict moments, __global const int *restrict row_start, __global const int *restrict columns,
                     __global const double *restrict entries, __global double *restrict coefficients)
{
    const int row = get_global_id(0), network = get_global_id(1);
    double total = 0;
    for (int e = row_start[row]; e < row_start[row + 1]; ++e) total += entries[e] * moments[network * RANK + columns[e]];
    coefficients[network * (1 + COMPONENTS) * RANK + row] = total;
}

__kernel void velocity(__global const real *restrict state, __global const int *restrict network_of, __global const double *restrict centres,
                       FEATURE_TABLES, __global const double *restrict kept, __global const double *restrict coefficients, __constant real *restrict mobility,
                       __constant real *restrict low, __constant real *restrict high, __constant int *restrict periodic,
                       __global real *restrict rate)
{
    const int unit = get_global_id(0);
    if (unit >= UNITS) return;
    const int network = network_of[unit];
    real theta[COMPONENTS], value, slopes[COMPONENTS];
    for (int k = 0; k < COMPONENTS; ++k) theta[k] = state[k * UNITS + unit];
    external(theta, &value, slopes);
    double x[COMPONENTS], sums[1 + COMPONENTS];
    place(unit, state, centres + network * COMPONENTS, x);
    for (int k = 0; k <= COMPONENTS; ++k) sums[k] = 0;
    waves common = begin(x, TABLES);
    for (int f = 0; f < RANK; ++f) {
#if KEEP
        const double u = kept[(size_t)f * UNITS + unit];
#else
        const double u = feature(f, x, &common, TABLES);
#endif
        for (int k = 0; k <= COMPONENTS; ++k) sums[k] += coefficients[(network * (1 + COMPONENTS) + k) * RANK + f] * u;
    }
    for (int k = 0; k < COMPONENTS; ++k)
        rate[k * UNITS + unit] = allowed((real)(-mobility[k] * ((double)slopes[k] + sums[1 + k])), theta[k], k, low, high, periodic);
    rate[COMPONENTS * UNITS + unit] = (real)((double)value + sums[0]);
}
