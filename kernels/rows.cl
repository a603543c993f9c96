// Transport on CPUs: one work item marches along the first axis through a tile of rows, so that every face
// flux is computed once, the second stage of a step is taken where the rate is known, and the sums over a
// that the moments need cost no pass of their own.
//
// A tile is all of axis 0, TILE[k] cells of the axes between, and a part of PART cells of the last. For every
// axis but the last, a carry row holds the fluxes through the faces between a row and the one before it, and
// the half slopes of the row. Rows that are 0 with all their neighbours are left alone: `occupied` tells of
// every part of a row whether a cell of it is not 0.

#define PART_BLOCKS ((PART + VW - 1) / VW)
#define PART_PITCH (PART_BLOCKS * VW)
#define SUMS 5  // per work item: courant number, dissipation, mass, penalty, smallest value

// Lanes of two neighbouring blocks: those one to the left, and one to the right, of the second and the first
// block.
#if VW == 1
#define ONE_LEFT(before, here) (before)
#define ONE_RIGHT(here, after) (after)
#elif VW == 2
#define ONE_LEFT(b, h) (realv)((b).s1, (h).s0)
#define ONE_RIGHT(h, a) (realv)((h).s1, (a).s0)
#elif VW == 4
#define ONE_LEFT(b, h) (realv)((b).s3, (h).s0, (h).s12)
#define ONE_RIGHT(h, a) (realv)((h).s12, (h).s3, (a).s0)
#elif VW == 8
#define ONE_LEFT(b, h) (realv)((b).s7, (h).s0, (h).s12, (h).s3456)
#define ONE_RIGHT(h, a) (realv)((h).s1234, (h).s56, (h).s7, (a).s0)
#elif VW == 16
#define ONE_LEFT(b, h) (realv)((b).sf, (h).s0, (h).s12, (h).s3456, (h).s789abcde)
#define ONE_RIGHT(h, a) (realv)((h).s12345678, (h).s9abc, (h).sde, (h).sf, (a).s0)
#endif

// A new density: 0 beyond the row's end, where widths are 0, and where it is too small to matter, since
// subnormal numbers slow processors down.
static inline realv kept(const realv value, const realv width)
{
    const realv size = LARGER(value, -value);  // fabs may be left as a call
    return size < (realv)NEGLIGIBLE || width == (realv)0 ? (realv)0 : value;
}

// Whether a sum of absolute values is not 0; NaN counts, so that nothing that blew up looks empty.
static inline int is_filled(const realv sum) { return !(HSUM(TO_SUM(sum)) == 0); }

// Part `part` of the row `shift` rows further along axis k, as `occupied` counts them; clipped at walls,
// around on circles.
static inline int part_of_row(const int *cell, const int axis, const int shift, const int part)
{
    int row = 0;
    for (int k = 0; k < LAST; ++k) {
        int c = cell[k] + (k == axis ? shift : 0);
        if (c < 0) c = PERIODIC[k] ? c + CELLS[k] : 0;
        if (c >= CELLS[k]) c = PERIODIC[k] ? c - CELLS[k] : CELLS[k] - 1;
        row = row * CELLS[k] + c;
    }
    return row * PARTS + part;
}

// Whether the part and everything its fluxes depend on is 0. Two cells reach no further than the next part of
// a row.
static inline int is_idle(__global const int *restrict occupied, const int *cell, const int part)
{
    if (!SKIP_ZEROS || occupied[part_of_row(cell, -1, 0, part)]) return 0;
    int busy = occupied[part_of_row(cell, -1, 0, (part + 1) % PARTS)]
               | occupied[part_of_row(cell, -1, 0, (part + PARTS - 1) % PARTS)];
    for (int k = 0; k < LAST; ++k)
        for (int shift = -2; shift <= 2; ++shift) busy |= occupied[part_of_row(cell, k, shift, part)];
    return !busy;
}

// A part of a row becomes 0; no memory is touched, and 0 returned, where it is 0 already.
static inline int clear_part(__global real *restrict field, const int blocks, __global int *restrict occupied)
{
    if (!*occupied) return 0;
    for (int block = 0; block < blocks; ++block) STORE((realv)0, field + block * VW);
    *occupied = 0;
    return 1;
}

#define ROW_VALUE(array, cell, shift) LOAD((array) + OFFSET[LAST] + START[LAST] + (cell) + (shift))
#if UNIFORM
#define OUTER_FACTORS(k, shift) (realv)1, (realv)1, (realv)0.5
#define ROW_FACTORS(cell, shift) (realv)1, (realv)1, (realv)0.5
#else
#define OUTER_VALUE(array, k, shift) (realv)((array)[OFFSET[k] + START[k] + cell[k] + (shift)])
#define OUTER_FACTORS(k, shift) \
    OUTER_VALUE(slope_left, k, shift), OUTER_VALUE(slope_right, k, shift), OUTER_VALUE(slope_both, k, shift)
