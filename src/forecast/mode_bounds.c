/*
 * Bounds of frozen losses from quadrature. L = sum over the spectrum of f(lambda) dE, and f falls
 * with derivatives of alternating sign: Gauss quadrature is too small, and a rule with one node
 * held at 0 (Gauss-Radau) too large. A single step size makes f a power, even in 1 - eta lambda: up
 * to 2/eta its derivatives of even order are positive all the same, and a rule with nodes held at 0
 * and 2/eta (Gauss-Lobatto) is too large.
 *
 * The rules with held nodes come from the Jacobi matrix of the nodes less its last row, which
 * Lanczos on diag(nodes) gives back.
 */
#include <math.h>
#include <renorm/lanczos.h>
#include <renorm/mode_forecast.h>
#include <renorm/op.h>
#include <stdbool.h>

#include "core/memory.h"
#include "core/status.h"
#include "forecast/mode_decay.h"

/* The rule with held nodes. */
typedef struct upper {
    rn_index n;
    double *block;          /* owns what follows */
    double *nodes, *masses; /* [n] */
    double *diagonal, *coupling;
} upper;

static int multiply(void *user, rn_index n_vecs, const double *x, rn_index ldx, double *y,
                    rn_index ldy)
{
    const rn_mode_set *m = user;
    for (rn_index u = 0; u < m->n; u++)
        for (rn_index k = 0; k < n_vecs; k++)
            y[k * ldy + u] = m->lambda[u] * x[k * ldx + u];
    return 0;
}

/* Last pivot of T - x, whose inverse is the last diagonal entry of (T - x)^-1. */
static double last_pivot(const rn_jacobi *rule, double x)
{
    double pivot = 0.0;
    for (rn_index i = 0; i < rule->n; i++) {
        const double over = i > 0 ? rule->coupling[i - 1] : 0.0;
        pivot = rule->diagonal[i] - x - (i > 0 ? over * over / pivot : 0.0);
    }
    return pivot;
}

/* Leading rows of T whose pivots stand above rounding: with a node at 0 already, the next row would
   be noise. */
static rn_index count_sound(const rn_jacobi *rule)
{
    rn_jacobi part = *rule;
    for (part.n = 1; part.n <= rule->n; part.n++)
        if (!(last_pivot(&part, 0.0) > rule->noise)) break;
    return part.n - 1;
}

/* One row more, so that 0 and, where it is finite, `top` are nodes. False: top is not above T. */
static bool add_row(const rn_jacobi *rule, double top, upper *out)
{
    const rn_index n = rule->n;
    double coupling = n > 0 ? rule->coupling[n - 1] : 0.0;
    double corner = 0.0;
    if (n > 0) {
        const double at_zero = 1.0 / last_pivot(rule, 0.0);
        if (isfinite(top)) {
            const double at_top = 1.0 / last_pivot(rule, top);
            if (!(at_top < 0.0)) return false;
            coupling = sqrt(top / (at_zero - at_top));
        }
        corner = coupling * coupling * at_zero;
    }
    for (rn_index i = 0; i < n; i++) {
        out->diagonal[i] = rule->diagonal[i];
        out->coupling[i] = i + 1 < n ? rule->coupling[i] : coupling;
    }
    out->diagonal[n] = corner;
    out->coupling[n] = 0.0;
    out->n = n + 1;
    return true;
}

/* Lanczos on diag(nodes) from the roots of the masses, one step less than there are nodes. */
static rn_status build(const rn_mode_set *m, double top, upper *out, bool *is_built)
{
    rn_op *op = NULL;
    rn_lanczos *lanczos = NULL;
    rn_mode_set set = *m;
    const rn_op_desc desc = {
        .rows = m->n, .cols = m->n, .traits = RN_OP_PSD, .apply = multiply, .user = &set};
    for (rn_index u = 0; u < m->n; u++)
        out->nodes[u] = sqrt(m->energy[u]);
    RNI_TRY(rn_op_create(&desc, &op));
    rn_status status = rn_lanczos_create(op, out->nodes, m->n, &lanczos);
    if (status == RN_OK) status = rn_lanczos_extend(lanczos, m->n - 1);
    if (status == RN_OK) {
        rn_jacobi rule = rn_lanczos_rule(lanczos, m->n - 1);
        rule.n = count_sound(&rule);
        *is_built = add_row(&rule, top, out);
        const rn_jacobi all = {.n = out->n,
                               .mass = rule.mass,
                               .diagonal = out->diagonal,
                               .coupling = out->coupling,
                               .noise = rule.noise};
        if (*is_built) status = rn_jacobi_gauss(&all, out->nodes, out->masses, NULL);
    }
    rn_lanczos_destroy(lanczos);
    rn_op_destroy(op);
    return status;
}

