// The finite-volume side on a tensor mesh of DIM axes (1 to 4), at least two ghost cells on each side of each
// axis.
//
// The generated header gives, per axis k: CELLS[k], START[k] (ghosts and padding before the first cell),
// STRIDE[k], OFFSET[k] (where the axis starts in the concatenated axis arrays), PERIODIC[k]. On the last axis
// START is a whole vector, so that rows are aligned. The last axis is contiguous. If HAS_AMPLITUDE, axis 0 is
// the amplitude a and V(a, z) = amplitude(a) h(z) + penalty_a(a) + penalty_z(z); otherwise amplitude has one
// entry. ZPITCH is the number of padded z-cells, so that a padded cell p has a-index p / ZPITCH and z-index p
// % ZPITCH.
//
// Axis arrays hold zeros in ghost and padding cells: inverse_width, width and the inverse distance of walls
// vanish there, so blocks may run over the end of a row and the physics needs no branches.
//
// One work item treats a run of RUN consecutive cells of the contiguous axis in blocks of VW lanes: a whole
// row on CPUs, whose vector units then stay busy, a single cell on GPUs.

#define LAST (DIM - 1)
#define GHOSTS 2
#define RUNS ((CELLS[LAST] + RUN - 1) / RUN)
#define ROW_IS_AMPLITUDE (HAS_AMPLITUDE && DIM == 1)

// Where a run is: cell indices (with ghosts), linear index of the padded cell, and its a- and z-parts.
typedef struct {
    int cell[DIM];
    int base;
    int blocks;
    int ia, iz;
} run_t;

static inline run_t locate_run(int id)
{
    run_t run;
    const int part = id % RUNS;
    id /= RUNS;
    run.cell[LAST] = START[LAST] + part * RUN;
    const int left = CELLS[LAST] - part * RUN;
    run.blocks = ((left < RUN ? left : RUN) + VW - 1) / VW;
    run.base = run.cell[LAST];
    for (int k = LAST - 1; k >= 0; --k) {
        run.cell[k] = START[k] + id % CELLS[k];
        id /= CELLS[k];
        run.base += run.cell[k] * STRIDE[k];
    }
    run.ia = HAS_AMPLITUDE ? run.base / ZPITCH : 0;
    run.iz = HAS_AMPLITUDE ? run.base - run.ia * ZPITCH : run.base;
    return run;
}

static inline void next_block(run_t *run)
{
    run->base += VW;
    run->cell[LAST] += VW;
#if ROW_IS_AMPLITUDE
    run->ia += VW;
#else
    run->iz += VW;
#endif
}

// Value of an axis array at this cell: a vector along the row, one number for the other axes.
#define AXIS_VALUE(array, k, run, shift) \
    ((k) == LAST ? LOAD((array) + OFFSET[LAST] + (run).cell[LAST] + (shift)) \
                 : (realv)((array)[OFFSET[k] + (run).cell[k] + (shift)]))

#define POTENTIAL __global const real *restrict amplitude, __global const real *restrict h, \
                  __global const real *restrict penalty_a, __global const real *restrict penalty_z

// V at the block whose a- and z-indices are ia and iz.
static inline realv potential_at(const int ia, const int iz, POTENTIAL)
{
#if ROW_IS_AMPLITUDE
    return LOAD(amplitude + ia) * h[0] + LOAD(penalty_a + ia) + (realv)(penalty_z[0]);
#else
    return amplitude[ia] * LOAD(h + iz) + (realv)(penalty_a[ia]) + LOAD(penalty_z + iz);
#endif
}

// Face velocities -M dV/d(distance) are linear in a: of the face beyond cell (ia, iz) along axis k. `fall` is
// -M dh/d(distance) per z-axis, `drift` the same of penalty_z; `fall_a` and `drift_a` are -M da/d(distance)
// and that of penalty_a. All vanish at walls.
#define VELOCITIES __global const real *restrict amplitude, __global const real *restrict h, \
                   __global const real *restrict fall_a, __global const real *restrict drift_a, \
                   __global const real *restrict fall, __global const real *restrict drift
