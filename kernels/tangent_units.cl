// Tangents of weighted nodes (mfpde/lagrangian/tangent.py): one network of UNITS nodes, theta = (a, w1, ...,
// wd[, b]).
//
//   gradient[node][row][DATA_PITCH]    rows 0 ... COMPONENTS - 1: derivatives of Phi = a sigma at the data;
//                                      row COMPONENTS: Phi itself
//   hessian[node][COMPONENTS + 1][COMPONENTS]   of V; its last row is the gradient of V
//   tangents[node][ROWS][RANK_PITCH]   of the components and, with WEIGHTED, of the action
//   response[DATA_PITCH][RANK_PITCH]   g at the data
//
// Data and directions are padded to whole vectors of VW. The datum DATA has Phi = 1 and no other derivative:
// g there is the sum of the changes of weight, which normalisation takes out again. Generated code gives
// activation_with_curvature and amplitude_penalty_curvature.

#define ROWS (COMPONENTS + WEIGHTED)
#define DATA_VECTORS (DATA_PITCH / VW)
#define RANK_VECTORS (RANK_PITCH / VW)
// A work item holds TILE_DATA data by TILE_RANK vectors of directions in its registers.
#define FIRST_LANE(v) (*(const real *)&(v))

__kernel void linearise(__global const real *restrict state, __global const realv *restrict residual,
                        __global const realv *restrict x, const real confinement,
                        __global realv *restrict gradient, __global real *restrict hessian)
{
    const int node = get_global_id(0);
    const real a = state[node];
    __global realv *restrict rows = gradient + (size_t)node * (COMPONENTS + 1) * DATA_VECTORS;
    realv sum_value = (realv)0, sum_slope[COMPONENTS], sum_curvature[COMPONENTS * COMPONENTS];
    for (int c = 0; c < COMPONENTS; ++c) sum_slope[c] = (realv)0;
    for (int c = 0; c < COMPONENTS * COMPONENTS; ++c) sum_curvature[c] = (realv)0;
    for (int l = 0; l < DATA_VECTORS; ++l) {
        // components of z have inputs x, the bias an input of 1
        realv t = (realv)0, input[COMPONENTS];
        for (int c = 1; c < COMPONENTS; ++c) {
            input[c] = c <= INPUTS ? x[(c - 1) * DATA_VECTORS + l] : (realv)1;
            t += state[c * UNITS + node] * input[c];
        }
        realv value, slope, curvature;
        activation_with_curvature(t, &value, &slope, &curvature);
        rows[l] = value;
        rows[COMPONENTS * DATA_VECTORS + l] = a * value;
        for (int c = 1; c < COMPONENTS; ++c) rows[c * DATA_VECTORS + l] = a * slope * input[c];
        const realv r = residual[l];
        sum_value += r * value;
        for (int c = 1; c < COMPONENTS; ++c) {
            sum_slope[c] += r * slope * input[c];
            for (int d = 1; d <= c; ++d)
                sum_curvature[c * COMPONENTS + d] += r * curvature * input[c] * input[d];
        }
    }
    __global real *restrict unit = (__global real *)rows;
    for (int c = 0; c < COMPONENTS; ++c) unit[c * DATA_PITCH + DATA] = 0;
    unit[COMPONENTS * DATA_PITCH + DATA] = 1;

    __global real *restrict h = hessian + (size_t)node * (COMPONENTS + 1) * COMPONENTS;
    realv penalty_slope, penalty_curvature;
    amplitude_penalty_curvature((realv)a, &penalty_slope, &penalty_curvature);
    h[0] = FIRST_LANE(penalty_curvature);
    h[COMPONENTS * COMPONENTS] = HSUM(TO_SUM(sum_value)) + FIRST_LANE(penalty_slope);
    for (int c = 1; c < COMPONENTS; ++c) {
        const real pull = HSUM(TO_SUM(sum_slope[c]));
        h[c] = h[c * COMPONENTS] = pull;
        h[COMPONENTS * COMPONENTS + c] = a * pull + 2 * confinement * state[c * UNITS + node];
        for (int d = 1; d <= c; ++d) {
            const real bend =
                a * (real)HSUM(TO_SUM(sum_curvature[c * COMPONENTS + d])) + (c == d ? 2 * confinement : 0);
            h[c * COMPONENTS + d] = h[d * COMPONENTS + c] = bend;
        }
    }
}