#define ROW_FACTORS(cell, shift) \
    ROW_VALUE(slope_left, cell, shift), ROW_VALUE(slope_right, cell, shift), \
    ROW_VALUE(slope_both, cell, shift)
#endif

// second = 0: result = rate of rho. second = 1: result = (start + rho + dt rate) / 2.
// If FUSED, `first` receives per z-cell the first moment in a of the result.
static inline void march(const int second, __global const real *restrict rho,
                         __global const int *restrict occupied, __global const real *restrict start,
                         __global const int *restrict start_occupied, const real dt, VELOCITIES, AXES,
                         __global const double *restrict column_weights,
                         __global const real *restrict penalty_z, __global const double *restrict z_volume,
                         __global real *restrict result, __global int *restrict result_occupied,
                         __global double *restrict first, __global double *restrict sums,
                         __local real *restrict carry, __local double *restrict columns)
{
    int id = get_global_id(0);
    const int part = id % PARTS;
    id /= PARTS;
    int low[DIM], size[DIM], rows = 1;
    for (int k = LAST - 1; k >= 1; --k) {
        low[k] = (id % TILES[k]) * TILE[k];
        id /= TILES[k];
        size[k] = SMALLER(TILE[k], CELLS[k] - low[k]);
        rows *= size[k];
    }
    if (LAST > 0) {
        low[0] = 0;
        size[0] = CELLS[0];
        rows *= size[0];
    }
    const int left = CELLS[LAST] - part * PART, blocks = ((left < PART ? left : PART) + VW - 1) / VW;
    int ready[CARRY_ROWS];
    for (int i = 0; i < CARRY_ROWS; ++i) ready[i] = 0;
    if (FUSED) for (int i = 0; i < COLUMN_ROWS * PART_PITCH; ++i) columns[i] = 0;
    realv fastest = (realv)0, smallest = (realv)0;
    sumv dissipated = (sumv)0, mass = (sumv)0, penalty = (sumv)0;

    int at_row[DIM];  // of the tile
    for (int k = 0; k < LAST; ++k) at_row[k] = 0;
    for (int number = 0; number < rows; ++number) {
        int cell[DIM], slot[DIM], here = START[LAST] + part * PART, inner = 0, inner_size = 1;
        double cross_section = 1;
#pragma unroll
        for (int k = LAST - 1; k >= 0; --k) {
            slot[k] = CARRY_START[k] + inner;
            inner += at_row[k] * inner_size;
            inner_size *= TILE[k];
            cell[k] = low[k] + at_row[k];
            here += (START[k] + cell[k]) * STRIDE[k];
            cross_section *= width[OFFSET[k] + START[k] + cell[k]];
        }
        int carried = 1;  // to the next row
#pragma unroll
        for (int k = LAST - 1; k >= 0; --k) {
            at_row[k] += carried;
            carried = k > 0 && at_row[k] == size[k];
            if (carried) at_row[k] = 0;
        }
        const int this_part = part_of_row(cell, -1, 0, part);
        if (is_idle(occupied, cell, part) && !(second && start_occupied[this_part])) {
            if (clear_part(result + here, blocks, result_occupied + this_part))
                spread_ghosts(result, cell, part, here, blocks);
            for (int k = 0; k < LAST; ++k) ready[slot[k]] = 0;
            continue;
        }
        int ia = HAS_AMPLITUDE ? here / ZPITCH : 0;
        int iz = HAS_AMPLITUDE ? here - ia * ZPITCH : here;
#if ROW_IS_AMPLITUDE
#define ADVANCE_ROW ia += VW
#else
#define ADVANCE_ROW iz += VW
#endif
        // what the row before would have left behind
#pragma unroll
        for (int k = 0; k < LAST; ++k) {
            __local real *restrict flux = carry + slot[k] * 2 * PART_PITCH;
            __local real *restrict half_of = flux + PART_PITCH;
            if (ready[slot[k]] && cell[k] > low[k]) continue;
            const int s = STRIDE[k], amplitude_axis = HAS_AMPLITUDE && k == 0;
            for (int block = 0; block < blocks; ++block) {
                const int at = block * VW, p = here + at, z = iz + at;
                const realv west = LOAD(rho + p - s), centre = LOAD(rho + p);
                const realv half_west = half_slope(LOAD(rho + p - 2 * s), west, centre, OUTER_FACTORS(k, -1));
                const realv half_centre = half_slope(west, centre, LOAD(rho + p + s), OUTER_FACTORS(k, 0));
                const realv u =
                    face_velocity(k, ia - amplitude_axis, amplitude_axis ? z : z - s, THE_VELOCITIES);
                STORE(upwind_flux(u, west, half_west, centre, half_centre), flux + at);
                STORE(half_centre, half_of + at);
            }
            ready[slot[k]] = 1;
        }
        int along = part * PART;
        realv centre = LOAD(rho + here);
        realv half_centre =
            half_slope(LOAD(rho + here - 1), centre, LOAD(rho + here + 1), ROW_FACTORS(along, 0));
        const realv west = LOAD(rho + here - 1),
                    half_west = half_slope(LOAD(rho + here - 2), west, centre, ROW_FACTORS(along, -1));
#if ROW_IS_AMPLITUDE
        realv flux_before = upwind_flux(face_velocity(LAST, ia - 1, iz, THE_VELOCITIES), west, half_west,
                                        centre, half_centre);
#else
        realv flux_before = upwind_flux(face_velocity(LAST, ia, iz - 1, THE_VELOCITIES), west, half_west,
                                        centre, half_centre);
#endif
        realv lost = (realv)0, filled = (realv)0;
        sumv held = (sumv)0, confined = (sumv)0;  // masses and penalties over the width in a
        const double column_weight = column_weights[APITCH + (ROW_IS_AMPLITUDE ? 0 : ia)];
        for (int block = 0; block < blocks; ++block) {
            const int at = block * VW, p = here + at;
            const realv after = LOAD(rho + p + VW);
            const realv half_after =
                half_slope(LOAD(rho + p + VW - 1), after, LOAD(rho + p + VW + 1), ROW_FACTORS(along, VW));
            const realv row_inverse = ROW_VALUE(inverse_width, along, 0),
                        row_width = ROW_VALUE(width, along, 0);
            const realv u_right = face_velocity(LAST, ia, iz, THE_VELOCITIES);
#if ROW_IS_AMPLITUDE
            const realv u_left = face_velocity(LAST, ia - 1, iz, THE_VELOCITIES);
#else
            const realv u_left = face_velocity(LAST, ia, iz - 1, THE_VELOCITIES);
#endif
            const realv flux_right = upwind_flux(u_right, centre, half_centre, LOAD(rho + p + 1),
                                                 ONE_RIGHT(half_centre, half_after));
            // the first block has its left faces from above, the others those of the block before
            const realv flux_left = block == 0 ? flux_before : ONE_LEFT(flux_before, flux_right);
            realv change = (flux_left - flux_right) * row_inverse;
            realv speed = LARGER(LARGER(u_right, -u_left), (realv)0) * row_inverse;
            realv loss = flux_right * u_right * ROW_VALUE(loss_weight, along, 0);
            flux_before = flux_right;
#pragma unroll
            for (int k = 0; k < LAST; ++k) {
                __local real *restrict flux = carry + slot[k] * 2 * PART_PITCH + at;
                __local real *restrict half_of = flux + PART_PITCH;
                const int s = STRIDE[k], amplitude_axis = HAS_AMPLITUDE && k == 0;
                const realv east = LOAD(rho + p + s);
                const realv half_east = half_slope(centre, east, LOAD(rho + p + 2 * s), OUTER_FACTORS(k, 1));
                const realv u = face_velocity(k, ia, iz, THE_VELOCITIES);
                const realv u_before =
                    face_velocity(k, ia - amplitude_axis, amplitude_axis ? iz : iz - s, THE_VELOCITIES);
                const realv through = upwind_flux(u, centre, LOAD(half_of), east, half_east);
                const real inverse = inverse_width[OFFSET[k] + START[k] + cell[k]];
                change += (LOAD(flux) - through) * inverse;
                speed += LARGER(LARGER(u, -u_before), (realv)0) * inverse;
                loss += through * u * loss_weight[OFFSET[k] + START[k] + cell[k]];
                STORE(through, flux);
                STORE(half_east, half_of);
            }
            // what nothing leaves cannot become negative
            fastest = LARGER(centre > (realv)FAINT ? speed : (realv)0, fastest);
            lost += loss * row_width;
            realv value = change;
            if (second) {
                value = (real)0.5 * (LOAD(start + p) + (centre + dt * change));
                value = kept(value, row_width);
                smallest = SMALLER(value, smallest);
                filled += LARGER(value, -value);
            }
            STORE(value, result + p);
            if (FUSED) {
                const sumv density = TO_SUM(value), mass_here = density * LOADD(z_volume + iz);
                held += mass_here;
                if (HAS_DRIFT) confined += mass_here * TO_SUM(LOAD(penalty_z + iz));
                __local double *restrict column = columns + (slot[0] - CARRY_START[0]) * PART_PITCH + at;
                STORED(LOADD(column) + column_weight * density, column);
            }
            centre = after;
            half_centre = half_after;
            along += VW;
            ADVANCE_ROW;
        }
        dissipated += cross_section * TO_SUM(lost);
        if (FUSED) {
            mass += column_weights[ia] * held;
            penalty += column_weights[2 * APITCH + ia] * held + column_weights[ia] * confined;
        }
        result_occupied[this_part] = !second || is_filled(filled);
        if (second) spread_ghosts(result, cell, part, here, blocks);
    }
    if (FUSED) {  // the tile is whole in a, hence so are these sums
        const int columns_of_tile = rows / size[0];
        for (int number = 0; number < columns_of_tile; ++number) {
            int rest = number, iz = START[LAST] + part * PART, inner = 0, inner_size = 1;
            for (int k = LAST - 1; k >= 1; --k) {
                iz += (START[k] + low[k] + rest % size[k]) * STRIDE[k];
                inner += (rest % size[k]) * inner_size;
                inner_size *= TILE[k];
                rest /= size[k];
            }
            for (int block = 0; block < blocks; ++block) {
                const int at = block * VW;
                STORED(LOADD(columns + inner * PART_PITCH + at) * LOADD(z_volume + iz + at), first + iz + at);
            }
        }
    }
    __global double *restrict sum = sums + get_global_id(0) * SUMS;
    sum[0] = HMAX(fastest);
    sum[1] = HSUM(dissipated);
    sum[2] = HSUM(mass);
    sum[3] = HSUM(penalty);
    sum[4] = HMIN(smallest);
}

