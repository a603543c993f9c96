// Shared by all kernels. Build options and a generated header give:
//   real, realv   scalar and vector type of the state (VW lanes; realv is real when VW is 1)
//   sumv          vector of VW doubles, in which sums are accumulated
#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#pragma OPENCL FP_CONTRACT ON

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
// Plain unaligned accesses and conversions: compilers may leave vload, vstore and convert as calls, and every
// call spills all registers.
#define INLINE static inline __attribute__((always_inline, overloadable))
#define ACCESS_IN(space, name, scalar, vector) \
    INLINE vector CAT(load_, name)(const space scalar *p) { return *(const space CAT(loose_, vector) *)p; } \
    INLINE void CAT(store_, name)(const vector v, space scalar *p) { *(space CAT(loose_, vector) *)p = v; }
#define ACCESS(name, scalar, vector) \
    ACCESS_IN(__global, name, scalar, vector) \
    ACCESS_IN(__local, name, scalar, vector) \
    ACCESS_IN(__private, name, scalar, vector)

#if VW == 1
typedef real realv;
typedef double sumv;
#define LOAD(p) (*(p))
#define STORE(v, p) (*(p) = (v))
#define LOADD(p) (*(p))
#define STORED(v, p) (*(p) = (v))
#define TO_SUM(v) ((double)(v))
#define HSUM(v) (v)
#define HMAX(v) (v)
#define HMIN(v) (v)
#else
typedef CAT(real, VW) realv;
typedef CAT(double, VW) sumv;
typedef realv __attribute__((aligned(sizeof(real)))) loose_realv;
typedef sumv __attribute__((aligned(sizeof(double)))) loose_sumv;
ACCESS(lanes, real, realv)
ACCESS(sums, double, sumv)
#define LOAD(p) load_lanes(p)
#define STORE(v, p) store_lanes((v), (p))
#define LOADD(p) load_sums(p)
#define STORED(v, p) store_sums((v), (p))
#define TO_SUM(v) __builtin_convertvector((v), sumv)
// Horizontal reductions run over the lanes in order, so that the same device gives the same bits.
static inline double HSUM(const sumv v)
{
    double lane[VW];
    STORED(v, lane);
    double r = lane[0];
    for (int i = 1; i < VW; ++i) r += lane[i];
    return r;
}
static inline double HMAX(const realv v)
{
    real lane[VW];
    STORE(v, lane);
    real r = lane[0];
    for (int i = 1; i < VW; ++i) r = lane[i] > r ? lane[i] : r;
    return r;
}
static inline double HMIN(const realv v)
{
    real lane[VW];
    STORE(v, lane);
    real r = lane[0];
    for (int i = 1; i < VW; ++i) r = lane[i] < r ? lane[i] : r;
    return r;
}
#endif

// Comparison and select instead of fmax and fmin: branch-free on every runtime. NaN is caught by the sums,
// not here.
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
// The number nearer to 0 where both have one sign, else 0.
#define MINMOD(a, b) (LARGER(SMALLER(a, b), (realv)0) + SMALLER(LARGER(a, b), (realv)0))

// Functions formulas may use beyond the OpenCL built-ins.
static inline realv relu(const realv t) { return LARGER(t, (realv)0); }
static inline realv above(const realv t) { return t > (realv)0 ? (realv)1 : (realv)0; }
static inline realv sigmoid(const realv t)
{
    const realv e = exp(-fabs(t));
    return (t > (realv)0 ? (realv)1 : e) / ((realv)1 + e);
}
// Not a number stays so: it is not passed over by a comparison that fails.
static inline realv larger(const realv a, const realv b) { return a > b ? a : (a <= b ? b : a + b); }
static inline realv smaller(const realv a, const realv b) { return a < b ? a : (a >= b ? b : a + b); }
static inline realv choose(const realv a, const realv b, const realv p, const realv q)
{ return a > b ? p : (a <= b ? q : a + b); }
static inline realv softplus(const realv t) { return relu(t) + log1p(exp(-fabs(t))); }

