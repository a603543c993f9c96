// The flow of networks under a population loss: theta = (a, w1, ..., wd[, b]), pair sums over the units of
// each network and over the teacher's with kernels k(z, z') = FACTOR E[sigma(X) sigma(X')], X = <w, x> + b,
// X' = <w', x> + c. Formulas, names and sources are those of mfpde/models/population_kernels.py and
// bivariate.py. PAIR is the function for the activation; generated code gives amplitude_penalty(a, &value,
// &slope) and the nodes and weights of Owen's T.

#define ROOT_HALF ((real)0.70710678118654752440)
#define PI ((real)3.14159265358979323846)
#define TINY ((real)1e-30)
#define FARTHEST ((real)1e4)

// What a kernel needs of two units: |w|^2, |w'|^2, <w, w'>, the area of their parallelogram, and the biases.
typedef struct { realv square, other, product, area, b, c; } Pair;

// A kernel and its derivatives by |w|^2, <w, w'> and b.
typedef struct { realv value, by_square, by_product, by_bias; } Value;

static inline Value values(const realv value, const realv by_square, const realv by_product,
                           const realv by_bias)
{
    Value v = {value, by_square, by_product, by_bias};
    return v;
}

// --- quadrants of two correlated normal variables ---

typedef struct { realv h, k, g_h, g_k; } Means;

static inline realv normal_density(const realv x) { return exp(-x * x / 2) * (real)0.39894228040143267794; }
static inline realv normal_below(const realv x) { return erfc(-x * ROOT_HALF) / 2; }
static inline realv bounded(const realv x) { return clamp(x, -FARTHEST, FARTHEST); }

static inline realv owen(const realv h, const realv g)
{
    const realv high = LARGER(fabs(h), fabs(g)), low = SMALLER(fabs(h), fabs(g)), slope = low / high;
    realv total = (realv)0;
    for (int i = 0; i < OWEN_COUNT; ++i) {
        const realv step = slope * owen_nodes[i], square = 1 + step * step;
        total += owen_weights[i] * exp(-high * high * square / 2) / square;
    }
    total *= slope / (2 * PI);
    const realv value =
        fabs(g) > fabs(h) ? (1 - erf(fabs(h) * ROOT_HALF) * erf(fabs(g) * ROOT_HALF)) / 4 - total : total;
    return copysign((realv)1, g) * copysign((realv)1, h) * value;
}

static inline Means means(const realv h, const realv k, const realv rho, const realv q)
{
    const realv sign = copysign((realv)1, rho), difference = (k - sign * h) / q,
                share = sign * q / (1 + fabs(rho));
    Means m = {h, k, difference + share * h, share * k - sign * difference};
    return m;
}

static inline realv sign_product(const Means m)
{
    return copysign((realv)1, m.h) * copysign((realv)1, m.k) - 4 * owen(m.h, m.g_h) - 4 * owen(m.k, m.g_k);
}

// --- kernels ---

static inline Value pair_relu(const Pair p)
{
    const realv angle = PI - atan2(p.area, p.product);
    return values((p.area + angle * p.product) / (2 * PI), p.area / fmax(p.square, TINY) / (4 * PI),
                  angle / (2 * PI), (realv)0);
}

static inline Value pair_relu_squared(const Pair p)
{
    const realv angle = PI - atan2(p.area, p.product);
    const realv value = 3 * p.product * p.area + angle * (p.square * p.other + 2 * p.product * p.product);
    const realv by_square = p.product * p.area / fmax(p.square, TINY) + angle * p.other;
    return values(value / (2 * PI), by_square / (2 * PI), 2 / PI * (p.area + angle * p.product), (realv)0);
}

static inline Value pair_relu_with_bias(const Pair p)
{
    const realv s = fmax(sqrt(p.square), TINY), t = fmax(sqrt(p.other), TINY);
    const realv h = bounded((p.b + TINY) / s), k = bounded((p.c + TINY) / t);
    const realv along = p.product / s, q = fmax(p.area / s / t, (real)PARALLEL);
    const Means m = means(h, k, along / t, q);
    const realv both = (2 * normal_below(h) + 2 * normal_below(k) - 1 + sign_product(m)) / 4;
    const realv at_h = normal_density(h), edge = at_h * normal_density(m.g_h);
    const realv here = at_h * normal_below(m.g_h), there = normal_density(k) * normal_below(m.g_k);
    const realv value = (p.b * p.c + p.product) * both + p.b * t * there + p.c * s * here + p.area * edge;
    return values(value, ((p.c - along * h) * here + t * q * edge) / (2 * s), both,
                  p.c * both + t * there + along * here);
}

static inline Value pair_error_function(const Pair p)
{
    const realv d = 1 + p.square, root = sqrt(d + p.other + p.area * p.area), slope = 2 / (PI * root);
    return values(2 / PI * atan2(p.product, root), -slope * p.product / (2 * d), slope, (realv)0);
}

static inline Value pair_error_function_with_bias(const Pair p)
{
    const realv square = 1 + p.square, s = sqrt(square), t = sqrt(1 + p.other),
                root = sqrt(square + p.other + p.area * p.area);
    const Means m =
        means(bounded((p.b + TINY) / s), bounded((p.c + TINY) / t), p.product / s / t, root / s / t);
    const realv by_product = 4 * normal_density(m.h) * normal_density(m.g_h) / root;
    const realv by_bias = 2 * normal_density(m.h) * erf(m.g_h * ROOT_HALF) / s;
    return values(sign_product(m), -(p.product * by_product + p.b * by_bias) / (2 * square), by_product,
                  by_bias);
}