__kernel void march_rate(__global const real *restrict rho, __global const int *restrict occupied, VELOCITIES,
                         AXES, __global const double *restrict column_weights,
                         __global const real *restrict penalty_z, __global const double *restrict z_volume,
                         __global real *restrict rate, __global int *restrict rate_occupied,
                         __global double *restrict first, __global double *restrict sums,
                         __local real *restrict carry, __local double *restrict columns)
{
    march(0, rho, occupied, rho, occupied, 0, THE_VELOCITIES, THE_AXES, column_weights, penalty_z, z_volume,
          rate, rate_occupied, first, sums, carry, columns);
}

__kernel void march_stage(__global const real *restrict rho, __global const int *restrict occupied,
                          __global const real *restrict start, __global const int *restrict start_occupied,
                          const real dt, VELOCITIES, AXES, __global const double *restrict column_weights,
                          __global const real *restrict penalty_z, __global const double *restrict z_volume,
                          __global real *restrict result, __global int *restrict result_occupied,
                          __global double *restrict first, __global double *restrict sums,
                          __local real *restrict carry, __local double *restrict columns)
{
    march(1, rho, occupied, start, start_occupied, dt, THE_VELOCITIES, THE_AXES, column_weights, penalty_z,
          z_volume, result, result_occupied, first, sums, carry, columns);
}