#define THE_VELOCITIES amplitude, h, fall_a, drift_a, fall, drift

static inline realv face_velocity(const int k, const int ia, const int iz, VELOCITIES)
{
#if ROW_IS_AMPLITUDE
    return LOAD(fall_a + ia) * h[0] + LOAD(drift_a + ia);
#else
    if (HAS_AMPLITUDE && k == 0) return fall_a[ia] * LOAD(h + iz) + (realv)(drift_a[ia]);
    const int face = (k - HAS_AMPLITUDE) * ZSIZE + iz;
#if HAS_DRIFT
    return amplitude[ia] * LOAD(fall + face) + LOAD(drift + face);
#else
    return amplitude[ia] * LOAD(fall + face);
#endif
#endif
}

// h and its falls from the values at z-cells without ghosts. `where_z` says which of them lies at a padded
// z-cell and, per z-axis, at the next one along it; `slope_z` is M / distance of the two, 0 at walls.
__kernel void spread_potential(__global const double *restrict values, __global const int *restrict where_z,
                               __global const double *restrict slope_z, __global real *restrict h,
                               __global real *restrict fall)
{
    const int iz = get_global_id(0);
    const double here = values[where_z[iz]];
    h[iz] = (real)here;
#pragma unroll
    for (int k = 0; k < DIM - HAS_AMPLITUDE; ++k)
        fall[k * ZSIZE + iz] =
            (real)((here - values[where_z[(k + 1) * ZPITCH + iz]]) * slope_z[k * ZPITCH + iz]);
}

// Upwind flux through a face between two cells, whose reconstructions rise by half a slope from their
// centres. Nothing leaves a cell that holds no more than FAINT; what is 0 has no slope, and needs no asking.
static inline realv upwind_flux(const realv velocity, const realv west, const realv half_west,
                                const realv east, const realv half_east)
{
#if HAS_FAINT
    return velocity
           * (velocity > (realv)0 ? (west > (realv)FAINT ? west + half_west : (realv)0)
                                  : (east > (realv)FAINT ? east - half_east : (realv)0));
#else
    return velocity * (velocity > (realv)0 ? west + half_west : east - half_east);
#endif
}

// Ghost cells are copies of the edge cell at a wall, of the opposite side on a circle; no stencil reaches
// into corners. These are the ghosts that copy `blocks` blocks of cells of the row `cell`, from the part
// `part` of it, which starts at `here`.
static inline void spread_ghosts(__global real *restrict rho, const int *cell, const int part, const int here,
                                 const int blocks)
{
    __global real *restrict row = rho + here;
    const int last = CELLS[LAST] - 1 - part * PART;  // the row's last cell, seen from here
    for (int g = 0; g < GHOSTS; ++g) {
        if (part == 0) row[PERIODIC[LAST] ? last + 1 + g : -1 - g] = row[PERIODIC[LAST] ? g : 0];
        if (part == PARTS - 1)
            row[PERIODIC[LAST] ? -1 - g - part * PART : last + 1 + g] = row[PERIODIC[LAST] ? last - g : last];
    }
#pragma unroll
    for (int k = 0; k < LAST; ++k) {
        const int n = CELLS[k], s = STRIDE[k];
        for (int g = 0; g < GHOSTS; ++g) {
            int shift = 0;
            if (cell[k] == (PERIODIC[k] ? g : 0)) shift = PERIODIC[k] ? n : -1 - g;
            if (shift)
                for (int block = 0; block < blocks; ++block)
                    STORE(LOAD(row + block * VW), row + shift * s + block * VW);
            shift = 0;
            if (cell[k] == n - 1 - (PERIODIC[k] ? g : 0)) shift = PERIODIC[k] ? -n : 1 + g;
            if (shift)
                for (int block = 0; block < blocks; ++block)
                    STORE(LOAD(row + block * VW), row + shift * s + block * VW);
        }
    }
}