// partial[chunk][datum][direction]: what the nodes of a chunk give to g. One work item per chunk, tile of
// data and tile of directions.
__kernel void partial_response(__global const real *restrict gradient,
                               __global const realv *restrict tangents,
                               __global const realv *restrict directions,
                               __global const real *restrict weights, const real alpha, const int chunk,
                               __global realv *restrict partial)
{
    const int first = get_global_id(0) * chunk, datum = get_global_id(1) * TILE_DATA,
              direction = get_global_id(2) * TILE_RANK;
    realv sum[TILE_DATA * TILE_RANK];
    #pragma unroll
    for (int i = 0; i < TILE_DATA * TILE_RANK; ++i) sum[i] = (realv)0;
    for (int node = first; node < SMALLER(first + chunk, UNITS); ++node) {
        __global const real *restrict rows = gradient + (size_t)node * (COMPONENTS + 1) * DATA_PITCH + datum;
        __global const realv *restrict moved = tangents + (size_t)node * ROWS * RANK_VECTORS + direction;
        const real p = weights[node];
        for (int c = 0; c <= COMPONENTS; ++c) {
            realv change[TILE_RANK];
            #pragma unroll
            for (int r = 0; r < TILE_RANK; ++r) {
                if (c < COMPONENTS) change[r] = moved[c * RANK_VECTORS + r];
                else change[r] = directions[(size_t)node * RANK_VECTORS + direction + r];
#if WEIGHTED
                if (c == COMPONENTS) change[r] -= alpha * moved[COMPONENTS * RANK_VECTORS + r];
#endif
            }
            #pragma unroll
            for (int i = 0; i < TILE_DATA * TILE_RANK; ++i)
                sum[i] += p * rows[c * DATA_PITCH + i / TILE_RANK] * change[i % TILE_RANK];
        }
    }
    #pragma unroll
    for (int i = 0; i < TILE_DATA * TILE_RANK; ++i)
        partial[((size_t)get_global_id(0) * DATA_PITCH + datum + i / TILE_RANK) * RANK_VECTORS + direction
                + i % TILE_RANK] = sum[i];
}

// g, and g times the data's weights, from the partial sums.
__kernel void respond(__global const realv *restrict partial, const int chunks,
                      __global const double *restrict prediction,
                      __global const double *restrict data_weights, __global realv *restrict response,
                      __global realv *restrict weighted)
{
    const int direction = get_global_id(0), datum = get_global_id(1);
    realv total = (realv)0, mass = (realv)0;
    for (int chunk = 0; chunk < chunks; ++chunk) {
        total += partial[((size_t)chunk * DATA_PITCH + datum) * RANK_VECTORS + direction];
        mass += partial[((size_t)chunk * DATA_PITCH + DATA) * RANK_VECTORS + direction];
    }
    const int at = datum * RANK_VECTORS + direction;
    response[at] = datum < DATA ? total - (real)prediction[datum] * mass : (realv)0;
    weighted[at] = datum < DATA ? (real)data_weights[datum] * response[at] : (realv)0;
}