static double sum_left(const rn_mode_set *m, rn_index n, const double *nodes, const double *masses,
                       double ahead, rni_parts parts)
{
    double sum = m->null_energy;
    for (rn_index u = 0; u < n; u++)
        sum += masses[u] * exp(rni_mode_decay(m, fmax(nodes[u], 0.0), ahead, parts, m->n));
    return sum;
}

static void tell(const rn_mode_set *m, const upper *x, double noise, rn_index n_times,
                 const double *ahead, double *low, double *high)
{
    double total = 0.0;
    for (rn_index u = 0; u < m->n; u++)
        total += m->energy[u];
    for (rn_index k = 0; k < n_times; k++) {
        /* |f'| is at most 2 ahead: what a change of the matrix by its noise can do */
        const double rounding = total * (2.0 * ahead[k] * noise + 1e-13);
        const double least = sum_left(m, m->n, m->lambda, m->energy, ahead[k], RNI_PARTS_WHOLE);
        const double most =
            x->n > 0 ? sum_left(m, x->n, x->nodes, x->masses, ahead[k], RNI_PARTS_NONE) : least;
        low[k] = fmax(least - rounding, 0.0);
        high[k] = fmin(most, total + m->null_energy) + rounding;
    }
}

/* Where the upper rule needs a second held node, infinite where it does not; NaN: no rule holds. */
static double find_top(const rn_mode_set *m)
{
    const double stability = rn_modes_stability(m);
    if (m->n_pieces == 1 && m->pieces[0].step_size > 0.0) return 2.0 / m->pieces[0].step_size;
    return stability <= 1.0 ? (double)INFINITY : (double)NAN;
}

rn_status rn_modes_frozen_bounds(const rn_mode_set *nodes, double noise, int is_exact,
                                 rn_index n_times, const double *ahead, double *low, double *high)
{
    double unused = 0.0;
    if (!nodes || !ahead || !low || !high || n_times < 0 || !(noise >= 0.0) || !isfinite(noise))
        return rni_fail(RN_ERR_ARGUMENT, "rn_modes_frozen_bounds: an argument is NULL or out of "
                                         "range");
    for (rn_index k = 0; k < n_times; k++) /* checks what it is given, and tells what is unstable */
        RNI_TRY(rn_modes_frozen(nodes, 1, ahead + k, &unused));
    const double top = find_top(nodes);
    if (isnan(top) && !is_exact)
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "no bounds: several step sizes, and eta lambda_max is %.3g; expected at "
                        "most 1",
                        rn_modes_stability(nodes));
    upper x = {.block = rni_alloc(4 * nodes->n, sizeof(double))};
    if (!x.block)
        return rni_fail(RN_ERR_MEMORY, "rn_modes_frozen_bounds: no memory for %" PRId64 " nodes",
                        nodes->n);
    x.nodes = x.block;
    x.masses = x.block + nodes->n;
    x.diagonal = x.block + 2 * nodes->n;
    x.coupling = x.block + 3 * nodes->n;
    bool is_built = true;
    rn_status status = is_exact ? RN_OK : build(nodes, top, &x, &is_built);
    if (status == RN_OK && !is_built)
        status = rni_fail(RN_ERR_DOMAIN, "no bounds: a node lies at eta lambda = 2");
    if (status == RN_OK) tell(nodes, &x, noise, n_times, ahead, low, high);
    rni_free(x.block);
    return status;
}