// tanh to 3 ulp, several times faster than built-ins: E / (E + 2) with E = exp(2 |t|) - 1 = 2^n (exp(r) - 1)
// + (2^n - 1), where 2 |t| = n log 2 + r, and (exp(r) - 1 - r) / r^2 is a minimax polynomial. From TANH_LAST
// on, tanh rounds to 1; NaN stays NaN. Adding TANH_ROUND, 1.5 times a power of two, rounds to an integer and
// leaves it in the low bits.
#define JOIN_(a, b, c) a##b##c
#define JOIN(a, b, c) JOIN_(a, b, c)
#define BITS_OF_float 32
#define BITS_OF_double 64
#if CAT(BITS_OF_, real) == 32
#define BITS int
#define MANTISSA 23
#define ONE_BITS 0x3f800000
#define TANH_ROUND 0x1.8p23f
#define TANH_LAST 10.0f
#define LOG2_HIGH 0x1.62e4p-1f
#define LOG2_LOW 0x1.7f7d1cp-20f
#define EXP_REST(r) \
    (0.499999980436378093f + r * (0.166665386961883972f + r * (0.0416672208192331575f \
     + r * (0.00836717958538220488f + r * 0.0013882420649004032f))))
#else
#define BITS long
#define MANTISSA 52
#define ONE_BITS 0x3ff0000000000000
#define TANH_ROUND 0x1.8p52
#define TANH_LAST 20.0
#define LOG2_HIGH 0x1.62e42feep-1
#define LOG2_LOW 0x1.a39ef35793c76p-33
#define EXP_REST(r) \
    (0.500000000000000571 + r * (0.166666666666665814 + r * (0.0416666666665694693 \
     + r * (0.00833333333339410398 + r * (0.00138888889341412623 + r * (0.000198412697116685733 \
     + r * (0.0000248015019982627778 + r * (2.75574110118146411e-6 + r * (2.76273986145959258e-7 \
     + r * 2.50538300614325236e-8)))))))))
#endif
#if VW == 1
typedef BITS bitsv;
#define AS_REAL(v) CAT(as_, real)(v)
#define AS_BITS(v) CAT(as_, BITS)(v)
#else
typedef CAT(BITS, VW) bitsv;
#define AS_REAL(v) JOIN(as_, real, VW)(v)
#define AS_BITS(v) JOIN(as_, BITS, VW)(v)
#endif
static inline realv fast_tanh(const realv t)
{
    const bitsv sign = AS_BITS(t) & AS_BITS((realv)((real)-0.0));
    const realv size = AS_REAL(AS_BITS(t) ^ sign),
                twice = (real)2 * (size > (realv)TANH_LAST ? (realv)TANH_LAST : size);
    const realv shifted = twice * (real)1.4426950408889634 + (realv)TANH_ROUND,
                n = shifted - (realv)TANH_ROUND;
    const realv r = (twice - n * LOG2_HIGH) - n * LOG2_LOW;
    const realv power = AS_REAL((AS_BITS(shifted) << MANTISSA) + (bitsv)ONE_BITS);
    const realv e = power * (r + r * r * EXP_REST(r)) + (power - (real)1);
    return AS_REAL(AS_BITS(e / (e + (real)2)) | sign);
}

// Functions that stable forms of formulas are made of.
static inline realv half_tanh(const realv t) { return fast_tanh(t / (real)2); }
static inline realv log1mexp(const realv t)
{ return t > (realv)-0.69314718055994531 ? log(-expm1(t)) : log1p(-exp(t)); }
static inline realv log_cosh(const realv t)
{
    const realv size = fabs(t), slope = fast_tanh(t);
    const realv small = log1p(-slope * slope) / (real)-2,
                large = size + (log1p(exp((real)-2 * size)) - (real)0.69314718055994531);
    return size < (realv)1 ? small : large;
}