// d/dt of the tangents of one node in a tile of directions.
__kernel void tangent_rate(__global const real *restrict state, __global const real *restrict velocity,
                           __global const real *restrict gradient, __global const real *restrict hessian,
                           __global const realv *restrict tangents, __global const realv *restrict weighted,
                           __constant real *restrict mobility, __constant real *restrict low,
                           __constant real *restrict high, __constant int *restrict periodic,
                           __global realv *restrict rate)
{
    const int node = get_global_id(0), direction = get_global_id(1) * TILE_RANK;
    __global const real *restrict rows = gradient + (size_t)node * (COMPONENTS + 1) * DATA_PITCH;
    __global const real *restrict h = hessian + (size_t)node * (COMPONENTS + 1) * COMPONENTS;
    const size_t start = (size_t)node * ROWS * RANK_VECTORS + direction;
    for (int c = 0; c < ROWS; ++c) {
        realv sum[TILE_RANK];
        #pragma unroll
        for (int r = 0; r < TILE_RANK; ++r) sum[r] = (realv)0;
        for (int l = 0; l < DATA; ++l) {
            #pragma unroll
            for (int r = 0; r < TILE_RANK; ++r)
                sum[r] += rows[c * DATA_PITCH + l] * weighted[l * RANK_VECTORS + direction + r];
        }
        for (int d = 0; d < COMPONENTS; ++d) {
            #pragma unroll
            for (int r = 0; r < TILE_RANK; ++r)
                sum[r] += h[c * COMPONENTS + d] * tangents[start + d * RANK_VECTORS + r];
        }
        // the action grows by V, a component moves against its gradient unless a wall holds it
        real factor = 1;
        if (c < COMPONENTS) {
            const real at = state[c * UNITS + node];
            const int held =
                (at <= low[c] || at >= high[c]) && velocity[c * UNITS + node] == 0 && !periodic[c];
            factor = held ? 0 : -mobility[c];
        }
        #pragma unroll
        for (int r = 0; r < TILE_RANK; ++r) rate[start + c * RANK_VECTORS + r] = factor * sum[r];
    }
}

// result = y + sum_i c_i k_i over the tangents of one node.
__kernel void combine_tangents(__global const realv *restrict y, __global const realv *restrict k0,
                               __global const realv *restrict k1, __global const realv *restrict k2,
                               __global const realv *restrict k3, __global const realv *restrict k4,
                               __global const realv *restrict k5, __global const realv *restrict k6,
                               const real c0, const real c1, const real c2, const real c3, const real c4,
                               const real c5, const real c6, __global realv *restrict result)
{
    const size_t start = (size_t)get_global_id(0) * ROWS * RANK_VECTORS;
    for (size_t i = start; i < start + ROWS * RANK_VECTORS; ++i)
        result[i] =
            y[i] + (c0 * k0[i] + c1 * k1[i] + c2 * k2[i] + c3 * k3[i] + c4 * k4[i] + c5 * k5[i] + c6 * k6[i]);
}

// Of the tangents of one node, times its weight: the square of their local error sum_i c_i k_i, and the
// square of their size and that of directions.
__kernel void tangent_errors(__global const realv *restrict y_new, __global const realv *restrict directions,
                             __global const real *restrict weights, __global const realv *restrict k0,
                             __global const realv *restrict k1, __global const realv *restrict k2,
                             __global const realv *restrict k3, __global const realv *restrict k4,
                             __global const realv *restrict k5, __global const realv *restrict k6,
                             const real c0, const real c1, const real c2, const real c3, const real c4,
                             const real c5, const real c6, __global double *restrict errors,
                             __global double *restrict sizes)
{
    const int node = get_global_id(0);
    const size_t start = (size_t)node * ROWS * RANK_VECTORS;
    sumv error = (sumv)0, size = (sumv)0;
    for (size_t i = start; i < start + ROWS * RANK_VECTORS; ++i) {
        const realv e =
            c0 * k0[i] + c1 * k1[i] + c2 * k2[i] + c3 * k3[i] + c4 * k4[i] + c5 * k5[i] + c6 * k6[i];
        error += TO_SUM(e * e);
        size += TO_SUM(y_new[i] * y_new[i]);
    }
    for (int r = 0; r < RANK_VECTORS; ++r) {
        const realv s = directions[(size_t)node * RANK_VECTORS + r];
        size += TO_SUM(s * s);
    }
    errors[node] = weights[node] * HSUM(error);
    sizes[node] = weights[node] * HSUM(size);
}

// No tangent in components at walls, in place.
__kernel void hold_tangents(__global const real *restrict state, __constant real *restrict low,
                            __constant real *restrict high, __constant int *restrict periodic,
                            __global realv *restrict tangents)
{
    const int node = get_global_id(0), c = get_global_id(1);
    const real at = state[c * UNITS + node];
    if (periodic[c] || (at > low[c] && at < high[c])) return;
    for (int r = 0; r < RANK_VECTORS; ++r) tangents[((size_t)node * ROWS + c) * RANK_VECTORS + r] = (realv)0;
}
