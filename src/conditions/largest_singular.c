#include "conditions/largest_singular.h"

#include <float.h>
#include <math.h>

#include "backends/blas.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"

#define MAX_STEPS 200
#define RESIDUAL  1e-7 /* relative; the eigenvalue is then off by about its square over the gap */
#define HALVINGS  60   /* of the bracket of an eigenvalue, down to rounding */

rn_index rni_singular_work(rn_index rows, rn_index cols)
{
    const rn_index steps = rni_min(cols, MAX_STEPS);
    return steps * cols + cols + rows + 2 * steps;
}

/* True when x lies above all eigenvalues of the k x k tridiagonal matrix: all pivots of the
   factors of x - T are positive. */
static bool is_above(int k, const double *alpha, const double *beta, double x)
{
    double pivot = x - alpha[0];
    for (int j = 1; j < k && pivot > 0.0; j++)
        pivot = x - alpha[j] - beta[j - 1] * beta[j - 1] / pivot;
    return pivot > 0.0;
}

/* The largest eigenvalue of T, from below, and the last component of its unit eigenvector. */
static double top_of(int k, const double *alpha, const double *beta, double *last)
{
    double low = alpha[0];
    double high = 0.0;
    for (int j = 0; j < k; j++) {
        const double right = j + 1 < k ? beta[j] : 0.0;
        const double left = j > 0 ? beta[j - 1] : 0.0;
        high = fmax(high, alpha[j] + left + right);
        low = fmax(low, alpha[j]);
    }
    high += high * DBL_EPSILON;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = 0.5 * (low + high);
        if (is_above(k, alpha, beta, middle))
            high = middle;
        else
            low = middle;
    }
    /* components grow by pivot / beta; the pivots at `high` are positive */
    double component = 1.0;
    double squares = 1.0;
    double pivot = high - alpha[0];
    for (int j = 1; j < k; j++) {
        component *= pivot / beta[j - 1];
        squares += component * component;
        pivot = high - alpha[j] - beta[j - 1] * beta[j - 1] / pivot;
    }
    *last = component / sqrt(squares);
    return low;
}

/* v := v less its parts along the k rows of basis, twice. */
static void reorthogonalise(int k, rn_index cols, const double *basis, double *v)
{
    for (int pass = 0; pass < 2; pass++)
        for (int j = 0; j < k; j++)
            rni_axpy(cols, -rni_dot(cols, basis + j * cols, v), basis + j * cols, v);
}

static void scale(rn_index n, double factor, const double *x, double *out)
{
    for (rn_index i = 0; i < n; i++)
        out[i] = factor * x[i];
}

rn_status rni_largest_singular(rn_index rows, rn_index cols, const double *a, double *work,
                               double *sigma)
{
    const int most = (int)rni_min(cols, MAX_STEPS);
    double *basis = work;
    double *next = basis + most * cols;
    double *image = next + cols;
    double *alpha = image + rows;
    double *beta = alpha + most;
    rni_rng_fill_normal((rni_stream){.purpose = RNI_RNG_PROBE_VECTOR}, 0, cols, next);
    double length = rni_nrm2(cols, next);
    double value = 0.0;
    for (int k = 0; k < most; k++) {
        double *v = basis + k * cols;
        scale(cols, 1.0 / length, next, v);
        RNI_TRY(rni_gemv(false, rows, cols, 1.0, a, cols, v, 0.0, image));
        RNI_TRY(rni_gemv(true, rows, cols, 1.0, a, cols, image, 0.0, next));
        alpha[k] = rni_dot(rows, image, image);
        reorthogonalise(k + 1, cols, basis, next);
        length = rni_nrm2(cols, next);
        beta[k] = length;
        double last = 0.0;
        value = top_of(k + 1, alpha, beta, &last);
        if (length * last <= RESIDUAL * value || length <= DBL_EPSILON * value) break;
    }
    *sigma = sqrt(value);
    return RN_OK;
}
