// Partial sums and maxima of n numbers in chunks of fixed length: the first level of a fixed reduction tree.
__kernel void partial_sums(__global const double *restrict values, const int n, const int chunk,
                           __global double *restrict sums)
{
    const int start = get_global_id(0) * chunk, end = start + chunk < n ? start + chunk : n;
    double total = 0;
    for (int i = start; i < end; ++i) total += values[i];
    sums[get_global_id(0)] = total;
}

__kernel void partial_maxima(__global const double *restrict values, const int n, const int chunk,
                             __global double *restrict maxima)
{
    const int start = get_global_id(0) * chunk, end = start + chunk < n ? start + chunk : n;
    double largest = values[start];
    for (int i = start + 1; i < end; ++i) largest = values[i] > largest ? values[i] : largest;
    maxima[get_global_id(0)] = largest;
}
