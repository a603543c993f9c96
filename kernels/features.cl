// Feature matrix at the data: features[z][l] = phi(x_l, z), rows padded with zeros to DATA_PITCH, a multiple of DATA_VW.

#if DATA_VW == 1
typedef double datav;
#define DATA_LOAD(p) (*(p))
#define DATA_STORE(v, p) (*(p) = (v))
static inline double data_sum(const datav v) { return v; }
#else
typedef CAT(double, DATA_VW) datav;
#define DATA_LOAD(p) CAT(vload, DATA_VW)(0, (p))
#define DATA_STORE(v, p) CAT(vstore, DATA_VW)((v), 0, (p))
static inline double data_sum(const datav v) { double lane[DATA_VW]; DATA_STORE(v, lane); double r = lane[0]; for (int i = 1; i < DATA_VW; ++i) r += lane[i]; return r; }
#endif

// partial[chunk][l] = sum over the z of a chunk of first[z] features[z][l]: the moments are the sums over chunks.
__kernel void partial_moments(__global const double *restrict features, __global const double *restrict first,
                              const int rows, const int chunk, __global double *restrict partial)
{
    const int l = get_global_id(0) * DATA_VW;
    const int start = get_global_id(1) * chunk, end = start + chunk < rows ? start + chunk : rows;
    datav total = (datav)0;
    for (int z = start; z < end; ++z) total += first[z] * DATA_LOAD(features + (size_t)z * DATA_PITCH + l);
    DATA_STORE(total, partial + get_global_id(1) * DATA_PITCH + l);
}

// h[z] = sum_l residual[l] features[z][l], where residual already holds the data weights.
__kernel void feature_potential(__global const double *restrict features, __global const double *restrict residual, __global real *restrict h)
{
    const int z = get_global_id(0);
    datav total = (datav)0;
    for (int l = 0; l < DATA_PITCH; l += DATA_VW) total += DATA_LOAD(residual + l) * DATA_LOAD(features + (size_t)z * DATA_PITCH + l);
    h[z] = (real)data_sum(total);
}
