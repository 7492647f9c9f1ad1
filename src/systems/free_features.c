#include "systems/free_features.h"

#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "backends/sundials.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/status.h"

/* ---- the graph ------------------------------------------------------------------------------- */

/* The loss of logits [C, N] with one-hot targets, as a node. */
static rn_node add_loss(rn_graph *g, const rni_free_features *x, const double *targets,
                        bool is_cross_entropy, rn_node logits)
{
    const rn_shape shape = RN_SHAPE(x->c, x->n);
    if (!is_cross_entropy)
        return rn_graph_scale(
            g,
            rn_graph_sum(g, rn_graph_multiply(g, rn_graph_constant(g, shape, x->a), logits), 3u, 0),
            -1.0);
    const rn_node chosen =
        rn_graph_sum(g, rn_graph_multiply(g, rn_graph_constant(g, shape, targets), logits), 3u, 0);
    const rn_node all =
        rn_graph_sum(g, rn_graph_log(g, rn_graph_sum(g, rn_graph_exp(g, logits), 1u, 0)), 1u, 0);
    return rn_graph_scale(g, rn_graph_subtract(g, all, chosen), 1.0 / (double)x->n);
}

static rn_status build(rni_free_features *x, const double *targets, bool is_cross_entropy)
{
    RNI_TRY(rn_graph_create(&x->graph));
    rn_graph *g = x->graph;
    rn_node gradients[2];
    x->w = rn_graph_parameter(g, "W", RN_SHAPE(x->c, x->d));
    x->h = rn_graph_parameter(g, "H", RN_SHAPE(x->d, x->n));
    const rn_node parameters[] = {x->w, x->h};
    const rn_node features =
        x->phi ? rn_graph_matmul(g, x->h, rn_graph_constant(g, RN_SHAPE(x->n, x->n), x->phi))
               : x->h;
    const rn_node loss =
        add_loss(g, x, targets, is_cross_entropy, rn_graph_matmul(g, x->w, features));
    const rn_node one = rn_graph_scalar(g, 1.0);
    RNI_TRY(rn_graph_status(g));
    RNI_TRY(rn_graph_vjp(g, 1, &loss, &one, 2, parameters, gradients));
    x->dw = gradients[0];
    x->dh = gradients[1];
    RNI_TRY(rn_plan_create(g, 1, 2, gradients, &x->plan));
    return rn_workspace_create(x->plan, &x->work);
}

/* phi := K^(1/2) */
static void fill_phi(const rni_feature_kernel *k, rn_index n, rn_index per_class, double *phi)
{
    const double within = sqrt(k->within);
    const double class_means = sqrt(k->class_means);
    for (rn_index i = 0; i < n; i++)
        for (rn_index j = 0; j < n; j++)
            phi[i * n + j] =
                (i == j ? within : 0.0)
                + (i / per_class == j / per_class ? (class_means - within) / (double)per_class
                                                  : 0.0)
                + (sqrt(k->mean) - class_means) / (double)n;
}

static rn_status fill(const rni_free_features_plan *plan, uint64_t seed, double *targets,
                      rni_free_features *x)
{
    const rn_index n_state = x->c * x->d + x->d * x->n;
    const rni_stream stream = {.seed = seed, .purpose = RNI_RNG_INIT};
    rni_rng_fill_normal(stream, 0, n_state, x->state);
    for (rn_index i = 0; i < n_state; i++)
        x->state[i] /= sqrt((double)x->d);
    for (rn_index k = 0; k < x->c; k++)
        for (rn_index i = 0; i < x->n; i++) {
            targets[k * x->n + i] = i / plan->per_class == k ? 1.0 : 0.0;
            x->a[k * x->n + i] =
                ((plan->g1 + plan->g2) * targets[k * x->n + i] - plan->g2) / (double)x->n;
        }
    if (plan->kernel) fill_phi(plan->kernel, x->n, plan->per_class, x->phi);
    return build(x, targets, plan->is_cross_entropy);
}

rn_status rni_free_features_make(const rni_free_features_plan *plan, uint64_t seed,
                                 rni_free_features *out)
{
    rni_free_features x = {.c = plan->c, .d = plan->d, .n = plan->c * plan->per_class};
    double *targets = rni_alloc_zero(x.c * x.n, sizeof *targets);
    x.a = rni_alloc(x.c * x.n, sizeof *x.a);
    x.state = rni_alloc(x.c * x.d + x.d * x.n, sizeof *x.state);
    x.phi = plan->kernel ? rni_alloc(x.n * x.n, sizeof *x.phi) : NULL;
    const rn_status status = targets && x.a && x.state && (x.phi || !plan->kernel)
                                 ? fill(plan, seed, targets, &x)
                                 : rni_fail(RN_ERR_MEMORY, "rni_free_features_make: no memory");
    rni_free(targets);
    if (status < 0)
        rni_free_features_clear(&x);
    else
        *out = x;
    return status;
}

