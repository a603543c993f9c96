// Implicit drift-diffusion along one axis: (I - dt L) x = y, L the Scharfetter-Gummel operator of V at
// temperature TAU (a heat operator where `drift` is 0). Face flux: TAU / distance (B(-w) rho_left - B(w)
// rho_right), w = (V_left - V_right) / TAU, B(s) = s / (e^s - 1). Its steady state is exp(-V / TAU), exactly.
//
// In masses I - dt L has column sums 1, which an elimination can keep in place of its pivots (Grassmann,
// Taksar & Heyman 1985, doi:10.1287/opre.33.5.1107): only nonnegative numbers are ever added, multiplied and
// divided, so x >= 0 and the mass is kept to rounding for every dt. Circles carry the last cell as one more
// column and row.

// B(w) and B(-w) = B(w) + w, without cancellation.
static inline void bernoulli(const real w, real *plus, real *minus)
{
    const real size = fabs(w);
    const real small = size > 0 ? size / expm1(size) : 1, large = small + size;
    *plus = w > 0 ? small : large;
    *minus = w > 0 ? large : small;
}

// Rise of V from cell p to its neighbour along an axis, without cancellation; the axis is not a constant
// here.
static inline real rise_after(const int axis, const int p, POTENTIAL)
{
    const int ia = HAS_AMPLITUDE ? p / ZPITCH : 0;
    const int iz = HAS_AMPLITUDE ? p - ia * ZPITCH : p;
    if (HAS_AMPLITUDE && axis == 0)
        return (amplitude[ia + 1] - amplitude[ia]) * h[iz] + (penalty_a[ia + 1] - penalty_a[ia]);
    const int next = iz + STRIDE[axis];
    return amplitude[ia] * (h[next] - h[iz]) + (penalty_z[next] - penalty_z[iz]);
}

// One work item per pencil of cells along `axis`; `upper` and `last` are scratch fields.
__kernel void implicit_sweep(__global const real *restrict y, POTENTIAL, __global const real *restrict width,
                             __global const real *restrict inverse_width,
                             __global const real *restrict inverse_distance, const int axis, const real dt,
                             const int drift, __global real *restrict upper, __global real *restrict last,
                             __global real *restrict x)
{
    int id = get_global_id(0), base = START[axis] * STRIDE[axis];
    for (int k = LAST; k >= 0; --k) {
        if (k == axis) continue;
        base += (START[k] + id % CELLS[k]) * STRIDE[k];
        id /= CELLS[k];
    }
    const int n = CELLS[axis], s = STRIDE[axis], start = OFFSET[axis] + START[axis];
    const real scale = dt * (real)TAU;
    // dt times the rates at which mass crosses a face: forth, over its left cell's width, and back, over its
    // right cell's
    real forth = 0, back = 0, forth_first = 0;
    if (PERIODIC[axis]) {  // ghosts of V hold the other side of the circle
        const real rise =
            drift ? rise_after(axis, base - s, amplitude, h, penalty_a, penalty_z) / (real)TAU : 0;
        bernoulli(-rise, &back, &forth);
        forth_first = forth * scale * inverse_distance[start] * inverse_width[start + n - 1];
        back *= scale * inverse_distance[start] * inverse_width[start];
    }
    // slack: of the present cell; the others: exchange with the last cell
    real slack = 1, to_last = back, from_last = forth_first;
    real slack_last = 1, mass = y[base] * width[start],
         mass_last = y[base + (n - 1) * s] * width[start + n - 1];
    for (int i = 0; i < n - 1; ++i) {
        const int p = base + i * s;
        const real rise = drift ? rise_after(axis, p, amplitude, h, penalty_a, penalty_z) / (real)TAU : 0;
        bernoulli(-rise, &back, &forth);
        forth *= scale * inverse_distance[start + i + 1] * inverse_width[start + i];
        back *= scale * inverse_distance[start + i + 1] * inverse_width[start + i + 1];
        if (i == n - 2) {  // its right neighbour is the last cell
            to_last += forth;
            from_last += back;
            forth = back = 0;
        }
        const real inverse = 1 / (slack + forth + to_last);
        upper[p] = back * inverse;
        last[p] = from_last * inverse;
        x[p] = mass * inverse;
        slack_last += last[p] * slack;
        mass_last += to_last * x[p];
        slack = 1 + upper[p] * slack;
        mass = (i < n - 2 ? y[p + s] * width[start + i + 1] : 0) + forth * x[p];
        to_last *= upper[p];
        from_last = forth * last[p];
    }
    const real end = mass_last / slack_last;
    real after = end;
    x[base + (n - 1) * s] = end * inverse_width[start + n - 1];
    for (int i = n - 2; i >= 0; --i) {
        const int p = base + i * s;
        after = x[p] + upper[p] * after + last[p] * end;
        x[p] = after * inverse_width[start + i];
    }
}

// result = max(rho, 0).
__kernel void nonnegative(__global const real *restrict rho, __global real *restrict result)
{
    run_t run = locate_run(get_global_id(0));
    for (int block = 0; block < run.blocks; ++block) {
        STORE(LARGER(LOAD(rho + run.base), (realv)0), result + run.base);
        next_block(&run);
    }
}

// Per run: sum over its cells of volume |rho - other|.
__kernel void total_distance(__global const real *restrict rho, __global const real *restrict other,
                             __global const real *restrict width, __global double *restrict result)
{
    run_t run = locate_run(get_global_id(0));
    double cross_section = 1;
    for (int k = 0; k < LAST; ++k) cross_section *= width[OFFSET[k] + run.cell[k]];
    sumv total = (sumv)0;
    for (int block = 0; block < run.blocks; ++block) {
        const realv difference = fabs(LOAD(rho + run.base) - LOAD(other + run.base));
        total += TO_SUM(difference * LOAD(width + OFFSET[LAST] + run.cell[LAST]));
        next_block(&run);
    }
    result[get_global_id(0)] = cross_section * HSUM(total);
}

// Per run: sum over its cells of volume rho log rho.
__kernel void entropy(__global const real *restrict rho, __global const real *restrict width,
                      __global double *restrict result)
{
    run_t run = locate_run(get_global_id(0));
    double cross_section = 1;
    for (int k = 0; k < LAST; ++k) cross_section *= width[OFFSET[k] + run.cell[k]];
    sumv total = (sumv)0;
    for (int block = 0; block < run.blocks; ++block) {
        const realv density = LOAD(rho + run.base);
        const realv product = density > (realv)0 ? density * log(density) : (realv)0;
        total += TO_SUM(product * LOAD(width + OFFSET[LAST] + run.cell[LAST]));
        next_block(&run);
    }
    result[get_global_id(0)] = cross_section * HSUM(total);
}