// One work item per part of a row.
__kernel void fill_ghosts(__global real *restrict rho)
{
    const int part = get_global_id(0) % PARTS;
    int id = get_global_id(0) / PARTS, here = START[LAST] + part * PART, cell[DIM];
#pragma unroll
    for (int k = LAST - 1; k >= 0; --k) {
        cell[k] = id % CELLS[k];
        id /= CELLS[k];
        here += (START[k] + cell[k]) * STRIDE[k];
    }
    const int left = CELLS[LAST] - part * PART;
    spread_ghosts(rho, cell, part, here, ((left < PART ? left : PART) + VW - 1) / VW);
}

// Factors of the slope of the cell `shift` cells further along axis k. Beyond walls they are 0, and so is the
// velocity there.
#if UNIFORM
#define SLOPE_FACTORS(k, run, shift) (realv)1, (realv)1, (realv)0.5
#else
#define SLOPE_FACTORS(k, run, shift) \
    AXIS_VALUE(slope_left, k, run, shift), AXIS_VALUE(slope_right, k, run, shift), \
    AXIS_VALUE(slope_both, k, run, shift)
#endif

#define AXES \
    __global const real *restrict width, __global const real *restrict inverse_width, \
    __global const real *restrict loss_weight, __global const real *restrict slope_left, \
    __global const real *restrict slope_right, __global const real *restrict slope_both
#define THE_AXES width, inverse_width, loss_weight, slope_left, slope_right, slope_both

// rate = -div(flux), one work item per run: for GPUs, where every face is computed by both of its cells. Per
// run also: the largest sum_k max(u+, |u-|)/dx_k of a cell that mass leaves (the positivity bound is dt times
// this <= 1/2), and the dissipation sum_faces A flux (V_left - V_right), each face counted by the cell on its
// left: loss_weight is distance / (M width).
__kernel void transport_rate(__global const real *restrict rho, VELOCITIES, AXES,
                             __global real *restrict rate, __global double *restrict courant,
                             __global double *restrict dissipation)
{
    run_t run = locate_run(get_global_id(0));
    real cross_section = 1;
    for (int k = 0; k < LAST; ++k) cross_section *= width[OFFSET[k] + run.cell[k]];
    realv fastest = (realv)0;
    sumv dissipated = (sumv)0;
    for (int block = 0; block < run.blocks; ++block) {
        const int p = run.base;
        const realv centre = LOAD(rho + p);
        realv change = (realv)0, speed = (realv)0, loss = (realv)0;
#pragma unroll
        for (int k = 0; k < DIM; ++k) {
            const int s = STRIDE[k];
            const int amplitude_axis = HAS_AMPLITUDE && k == 0;
            const realv u_left = face_velocity(k, run.ia - amplitude_axis,
                                               amplitude_axis ? run.iz : run.iz - s, THE_VELOCITIES);
            const realv u_right = face_velocity(k, run.ia, run.iz, THE_VELOCITIES);
            const realv west = LOAD(rho + p - s), east = LOAD(rho + p + s);
            const realv half_west =
                half_slope(LOAD(rho + p - 2 * s), west, centre, SLOPE_FACTORS(k, run, -1));
            const realv half_centre = half_slope(west, centre, east, SLOPE_FACTORS(k, run, 0));
            const realv half_east = half_slope(centre, east, LOAD(rho + p + 2 * s), SLOPE_FACTORS(k, run, 1));
            const realv flux_left = upwind_flux(u_left, west, half_west, centre, half_centre);
            const realv flux_right = upwind_flux(u_right, centre, half_centre, east, half_east);
            const realv inverse = AXIS_VALUE(inverse_width, k, run, 0);
            change += (flux_left - flux_right) * inverse;
            speed += LARGER(LARGER(u_right, -u_left), (realv)0) * inverse;
            loss += flux_right * u_right * AXIS_VALUE(loss_weight, k, run, 0);
        }
        STORE(change, rate + p);
        // what nothing leaves cannot become negative
        fastest = LARGER(centre > (realv)FAINT ? speed : (realv)0, fastest);
        dissipated += TO_SUM(loss) * TO_SUM(cross_section * LOAD(width + OFFSET[LAST] + run.cell[LAST]));
        next_block(&run);
    }
    courant[get_global_id(0)] = HMAX(fastest);
    dissipation[get_global_id(0)] = HSUM(dissipated);
}

