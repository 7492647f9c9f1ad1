/*
 * Lanczos with full reorthogonalisation, twice ("twice is enough": Parlett, "The Symmetric
 * Eigenvalue Problem", sec. 6.9). Without it converged nodes come back as copies and their weight
 * is shared out: the basis costs memory, and the sums of weights stay right.
 *
 * What M q_j has along q_1 .. q_{j-2} must vanish for a symmetric M, since M q_i reaches only to
 * q_{i+1}. The first pass of the orthogonalisation measures it for nothing: it is the rounding of
 * the products, and becomes the noise of the rule.
 */
#include "spectra/lanczos.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

/* Sums of few terms round by more than sqrt(n) eps says; as RN_SPECTRA_FLOOR. */
#define ROUNDING_FLOOR 32.0

struct rn_lanczos {
    const rn_op *op; /* borrowed */
    rn_index n;
    rn_index max_steps;
    rn_index n_steps;
    bool is_exhausted;
    double mass;
    double *basis;   /* owned: [max_steps + 1 x n], and all below */
    double *a;       /* [max_steps] */
    double *b;       /* [max_steps] */
    double *strays;  /* [max_steps] largest stray part in steps 0 .. j */
    double *scales;  /* [max_steps] bound of |T| in steps 0 .. j, by Gershgorin */
    double *overlap; /* [max_steps] work space */
};

rn_status rn_lanczos_create(const rn_op *op, const double *start, rn_index max_steps,
                            rn_lanczos **out)
{
    if (!op || !start || !out || max_steps < 1)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_lanczos_create: an operator, a start vector and max_steps >= 1 are "
                        "needed; found %" PRId64 " steps",
                        max_steps);
    if (rn_op_get_traits(op) != RN_OP_PSD)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_lanczos_create: the operator does not promise RN_OP_PSD");
    const rn_index n = rn_op_rows(op);
    max_steps = rni_min(max_steps, n);
    const double norm = rni_nrm2(n, start);
    if (!(norm <= sqrt(DBL_MAX)))
        return rni_fail(RN_ERR_NONFINITE,
                        "rn_lanczos_create: the start vector has length %g, expected a number "
                        "whose square is finite",
                        norm);
    if (!(norm * norm > 0.0))
        return rni_fail(RN_ERR_DOMAIN, "rn_lanczos_create: the start vector is zero: there is "
                                       "nothing to resolve");
    rn_index words = 0;
    rn_lanczos *l = rni_alloc(1, sizeof *l);
    double *basis =
        rni_size_mul(max_steps + 1, n, &words) && rni_size_add(words, 5 * max_steps, &words)
            ? rni_alloc(words, sizeof *basis)
            : NULL;
    if (!l || !basis) {
        rni_free(l);
        rni_free(basis);
        return rni_fail(RN_ERR_MEMORY,
                        "rn_lanczos_create: no memory for %" PRId64 " vectors of %" PRId64
                        " numbers; ask for fewer steps",
                        max_steps + 1, n);
    }
    *l =
        (rn_lanczos){.op = op, .n = n, .max_steps = max_steps, .mass = norm * norm, .basis = basis};
    l->a = basis + (max_steps + 1) * n;
    l->b = l->a + max_steps;
    l->strays = l->b + max_steps;
    l->scales = l->strays + max_steps;
    l->overlap = l->scales + max_steps;
    for (rn_index i = 0; i < n; i++)
        basis[i] = start[i] / norm;
    *out = l;
    return RN_OK;
}

void rn_lanczos_destroy(rn_lanczos *l)
{
    if (!l) return;
    rni_free(l->basis);
    rni_free(l);
}

static double scale_of(const rn_lanczos *l)
{
    return l->n_steps > 0 ? l->scales[l->n_steps - 1] : 0.0;
}

static double unit_of(const rn_lanczos *l, rn_index n_steps)
{
    return (sqrt((double)l->n) + (double)n_steps + ROUNDING_FLOOR) * DBL_EPSILON;
}

/* w := w - Q^T Q w over the first `count` vectors; the coefficients stay in l->overlap. */
static rn_status orthogonalise(rn_lanczos *l, rn_index count, double *w)
{
    RNI_TRY(rni_gemv(false, count, l->n, 1.0, l->basis, l->n, w, 0.0, l->overlap));
    return rni_gemv(true, count, l->n, -1.0, l->basis, l->n, l->overlap, 1.0, w);
}

