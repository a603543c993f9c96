// The flow of networks: theta = (a, w1, ..., wd[, b]).
//
// Work goes in blocks of UNIT_BLOCK units by tiles of TILE_VECTORS vectors of VW data, so that an input or a
// weight once loaded serves several pairs; loops over a block are unrolled to keep its numbers in registers.
// Inputs are x[tile][d][TILE_VECTORS], data padded to whole tiles with weight 0. All data are read as aligned
// vectors: calls, such as vload, would spill registers.
//
// Generated code gives activation(t, &value), activation_with_slope(t, &value, &slope),
// amplitude_penalty(a, &value, &slope) for r_a, and LOSS_SLOPE(f, y) for dl/df.

#define BLOCK_VECTORS (UNIT_BLOCK * TILE_VECTORS)
#define DATA_VECTORS (DATA_PITCH / VW)
// Vectors of data whose sums run in `real` lanes, before they join those in double.
#define SPAN (64 / TILE_VECTORS * TILE_VECTORS)
// Sums over the data, per unit, of residual times: value; slope; slope times each input.
#define ROWS (INPUTS + 2)

// Sum over the lanes of a vector, in double and in a fixed order.
static inline double sum_lanes(const realv v)
{
#if VW == 1
    return v;
#else
    const sumv all = TO_SUM(v);
#if VW == 2
    return all.x + all.y;
#else
#if VW == 16
    const double8 eight = all.lo + all.hi;
#else
#define eight all
#endif
#if VW >= 8
    const double4 four = eight.lo + eight.hi;
#else
#define four all
#endif
    const double2 two = four.lo + four.hi;
    return two.x + two.y;
#endif
#endif
}

// t[unit][vector] = <w, x> + b of a block of units at a tile of data.
static inline void preactivations(__global const real *restrict state, const int *unit,
                                  __global const realv *restrict x, realv *t)
{
    realv sum[BLOCK_VECTORS];
    #pragma unroll
    for (int i = 0; i < BLOCK_VECTORS; ++i)
        sum[i] = HAS_BIAS ? (realv)(state[(INPUTS + HAS_BIAS) * UNITS + unit[i / TILE_VECTORS]]) : (realv)0;
    for (int k = 0; k < INPUTS; ++k) {
        #pragma unroll
        for (int i = 0; i < BLOCK_VECTORS; ++i)
            sum[i] += state[(k + 1) * UNITS + unit[i / TILE_VECTORS]]
                * x[k * TILE_VECTORS + i % TILE_VECTORS];
    }
    #pragma unroll
    for (int i = 0; i < BLOCK_VECTORS; ++i) t[i] = sum[i];
}

// partial[chunk][l] = sum over the units of a chunk of weight a sigma(<w, x_l> + b); KEEP keeps the
// preactivations for `velocity`.
__kernel void partial_predictions(__global const real *restrict state,
                                  __global const real *restrict weights, __global const realv *restrict x,
                                  __global const int *restrict chunk_start, __global sumv *restrict partial,
                                  __global realv *restrict kept)
{
    const int tile = get_global_id(0), chunk = get_global_id(1), last = chunk_start[chunk + 1] - 1;
    realv total[TILE_VECTORS];
    #pragma unroll
    for (int v = 0; v < TILE_VECTORS; ++v) total[v] = (realv)0;
    for (int first = chunk_start[chunk]; first <= last; first += UNIT_BLOCK) {
        // a block that is not full repeats the last unit, with factor 0
        int unit[UNIT_BLOCK];
        #pragma unroll
        for (int u = 0; u < UNIT_BLOCK; ++u) unit[u] = SMALLER(first + u, last);
        realv t[BLOCK_VECTORS];
        preactivations(state, unit, x + (size_t)tile * INPUTS * TILE_VECTORS, t);
#if KEEP
        #pragma unroll
        for (int i = 0; i < BLOCK_VECTORS; ++i)
            kept[(size_t)unit[i / TILE_VECTORS] * DATA_VECTORS + tile * TILE_VECTORS + i % TILE_VECTORS]
                = t[i];
#endif
        for (int u = 0; u < UNIT_BLOCK; ++u) {
            const int at = SMALLER(first + u, last);
            const real factor = first + u <= last ? weights[at] * state[at] : 0;
            #pragma unroll
            for (int v = 0; v < TILE_VECTORS; ++v) {
                realv value;
                activation(t[u * TILE_VECTORS + v], &value);
                total[v] += factor * value;
            }
        }
    }
    #pragma unroll
    for (int v = 0; v < TILE_VECTORS; ++v)
        partial[(size_t)chunk * DATA_VECTORS + tile * TILE_VECTORS + v] = TO_SUM(total[v]);
}

// Predictions of each network, and residual = data weight dl/df, from the partial sums of its chunks.
__kernel void predict(__global const double *restrict partial, __global const int *restrict first_chunk,
                      __global const double *restrict targets, __global const double *restrict data_weights,
                      __global double *restrict prediction, __global real *restrict residual)
{
    const int l = get_global_id(0), network = get_global_id(1);
    double total = 0;
    for (int chunk = first_chunk[network]; chunk < first_chunk[network + 1]; ++chunk)
        total += partial[(size_t)chunk * DATA_PITCH + l];
    prediction[network * DATA_PITCH + l] = total;
    residual[network * DATA_PITCH + l] = (real)(data_weights[l] * LOSS_SLOPE(total, targets[l]));
}

