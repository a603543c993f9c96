// Shared by all kernels. Build options and a generated header give:
//   real, realv   scalar and vector type of the state (VW lanes; realv is real when VW is 1)
//   sumv          vector of VW doubles, in which sums are accumulated
#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#pragma OPENCL FP_CONTRACT ON

#define CAT_(a, b) a##b
#define CAT(a, b) CAT_(a, b)
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
#define LOAD(p) CAT(vload, VW)(0, (p))
#define STORE(v, p) CAT(vstore, VW)((v), 0, (p))
#define LOADD(p) CAT(vload, VW)(0, (p))
#define STORED(v, p) CAT(vstore, VW)((v), 0, (p))
#define TO_SUM(v) CAT(convert_double, VW)(v)
// Horizontal reductions run over the lanes in order, so that the same device gives the same bits.
static inline double HSUM(const sumv v) { double lane[VW]; STORED(v, lane); double r = lane[0]; for (int i = 1; i < VW; ++i) r += lane[i]; return r; }
static inline double HMAX(const realv v) { real lane[VW]; STORE(v, lane); real r = lane[0]; for (int i = 1; i < VW; ++i) r = lane[i] > r ? lane[i] : r; return r; }
static inline double HMIN(const realv v) { real lane[VW]; STORE(v, lane); real r = lane[0]; for (int i = 1; i < VW; ++i) r = lane[i] < r ? lane[i] : r; return r; }
#endif

// Comparison and select instead of fmax and fmin: branch-free on every runtime. NaN is caught by the sums, not here.
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))

// Functions formulas may use beyond the OpenCL built-ins.
static inline realv relu(const realv t) { return LARGER(t, (realv)0); }
static inline realv above(const realv t) { return t > (realv)0 ? (realv)1 : (realv)0; }
static inline realv sigmoid(const realv t) { const realv e = exp(-fabs(t)); return (t > (realv)0 ? (realv)1 : e) / ((realv)1 + e); }
static inline realv softplus(const realv t) { return relu(t) + log1p(exp(-fabs(t))); }