static rn_status step(rn_lanczos *l)
{
    const rn_index j = l->n_steps;
    double *w = l->basis + (j + 1) * l->n;
    RNI_TRY(rn_op_apply(l->op, 1, w - l->n, l->n, w, l->n));
    RNI_TRY(orthogonalise(l, j + 1, w));
    const double a = l->overlap[j];
    const double stray = j > 1 ? rni_nrm2(j - 1, l->overlap) : 0.0;
    RNI_TRY(orthogonalise(l, j + 1, w));
    const double b = rni_nrm2(l->n, w);
    const double scale = fmax(scale_of(l), fabs(a) + b + (j > 0 ? l->b[j - 1] : 0.0));
    if (!isfinite(scale))
        return rni_fail(RN_ERR_NONFINITE,
                        "rn_lanczos_extend: a product of step %" PRId64 " overflows", j + 1);
    const double worst = fmax(stray, j > 0 ? l->strays[j - 1] : 0.0);
    if (a < -fmax(worst, unit_of(l, j) * scale))
        return rni_fail(RN_ERR_DOMAIN,
                        "rn_lanczos_extend: q.Mq is %g at step %" PRId64 ", expected at least 0: "
                        "the operator is not positive semidefinite",
                        a, j + 1);
    l->a[j] = a;
    l->b[j] = b;
    l->strays[j] = worst;
    l->scales[j] = scale;
    l->n_steps = j + 1;
    if (l->n_steps == l->n || b <= unit_of(l, 0) * scale) {
        l->b[j] = 0.0;
        l->is_exhausted = true;
        return RN_OK;
    }
    for (rn_index i = 0; i < l->n; i++)
        w[i] /= b;
    return RN_OK;
}

rn_status rn_lanczos_extend(rn_lanczos *l, rn_index n_steps)
{
    if (!l || n_steps < 0 || n_steps > l->max_steps)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_lanczos_extend: found %" PRId64 " steps, expected 0 .. %" PRId64,
                        n_steps, l ? l->max_steps : 0);
    while (l->n_steps < n_steps && !l->is_exhausted)
        RNI_TRY(step(l));
    return RN_OK;
}

rn_index rn_lanczos_n_steps(const rn_lanczos *l)
{
    return l->n_steps;
}

int rn_lanczos_is_exhausted(const rn_lanczos *l)
{
    return l->is_exhausted;
}

const double *rn_lanczos_vector(const rn_lanczos *l, rn_index j)
{
    return j >= 0 && j < l->n_steps ? l->basis + j * l->n : NULL;
}

rn_jacobi rn_lanczos_rule(const rn_lanczos *l, rn_index n_steps)
{
    const rn_index n = rni_max(0, rni_min(n_steps, l->n_steps));
    const double stray = n > 0 ? l->strays[n - 1] : 0.0;
    return (rn_jacobi){.n = n,
                       .mass = l->mass,
                       .diagonal = l->a,
                       .coupling = l->b,
                       .noise = fmax(stray, unit_of(l, n) * scale_of(l))};
}

rni_lanczos_step rni_lanczos_get(const rn_lanczos *l, rn_index j)
{
    return (rni_lanczos_step){.diagonal = l->a[j],
                              .coupling = l->b[j],
                              .stray = l->strays[j],
                              .scale = l->scales[j],
                              .next = l->basis + (j + 1) * l->n};
}

rn_status rni_lanczos_put(rn_lanczos *l, rni_lanczos_step step)
{
    const rn_index j = l->n_steps;
    if (j >= l->max_steps || l->is_exhausted)
        return rni_fail(RN_ERR_ARGUMENT, "rni_lanczos_put: no step may follow the %" PRId64 " done",
                        j);
    const double sum = step.diagonal + step.coupling + step.stray + step.scale;
    if (!isfinite(sum) || !isfinite(rni_nrm2(l->n, step.next)))
        return rni_fail(RN_ERR_NONFINITE,
                        "rni_lanczos_put: a number of step %" PRId64 " is not finite", j + 1);
    l->a[j] = step.diagonal;
    l->b[j] = step.coupling;
    l->strays[j] = step.stray;
    l->scales[j] = step.scale;
    memcpy(l->basis + (j + 1) * l->n, step.next, (size_t)l->n * sizeof *l->basis);
    l->n_steps = j + 1;
    l->is_exhausted = step.coupling <= 0.0;
    return RN_OK;
}