// Adds a tile of data, from vector l on, to sum[ROWS][UNIT_BLOCK] of the block that starts at unit `first`.
static inline void add_tile(__global const real *restrict state, __global const realv *restrict residual,
                            __global const realv *restrict x, __global const int *restrict network_of,
                            __global const realv *restrict kept, const int first, const int l, realv *sum)
{
    // a block that is not full repeats the last unit
    int unit[UNIT_BLOCK];
    #pragma unroll
    for (int u = 0; u < UNIT_BLOCK; ++u) unit[u] = SMALLER(first + u, UNITS - 1);
    realv t[BLOCK_VECTORS];
#if KEEP
    #pragma unroll
    for (int i = 0; i < BLOCK_VECTORS; ++i)
        t[i] = kept[(size_t)unit[i / TILE_VECTORS] * DATA_VECTORS + l + i % TILE_VECTORS];
#else
    preactivations(state, unit, x + (size_t)l * INPUTS, t);
#endif
    for (int u = 0; u < UNIT_BLOCK; ++u) {
        const int network = network_of[SMALLER(first + u, UNITS - 1)];
        __global const realv *restrict r = residual + (size_t)network * DATA_VECTORS + l;
        realv value_sum = sum[u], slope_sum = sum[UNIT_BLOCK + u];
        #pragma unroll
        for (int v = 0; v < TILE_VECTORS; ++v) {
            realv value, slope;
            activation_with_slope(t[u * TILE_VECTORS + v], &value, &slope);
            value_sum += r[v] * value;
            slope *= r[v];
            slope_sum += slope;
            t[u * TILE_VECTORS + v] = slope;
        }
        sum[u] = value_sum;
        sum[UNIT_BLOCK + u] = slope_sum;
    }
    realv slope[BLOCK_VECTORS];
    #pragma unroll
    for (int i = 0; i < BLOCK_VECTORS; ++i) slope[i] = t[i];
    for (int k = 0; k < INPUTS; ++k) {
        #pragma unroll
        for (int u = 0; u < UNIT_BLOCK; ++u) {
            realv part = sum[(k + 2) * UNIT_BLOCK + u];
            #pragma unroll
            for (int v = 0; v < TILE_VECTORS; ++v)
                part += slope[u * TILE_VECTORS + v] * x[(size_t)l * INPUTS + k * TILE_VECTORS + v];
            sum[(k + 2) * UNIT_BLOCK + u] = part;
        }
    }
}

// The rate of one unit from its sums over the data, which lie UNIT_BLOCK apart.
static inline void write_rate(__global const real *restrict state, const double *sum,
                              __constant real *restrict mobility, const real confinement,
                              __constant real *restrict low, __constant real *restrict high,
                              __constant int *restrict periodic, const int unit,
                              __global real *restrict rate)
{
    const real a = state[unit], h = (real)sum[0];
    real rest = 0;
    for (int c = 1; c < COMPONENTS; ++c) {
        const real z = state[c * UNITS + unit];
        rest += confinement * z * z;
        // the bias is the last component, its sum comes before those of the inputs
        const real slope = (real)sum[(c <= INPUTS ? c + 1 : 1) * UNIT_BLOCK];
        const real v = -mobility[c] * (a * slope + 2 * confinement * z);
        rate[c * UNITS + unit] = allowed(v, z, c, low, high, periodic);
    }
    write_amplitude_rate(unit, a, h, rest, mobility, low, high, periodic, rate);
}

// d/dt of a state: -mobility grad V for the components, as far as walls allow; V for the action. One
// block of units per work item.
__kernel void velocity(__global const real *restrict state, __global const realv *restrict residual,
                       __global const realv *restrict x, __global const int *restrict network_of,
                       __global const realv *restrict kept, __constant real *restrict mobility,
                       const real confinement, __constant real *restrict low,
                       __constant real *restrict high, __constant int *restrict periodic,
                       __global real *restrict rate)
{
    const int first = get_global_id(0) * UNIT_BLOCK;
    double total[ROWS * UNIT_BLOCK];
    for (int i = 0; i < ROWS * UNIT_BLOCK; ++i) total[i] = 0;
    for (int start = 0; start < DATA_VECTORS; start += SPAN) {
        realv sum[ROWS * UNIT_BLOCK];
        for (int i = 0; i < ROWS * UNIT_BLOCK; ++i) sum[i] = (realv)0;
        for (int l = start; l < SMALLER(start + SPAN, DATA_VECTORS); l += TILE_VECTORS)
            add_tile(state, residual, x, network_of, kept, first, l, sum);
        for (int i = 0; i < ROWS * UNIT_BLOCK; ++i) total[i] += sum_lanes(sum[i]);
    }
    for (int u = 0; u < UNIT_BLOCK && first + u < UNITS; ++u)
        write_rate(state, total + u, mobility, confinement, low, high, periodic, first + u, rate);
}