void rni_free_features_clear(rni_free_features *x)
{
    rn_workspace_destroy(x->work);
    rn_plan_destroy(x->plan);
    rn_graph_destroy(x->graph);
    rni_free(x->a);
    rni_free(x->state);
    rni_free(x->phi);
    *x = (rni_free_features){0};
}

void rni_free_features_see(const rni_free_features *x, const double *state, double *h)
{
    const double *const own = state + x->c * x->d;
    if (!x->phi) {
        memcpy(h, own, (size_t)(x->d * x->n) * sizeof *h);
        return;
    }
    for (rn_index r = 0; r < x->d; r++)
        for (rn_index i = 0; i < x->n; i++)
            h[r * x->n + i] = rni_dot(x->n, own + r * x->n, x->phi + i * x->n);
}

/* ---- motion ---------------------------------------------------------------------------------- */

/* Takes the part along every feature out of its motion. */
static void keep_lengths(const rni_free_features *x, const double *h, double *dh)
{
    for (rn_index i = 0; i < x->n; i++) {
        double square = 0.0;
        double dot = 0.0;
        for (rn_index k = 0; k < x->d; k++) {
            square += h[k * x->n + i] * h[k * x->n + i];
            dot += h[k * x->n + i] * dh[k * x->n + i];
        }
        for (rn_index k = 0; k < x->d; k++)
            dh[k * x->n + i] -= dot / square * h[k * x->n + i];
    }
}

static rn_status motion(void *user, double t, const double *state, double *out)
{
    rni_free_features *x = user;
    const rn_index n_w = x->c * x->d;
    const rn_index n_h = x->d * x->n;
    (void)t;
    RNI_TRY(rn_workspace_bind(x->work, x->w, state));
    RNI_TRY(rn_workspace_bind(x->work, x->h, state + n_w));
    RNI_TRY(rn_workspace_run(x->work));
    const double *dw = rn_workspace_value(x->work, x->dw);
    const double *dh = rn_workspace_value(x->work, x->dh);
    for (rn_index i = 0; i < n_w; i++)
        out[i] = x->is_fixed ? 0.0 : -dw[i] - x->decay * state[i];
    for (rn_index i = 0; i < n_h; i++)
        out[n_w + i] = -dh[i] - x->decay * state[n_w + i];
    if (x->is_spherical) keep_lengths(x, state + n_w, out + n_w);
    return RN_OK;
}

rn_status rni_free_features_follow(rni_free_features *x, double duration, double *state)
{
    const rni_ode ode = {.n = x->c * x->d + x->d * x->n,
                         .rhs = motion,
                         .user = x,
                         .rtol = 1e-12,
                         .atol = 1e-13,
                         .order = 8};
    return rni_ode_integrate(&ode, duration, 0.0, state, NULL);
}

rn_status rni_free_features_descend(rni_free_features *x, rn_index n_steps, const double *eta,
                                    double *state)
{
    const rn_index n = x->c * x->d + x->d * x->n;
    double *step = rni_alloc(n, sizeof *step);
    if (!step) return rni_fail(RN_ERR_MEMORY, "rni_free_features_descend: no memory");
    rn_status status = RN_OK;
    for (rn_index k = 0; k < n_steps && status == RN_OK; k++) {
        status = motion(x, 0.0, state, step);
        for (rn_index i = 0; i < n && status == RN_OK; i++)
            state[i] += eta[k] * step[i];
    }
    rni_free(step);
    return status;
}

void rni_free_features_normalise(const rni_free_features *x, double *state)
{
    double *h = state + x->c * x->d;
    for (rn_index i = 0; i < x->n; i++) {
        double square = 0.0;
        for (rn_index k = 0; k < x->d; k++)
            square += h[k * x->n + i] * h[k * x->n + i];
        for (rn_index k = 0; k < x->d; k++)
            h[k * x->n + i] /= sqrt(square);
    }
}

void rni_free_features_scatter(const rni_free_features *x, const double *h, double *within,
                               double *between)
{
    const rn_index per_class = x->n / x->c;
    *within = 0.0;
    *between = 0.0;
    for (rn_index k = 0; k < x->d; k++) {
        const double *row = h + k * x->n;
        double mean = 0.0;
        for (rn_index i = 0; i < x->n; i++)
            mean += row[i] / (double)x->n;
        for (rn_index j = 0; j < x->c; j++) {
            double own = 0.0;
            for (rn_index i = 0; i < per_class; i++)
                own += row[j * per_class + i] / (double)per_class;
            *between += (own - mean) * (own - mean) / (double)x->c;
            for (rn_index i = 0; i < per_class; i++)
                *within +=
                    (row[j * per_class + i] - own) * (row[j * per_class + i] - own) / (double)x->n;
        }
    }
}