// a x + b (y + dt rate) by parts of rows; where all three are 0 nothing is done. Per part: how far below 0
// its smallest value lies.
__kernel void combine_parts(__global const real *restrict x, __global const int *restrict x_occupied,
                            __global const real *restrict y, __global const int *restrict y_occupied,
                            __global const real *restrict rate, __global const int *restrict rate_occupied,
                            const real a, const real b, const real dt, __global const real *restrict width,
                            __global real *restrict result, __global int *restrict result_occupied,
                            __global double *restrict undershoot)
{
    const int id = get_global_id(0), part = id % PARTS;
    int rest = id / PARTS, here = START[LAST] + part * PART, cell[DIM];
#pragma unroll
    for (int k = LAST - 1; k >= 0; --k) {
        cell[k] = rest % CELLS[k];
        here += (START[k] + cell[k]) * STRIDE[k];
        rest /= CELLS[k];
    }
    const int left = CELLS[LAST] - part * PART, blocks = ((left < PART ? left : PART) + VW - 1) / VW;
    undershoot[id] = 0;
    if (SKIP_ZEROS && !(x_occupied[id] | y_occupied[id] | rate_occupied[id])) {
        if (clear_part(result + here, blocks, result_occupied + id))
            spread_ghosts(result, cell, part, here, blocks);
        return;
    }
    realv smallest = (realv)0, filled = (realv)0;
    for (int block = 0; block < blocks; ++block) {
        const int p = here + block * VW;
        realv v = a * LOAD(x + p) + b * (LOAD(y + p) + dt * LOAD(rate + p));
        v = kept(v, ROW_VALUE(width, part * PART + block * VW, 0));
        STORE(v, result + p);
        smallest = SMALLER(v, smallest);
        filled += LARGER(v, -v);
    }
    undershoot[id] = -HMIN(smallest);
    result_occupied[id] = is_filled(filled);
    spread_ghosts(result, cell, part, here, blocks);
}
