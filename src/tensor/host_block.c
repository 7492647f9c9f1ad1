/*
 * The instructions of fused programs on one block. All loops stand inside one function, so that
 * one choice of instruction set at program start covers them all.
 */
#include <math.h>

#include "tensor/host.h"

/* One loop over the block; x and y are the operands at index i. */
#define EACH(expression)                                                                           \
    do {                                                                                           \
        RNI_INDEPENDENT                                                                            \
        for (rn_index i = 0; i < n; i++) {                                                         \
            const double x = a[i];                                                                 \
            d[i] = (expression);                                                                   \
        }                                                                                          \
    } while (0)

#define EACH_PAIR(expression)                                                                      \
    do {                                                                                           \
        RNI_INDEPENDENT                                                                            \
        for (rn_index i = 0; i < n; i++) {                                                         \
            const double x = a[i];                                                                 \
            const double y = b[i];                                                                 \
            d[i] = (expression);                                                                   \
        }                                                                                          \
    } while (0)

/* ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|): neither overflows nor loses small results. */
static double softplus(double x)
{
    return (x <= 0.0 ? 0.0 : x) + log1p(exp(-fabs(x)));
}

RNI_INLINE void apply(const rni_instruction *code, rn_index n, const double *a, const double *b,
                      double *d)
{
    const double number = code->number;
    switch ((rni_instruction_code)code->code) {
    case RNI_DO_COPY: EACH(x); break;
    case RNI_DO_SCALE: EACH(number * x); break;
    case RNI_DO_SHIFT: EACH(x + number); break;
    case RNI_DO_POWER: EACH(pow(x, number)); break;
    case RNI_DO_SQUARE: EACH(x * x); break;
    case RNI_DO_RECIPROCAL: EACH(1.0 / x); break;
    case RNI_DO_EXP: EACH(exp(x)); break;
    case RNI_DO_LOG: EACH(log(x)); break;
    case RNI_DO_SIN: EACH(sin(x)); break;
    case RNI_DO_COS: EACH(cos(x)); break;
    case RNI_DO_TANH: EACH(tanh(x)); break;
    case RNI_DO_ERF: EACH(erf(x)); break;
    case RNI_DO_SIGMOID: EACH(1.0 / (1.0 + exp(-x))); break;
    case RNI_DO_SOFTPLUS: EACH(softplus(x)); break;
    case RNI_DO_ABS: EACH(fabs(x)); break;
    case RNI_DO_SIGN: EACH((x > 0.0 ? 1.0 : 0.0) - (x < 0.0 ? 1.0 : 0.0)); break;
    case RNI_DO_RELU: EACH(x <= 0.0 ? 0.0 : x); break; /* NaN stays */
    case RNI_DO_STEP: EACH(x > 0.0 ? 1.0 : 0.0); break;
    case RNI_DO_ADD: EACH_PAIR(x + y); break;
    case RNI_DO_SUBTRACT: EACH_PAIR(x - y); break;
    case RNI_DO_MULTIPLY: EACH_PAIR(x * y); break;
    case RNI_DO_DIVIDE: EACH_PAIR(x / y); break;
    case RNI_DO_GREATER: EACH_PAIR(x > y ? 1.0 : 0.0); break;
    case RNI_DO_EQUAL: EACH_PAIR((x <= y ? 1.0 : 0.0) * (x >= y ? 1.0 : 0.0)); break;
    case RNI_DO_COUNT: break;
    }
}

RNI_WIDE void rni_host_block(const rni_instruction *code, int n_instructions, rn_index n,
                             const double *const *read, double *const *write)
{
    for (int i = 0; i < n_instructions; i++)
        apply(&code[i], n, read[code[i].a], read[code[i].b], write[code[i].dst]);
}
