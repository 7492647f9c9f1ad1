/*
 * The instructions of fused programs on one block. All loops stand inside one function, so that
 * one choice of instruction set at program start covers them all.
 */
#include <math.h>

#include "tensor/host.h"

/* loop_NAME: d[i] := expression for the whole block; x and y are the operands at index i. */
#define UNARY(name, expression)                                                                    \
    RNI_INLINE void loop_##name(rn_index n, double number, const double *a, const double *b,       \
                                double *d)                                                         \
    {                                                                                              \
        (void)number;                                                                              \
        (void)b;                                                                                   \
        RNI_INDEPENDENT                                                                            \
        for (rn_index i = 0; i < n; i++) {                                                         \
            const double x = a[i];                                                                 \
            d[i] = (expression);                                                                   \
        }                                                                                          \
    }

#define BINARY(name, expression)                                                                   \
    RNI_INLINE void loop_##name(rn_index n, double number, const double *a, const double *b,       \
                                double *d)                                                         \
    {                                                                                              \
        (void)number;                                                                              \
        RNI_INDEPENDENT                                                                            \
        for (rn_index i = 0; i < n; i++) {                                                         \
            const double x = a[i];                                                                 \
            const double y = b[i];                                                                 \
            d[i] = (expression);                                                                   \
        }                                                                                          \
    }

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|): neither overflows nor loses small results. */
static double softplus(double x)
{
    return (x <= 0.0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}

UNARY(COPY, x)
UNARY(SCALE, number *x)
UNARY(SHIFT, x + number)
UNARY(POWER, pow(x, number))
UNARY(SQUARE, x *x)
UNARY(ROOT, sqrt(x))
UNARY(RECIPROCAL, 1.0 / x)
UNARY(EXP, exp(x))
UNARY(LOG, log(x))
UNARY(SIN, sin(x))
UNARY(COS, cos(x))
UNARY(TANH, tanh(x))
UNARY(ERF, erf(x))
UNARY(SIGMOID, 1.0 / (1.0 + exp(-x)))
UNARY(SOFTPLUS, softplus(x))
UNARY(ABS, fabs(x))
UNARY(SIGN, (x > 0.0 ? 1.0 : 0.0) - (x < 0.0 ? 1.0 : 0.0))
UNARY(RELU, x <= 0.0 ? 0.0 : x) /* NaN stays */
UNARY(STEP, x > 0.0 ? 1.0 : 0.0)
BINARY(ADD, x + y)
BINARY(SUBTRACT, x - y)
BINARY(MULTIPLY, x *y)
BINARY(DIVIDE, x / y)
BINARY(GREATER, x > y ? 1.0 : 0.0)
BINARY(EQUAL, (x <= y ? 1.0 : 0.0) * (x >= y ? 1.0 : 0.0))

RNI_INLINE void apply(const rni_instruction *code, rn_index n, const double *a, const double *b,
                      double *d)
{
    switch ((rni_instruction_code)code->code) {
#define RNI_CASE(name, arity)                                                                      \
    case RNI_DO_##name: loop_##name(n, code->number, a, b, d); break;
        RNI_INSTRUCTION_LIST(RNI_CASE)
#undef RNI_CASE
    case RNI_DO_COUNT: break;
    }
}

RNI_WIDE void rni_host_block(const rni_instruction *code, int n_instructions, rn_index n,
                             const double *const *read, double *const *write)
{
    for (int i = 0; i < n_instructions; i++)
        apply(&code[i], n, read[code[i].a], read[code[i].b], write[code[i].dst]);
}