// result = rho^power exp(-strength (V - shift)): the Fisher-Rao flow for frozen V, before normalisation;
// power < 1 if its reaction is entropic; of V - shift the positive part alone if `above`.
__kernel void react(__global const real *restrict rho, POTENTIAL,
                    const real strength, const real shift, const real power, const int above,
                    __global real *restrict result)
{
    run_t run = locate_run(get_global_id(0));
    for (int block = 0; block < run.blocks; ++block) {
        const realv v = potential_at(run.ia, run.iz, amplitude, h, penalty_a, penalty_z);
        const realv density = LOAD(rho + run.base);
        realv excess = v - shift;
        if (above) excess = LARGER(excess, (realv)0);
        realv reacted = density * exp(-strength * excess);
        if (power != 1)
            reacted = density > (realv)0 ? exp(power * log(density) - strength * excess) : (realv)0;
        STORE(reacted, result + run.base);
        next_block(&run);
    }
}

// Per run: sum over its cells of volume rho |V + tau log rho - mean|^power, power 1 or 2; of the positive
// part alone if `above`.
__kernel void potential_spread(__global const real *restrict rho, POTENTIAL,
                               __global const real *restrict width, const real mean, const int power,
                               const real tau, const int above, __global double *restrict spread)
{
    run_t run = locate_run(get_global_id(0));
    double cross_section = 1;
    for (int k = 0; k < LAST; ++k) cross_section *= width[OFFSET[k] + run.cell[k]];
    sumv total = (sumv)0;
    for (int block = 0; block < run.blocks; ++block) {
        realv v = potential_at(run.ia, run.iz, amplitude, h, penalty_a, penalty_z);
        if (tau > 0) v += tau * log(LARGER(LOAD(rho + run.base), (realv)NEGLIGIBLE));
        const realv distance = above ? LARGER(v - mean, (realv)0) : fabs(v - mean);
        const realv moment = power == 2 ? distance * distance : distance;
        total += TO_SUM(LOAD(rho + run.base) * moment * LOAD(width + OFFSET[LAST] + run.cell[LAST]));
        next_block(&run);
    }
    spread[get_global_id(0)] = cross_section * HSUM(total);
}

#if COLUMN_VW == 1
#define COLUMN_LOAD(p) ((double)*(p))
#define COLUMN_LOADD(p) (*(p))
#define COLUMN_STORED(v, p) (*(p) = (v))
typedef double columnv;
#else
#define COLUMN_LOAD(p) TO_SUM(LOAD(p))
#define COLUMN_LOADD(p) LOADD(p)
#define COLUMN_STORED(v, p) STORED(v, p)
typedef sumv columnv;
#endif

// Sums over the amplitude axis: per z-cell its mass, its first moment sum a m, and its penalty sum r m.
// z_volume vanishes in ghost and padding cells.
__kernel void sum_columns(__global const real *restrict rho, __global const double *restrict column_weights,
                          __global const real *restrict penalty_z, __global const double *restrict z_volume,
                          __global double *restrict mass, __global double *restrict first,
                          __global double *restrict penalty)
{
    const int iz = get_global_id(0) * COLUMN_VW;
    columnv m = (columnv)0, c = (columnv)0, r = (columnv)0;
    for (int ia = 0; ia < APITCH; ++ia) {
        const columnv density = COLUMN_LOAD(rho + ia * ZPITCH + iz);
        m += column_weights[ia] * density;
        c += column_weights[APITCH + ia] * density;
        r += column_weights[2 * APITCH + ia] * density;
    }
    const columnv volume = COLUMN_LOADD(z_volume + iz);
    COLUMN_STORED(m * volume, mass + iz);
    COLUMN_STORED(c * volume, first + iz);
    COLUMN_STORED((r + m * COLUMN_LOAD(penalty_z + iz)) * volume, penalty + iz);
}
