// Products with features at the data, or with compressed ones, in float64. Rows of linear moments are padded
// with zeros to DATA_PITCH, a multiple of DATA_VW. `stored` is the type in which compressed features are
// kept.

#if DATA_VW == 1
typedef double datav;
#define DATA_LOAD(p) (*(p))
#define DATA_STORE(v, p) (*(p) = (v))
#define STORED_LOAD(p) ((double)(*(p)))
static inline double data_sum(const datav v) { return v; }
#else
typedef CAT(double, DATA_VW) datav;
typedef CAT(stored, DATA_VW) storedv;
typedef datav __attribute__((aligned(sizeof(double)))) loose_datav;
typedef storedv __attribute__((aligned(sizeof(stored)))) loose_storedv;
ACCESS(data, double, datav)
ACCESS(entries, stored, storedv)
#define DATA_LOAD(p) load_data(p)
#define DATA_STORE(v, p) store_data((v), (p))
#define STORED_LOAD(p) __builtin_convertvector(load_entries(p), datav)
static inline double sum_of_4(const double4 v) { const double2 pair = v.lo + v.hi; return pair.x + pair.y; }
#if DATA_VW == 2
static inline double data_sum(const datav v) { return v.x + v.y; }
#elif DATA_VW == 4
static inline double data_sum(const datav v) { return sum_of_4(v); }
#elif DATA_VW == 8
static inline double data_sum(const datav v) { return sum_of_4(v.lo + v.hi); }
#else
static inline double data_sum(const datav v)
{
    const double8 half_ = v.lo + v.hi;
    return sum_of_4(half_.lo + half_.hi);
}
#endif
#endif

// partial[chunk][l] = sum over the z of a chunk of first[z] features[z][l]: the moments are the sums over
// chunks.
__kernel void partial_moments(__global const double *restrict features, __global const double *restrict first,
                              __global const int *restrict inside, const int rows, const int chunk,
                              __global double *restrict partial)
{
    const int l = get_global_id(0) * DATA_VW;
    const int start = get_global_id(1) * chunk, end = start + chunk < rows ? start + chunk : rows;
    datav total = (datav)0;
    for (int z = start; z < end; ++z)
        total += first[inside[z]] * DATA_LOAD(features + (size_t)z * DATA_PITCH + l);
    DATA_STORE(total, partial + get_global_id(1) * DATA_PITCH + l);
}

// h[z] = sum_l source[l] features[z][l].
__kernel void feature_potential(__global const double *restrict features,
                                __global const double *restrict source, __global double *restrict h)
{
    const int z = get_global_id(0);
    datav total = (datav)0;
    for (int l = 0; l < DATA_PITCH; l += DATA_VW)
        total += DATA_LOAD(source + l) * DATA_LOAD(features + (size_t)z * DATA_PITCH + l);
    h[z] = data_sum(total);
}

// Where boxes start: among cells, among ranks, and among coefficients; each list has one entry more than
// boxes.
#define BOX_STARTS \
    __global const int *restrict cell_start = starts, *restrict rank_start = starts + boxes + 1, \
                                 *restrict entry_start = starts + 2 * (boxes + 1)

// Four rows of a matrix times one vector, into result[0 .. 3]. Rows beyond a box are read, and their products
// not used.
static inline void four_products(__global const stored *restrict row, const int pitch, const double *vector,
                                 const int length, double *result)
{
    datav a = (datav)0, b = (datav)0, c = (datav)0, d = (datav)0;
    for (int i = 0; i < length; i += DATA_VW) {
        const datav v = DATA_LOAD(vector + i);
        a += v * STORED_LOAD(row + i);
        b += v * STORED_LOAD(row + pitch + i);
        c += v * STORED_LOAD(row + 2 * pitch + i);
        d += v * STORED_LOAD(row + 3 * pitch + i);
    }
    result[0] = data_sum(a);
    result[1] = data_sum(b);
    result[2] = data_sum(c);
    result[3] = data_sum(d);
}

// partial[group] = sum over the boxes of a group of transfer^T (coefficients first).
__kernel void box_moments(__global const stored *restrict coefficients,
                          __global const stored *restrict transfer, __global const double *restrict first,
                          __global const int *restrict cells, __global const int *restrict starts,
                          const int boxes, const int groups, __global double *restrict partial)
{
    BOX_STARTS;
    const int group = get_global_id(0);
    double masses[BOX_CELLS], moment[BOX_RANK + 3], total[DATA_PITCH];
    for (int l = 0; l < DATA_PITCH; ++l) total[l] = 0;
    for (int box = boxes * group / groups; box < boxes * (group + 1) / groups; ++box) {
        const int n = cell_start[box + 1] - cell_start[box], rank = rank_start[box + 1] - rank_start[box];
        for (int i = 0; i < n; ++i) masses[i] = first[cells[cell_start[box] + i]];
        for (int j = 0; j < rank; j += 4)
            four_products(coefficients + entry_start[box] + j * n, n, masses, n, moment + j);
        for (int j = rank; j < rank + 3; ++j) moment[j] = 0;
        for (int j = 0; j < rank; j += 4) {
            __global const stored *restrict row = transfer + (size_t)(rank_start[box] + j) * DATA_PITCH;
            for (int l = 0; l < DATA_PITCH; l += DATA_VW) {
                const datav sum = DATA_LOAD(total + l) + moment[j] * STORED_LOAD(row + l)
                                  + moment[j + 1] * STORED_LOAD(row + DATA_PITCH + l)
                                  + moment[j + 2] * STORED_LOAD(row + 2 * DATA_PITCH + l)
                                  + moment[j + 3] * STORED_LOAD(row + 3 * DATA_PITCH + l);
                DATA_STORE(sum, total + l);
            }
        }
    }
    for (int l = 0; l < DATA_PITCH; l += DATA_VW)
        DATA_STORE(DATA_LOAD(total + l), partial + group * DATA_PITCH + l);
}

// h of the cells of a box = coefficients^T (transfer source).
__kernel void box_potential(__global const stored *restrict coefficients,
                            __global const stored *restrict transfer, __global const double *restrict source,
                            __global const int *restrict starts, const int boxes, __global double *restrict h)
{
    BOX_STARTS;
    const int box = get_global_id(0);
    const int n = cell_start[box + 1] - cell_start[box], rank = rank_start[box + 1] - rank_start[box];
    double given[DATA_PITCH], strength[BOX_RANK + 3];
    for (int l = 0; l < DATA_PITCH; ++l) given[l] = source[l];
    for (int j = 0; j < rank; j += 4) {
        four_products(transfer + (size_t)(rank_start[box] + j) * DATA_PITCH, DATA_PITCH, given, DATA_PITCH,
                      strength + j);
    }
    for (int i = 0; i < n; i += 2 * DATA_VW) {
        datav even = (datav)0, odd = (datav)0;
        __global const stored *restrict column = coefficients + entry_start[box] + i;
        for (int j = 0; j < rank; ++j) {
            even += strength[j] * STORED_LOAD(column + j * n);
            odd += strength[j] * STORED_LOAD(column + j * n + DATA_VW);
        }
        DATA_STORE(even, h + cell_start[box] + i);
        DATA_STORE(odd, h + cell_start[box] + i + DATA_VW);
    }
}