static inline Value pair_cosine(const Pair p)
{
    const realv minus = exp(p.product - (p.square + p.other) / 2) / 2,
                plus = exp(-p.product - (p.square + p.other) / 2) / 2;
    const realv near = minus * cos(p.b - p.c), far = plus * cos(p.b + p.c);
    return values(near + far, -(near + far) / 2, near - far, -minus * sin(p.b - p.c) - plus * sin(p.b + p.c));
}

static inline Value pair_quadratic(const Pair p)
{
    const realv other = p.other + p.c * p.c, both = p.b * p.c;
    const realv value = (p.square + p.b * p.b) * other + 2 * p.product * (p.product + 2 * both);
    return values(value, other, 4 * (p.product + both), 2 * p.b * other + 4 * p.c * p.product);
}

static inline Value pair_linear(const Pair p)
{ return values(p.product + p.b * p.c, (realv)0, (realv)1, p.c); }

// --- units ---

// What acts on the units of every network: its own units, the teacher's, and what pads them to whole vectors,
// one network after another, as an array [INPUTS + HAS_BIAS + 1][SOURCES] of z and charge. Source s is unit
// origin[s], or unit -1 - origin[s] of the teacher.
__kernel void gather_sources(__global const real *restrict state, __global const real *restrict weights,
                             __global const int *restrict origin, __global const real *restrict teacher,
                             __global const real *restrict charges, __global real *restrict sources)
{
    const int s = get_global_id(0), from = origin[s], components = INPUTS + HAS_BIAS;
    for (int k = 0; k < components; ++k)
        sources[k * SOURCES + s] =
            from >= 0 ? state[(k + 1) * UNITS + from] : teacher[k * TEACHERS - 1 - from];
    sources[components * SOURCES + s] = from >= 0 ? weights[from] * state[from] : charges[s];
}

// d/dt of a state: -mobility grad V for the components, as far as walls allow; V for the action.
__kernel void velocity(__global const real *restrict state, __global const real *restrict sources,
                       __global const int *restrict network_of, __global const int *restrict first_source,
                       __constant real *restrict mobility, const real confinement,
                       __constant real *restrict low, __constant real *restrict high,
                       __constant int *restrict periodic, __global real *restrict rate)
{
    const int unit = get_global_id(0), network = network_of[unit];
    const real a = state[unit];
    real w[INPUTS], square = 0, b = 0;
    for (int k = 0; k < INPUTS; ++k) {
        w[k] = state[(k + 1) * UNITS + unit];
        square += w[k] * w[k];
    }
#if HAS_BIAS
    b = state[(INPUTS + 1) * UNITS + unit];
#endif
    // sums over sources of charge times k, and of charge times its derivatives
    sumv sum_value = (sumv)0, sum_square = (sumv)0, sum_bias = (sumv)0, sum_product[INPUTS];
    for (int k = 0; k < INPUTS; ++k) sum_product[k] = (sumv)0;
    for (int s = first_source[network]; s < first_source[network + 1]; s += VW) {
        Pair p = {(realv)square, (realv)0, (realv)0, (realv)0, (realv)b, (realv)0};
        for (int k = 0; k < INPUTS; ++k) {
            const realv v = LOAD(sources + k * SOURCES + s);
            p.other += v * v;
            p.product += w[k] * v;
        }
#if INPUTS > 1
        // the part of w' orthogonal to w, without the cancellation of |w|^2 |w'|^2 - <w, w'>^2
        const realv share = p.product / fmax(square, TINY);
        for (int k = 0; k < INPUTS; ++k) {
            const realv rest = LOAD(sources + k * SOURCES + s) - share * w[k];
            p.area += rest * rest;
        }
        p.area = sqrt(square * p.area);
#endif
#if HAS_BIAS
        p.c = LOAD(sources + INPUTS * SOURCES + s);
#endif
        const Value at = PAIR(p);
        const realv charge = LOAD(sources + (INPUTS + HAS_BIAS) * SOURCES + s);
        sum_value += TO_SUM(charge * at.value);
        sum_square += TO_SUM(charge * at.by_square);
        sum_bias += TO_SUM(charge * at.by_bias);
        for (int k = 0; k < INPUTS; ++k)
            sum_product[k] += TO_SUM(charge * at.by_product * LOAD(sources + k * SOURCES + s));
    }

    const real h = (real)(FACTOR * HSUM(sum_value)), by_square = (real)(FACTOR * HSUM(sum_square));
    for (int k = 0; k < INPUTS; ++k) {
        const real pull = 2 * by_square * w[k] + (real)(FACTOR * HSUM(sum_product[k]));
        rate[(k + 1) * UNITS + unit] =
            allowed(-mobility[k + 1] * (a * pull + 2 * confinement * w[k]), w[k], k + 1, low, high, periodic);
    }
#if HAS_BIAS
    const real v = -mobility[INPUTS + 1] * (a * (real)(FACTOR * HSUM(sum_bias)) + 2 * confinement * b);
    rate[(INPUTS + 1) * UNITS + unit] = allowed(v, b, INPUTS + 1, low, high, periodic);
#endif
    write_amplitude_rate(unit, a, h, confinement * (square + b * b), mobility, low, high, periodic, rate);
}
