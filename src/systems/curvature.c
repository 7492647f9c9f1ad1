#include "systems/curvature.h"

#include <math.h>
#include <renorm/plan.h>
#include <string.h>

#include "backends/blas.h"
#include "backends/lapack.h"
#include "core/memory.h"
#include "core/status.h"

enum { MOST_PARAMETERS = 16 };

/* Everything that is computed at one point for one direction. */
typedef struct probe {
    rn_model *model;
    rn_loss *loss;
    rn_plan *plan;
    rn_workspace *work;
    rn_index n_parameters;
    rn_index offset[MOST_PARAMETERS];
    rn_index size[MOST_PARAMETERS];
    rn_node parameter[MOST_PARAMETERS];
    rn_node tangent[MOST_PARAMETERS];
    rn_node along[MOST_PARAMETERS]; /* H v, part by part */
    rn_node gradient[MOST_PARAMETERS];
    rn_node targets;
    rn_node total;  /* mean loss */
    rn_node sample; /* [N] d l_i along v */
} probe;

static void close_probe(probe *p)
{
    rn_workspace_destroy(p->work);
    rn_plan_destroy(p->plan);
    rn_loss_destroy(p->loss);
    rn_model_destroy(p->model);
    *p = (probe){0};
}

static rn_status append(const rni_walk_plan *plan, probe *p)
{
    rn_graph *const graph = rn_model_graph(p->model);
    rn_loss_nodes nodes;
    p->targets = rn_graph_input(graph, "targets", RN_SHAPE(RN_SAMPLES, 1));
    RNI_TRY(rn_loss_append(p->loss, graph, rn_model_output(p->model), p->targets, &nodes));
    p->total = rn_graph_scale(graph, rn_graph_sum(graph, nodes.per_sample, 1U, 0),
                              1.0 / (double)plan->n_samples);
    p->n_parameters = rn_model_n_parameters(p->model);
    if (p->n_parameters > MOST_PARAMETERS)
        return rni_fail(RN_ERR_ARGUMENT, "curvature: too many parameters");
    for (rn_index k = 0; k < p->n_parameters; k++) {
        rn_parameter parameter;
        RNI_TRY(rn_model_parameter(p->model, k, &parameter));
        p->parameter[k] = parameter.node;
        p->offset[k] = parameter.offset;
        p->size[k] = parameter.size;
        p->tangent[k] = rn_graph_input(graph, "direction", rn_graph_shape(graph, parameter.node));
    }
    const rn_node one = rn_graph_scalar(graph, 1.0);
    RNI_TRY(rn_graph_vjp(graph, 1, &p->total, &one, p->n_parameters, p->parameter, p->gradient));
    RNI_TRY(rn_graph_jvp(graph, p->n_parameters, p->parameter, p->tangent, p->n_parameters,
                         p->gradient, p->along));
    RNI_TRY(rn_graph_jvp(graph, p->n_parameters, p->parameter, p->tangent, 1, &nodes.per_sample,
                         &p->sample));
    return rn_graph_status(graph);
}

static rn_status make_model(const rni_walk_plan *plan, rn_index n_weights, probe *p)
{
    rn_index n_model = 0;
    while (n_model < RNI_WALK_SETTINGS && plan->model_settings[n_model].key)
        n_model++;
    RNI_TRY(rn_model_create(plan->model, plan->model_settings, n_model, RN_SHAPE(plan->n_features),
                            1, &p->model));
    if (rn_model_n_weights(p->model) != n_weights || n_weights > RNI_CURVATURE_MAX)
        return rni_fail(RN_ERR_ARGUMENT,
                        "curvature: found %" PRId64 " weights, expected %" PRId64 ", at most %d",
                        rn_model_n_weights(p->model), n_weights, RNI_CURVATURE_MAX);
    return RN_OK;
}

static rn_status open_probe(const rni_walk_plan *plan, rn_index n_weights, probe *p)
{
    rn_node wanted[2 * MOST_PARAMETERS + 2];
    RNI_TRY(make_model(plan, n_weights, p));
    RNI_TRY(rn_loss_create("squared_error", NULL, 0, &p->loss));
    RNI_TRY(append(plan, p));
    rn_index n = 0;
    for (rn_index k = 0; k < p->n_parameters; k++) {
        wanted[n++] = p->gradient[k];
        wanted[n++] = p->along[k];
    }
    wanted[n++] = p->total;
    wanted[n++] = p->sample;
    RNI_TRY(rn_plan_create(rn_model_graph(p->model), plan->n_samples, n, wanted, &p->plan));
    RNI_TRY(rn_workspace_create(p->plan, &p->work));
    RNI_TRY(rn_workspace_bind(p->work, rn_model_input(p->model), plan->inputs));
    return rn_workspace_bind(p->work, p->targets, plan->targets);
}

/* Runs at theta along v and collects the parts of `nodes` into out [P]. */
static rn_status run_probe(const probe *p, const double *theta, const double *v,
                           const rn_node *nodes, double *out)
{
    for (rn_index k = 0; k < p->n_parameters; k++) {
        RNI_TRY(rn_workspace_bind(p->work, p->parameter[k], theta + p->offset[k]));
        RNI_TRY(rn_workspace_bind(p->work, p->tangent[k], v + p->offset[k]));
    }
    RNI_TRY(rn_workspace_run(p->work));
    for (rn_index k = 0; k < p->n_parameters; k++)
        memcpy(out + p->offset[k], rn_workspace_value(p->work, nodes[k]),
               (size_t)p->size[k] * sizeof *out);
    return RN_OK;
}

/* gradients may be NULL. */
static rn_status see(const rni_walk_plan *plan, const probe *p, rn_index n, const double *theta,
                     double *gradients, double *hessian)
{
    double v[RNI_CURVATURE_MAX] = {0};
    for (rn_index k = 0; k < n; k++) {
        v[k] = 1.0;
        RNI_TRY(run_probe(p, theta, v, p->along, hessian + k * n));
        v[k] = 0.0;
        hessian[k * n + k] += plan->weight_decay;
        const double *const sample = rn_workspace_value(p->work, p->sample);
        for (rn_index i = 0; i < plan->n_samples && gradients; i++)
            gradients[i * n + k] = sample[i];
    }
    for (rn_index i = 0; i < n * n; i++)
        if (!isfinite(hessian[i]))
            return rni_fail(RN_ERR_NONFINITE, "curvature: the Hessian is not finite");
    return RN_OK;
}

rn_status rni_curvature_see(const rni_walk_plan *plan, rn_index n_weights, const double *theta,
                            const rni_curvature *out)
{
    probe p = {0};
    rn_status status = open_probe(plan, n_weights, &p);
    if (status == RN_OK) status = see(plan, &p, n_weights, theta, out->gradients, out->hessian);
    close_probe(&p);
    return status;
}

/* ---- down to a minimum ------------------------------------------------------------------------
 */

/* Loss and gradient with the decay. */
static rn_status look(const rni_walk_plan *plan, const probe *p, rn_index n, const double *theta,
                      double *loss, double *gradient)
{
    RNI_TRY(run_probe(p, theta, theta, p->gradient, gradient));
    *loss = *rn_workspace_value(p->work, p->total)
            + 0.5 * plan->weight_decay * rni_dot(n, theta, theta);
    rni_axpy(n, plan->weight_decay, theta, gradient);
    return RN_OK;
}

/* Where a damped step leads; RN_ERR_DOMAIN: the damped Hessian is not positive definite. */
static rn_status damped_step(rn_index n, const double *hessian, double damping, const double *theta,
                             const double *gradient, double *next)
{
    double copy[RNI_CURVATURE_MAX * RNI_CURVATURE_MAX] = {0};
    double step[RNI_CURVATURE_MAX] = {0};
    for (int pass = 0; pass < 2; pass++) { /* a factorisation to look, a solution to use */
        for (rn_index i = 0; i < n * n; i++)
            copy[i] = hessian[i] + (i % (n + 1) == 0 ? damping : 0.0);
        if (pass == 0) RNI_TRY(rni_lapack_cholesky(n, copy));
    }
    memcpy(step, gradient, (size_t)n * sizeof *step);
    RNI_TRY(rni_lapack_divide_rows(n, copy, 1, step));
    for (rn_index i = 0; i < n; i++)
        next[i] = theta[i] - step[i];
    return RN_OK;
}

/* One damped step from theta, with more damping until it leads down. */
static rn_status descend_once(const rni_walk_plan *plan, const probe *p, rn_index n, double *theta,
                              double *loss, double *gradient, double *damping)
{
    double hessian[RNI_CURVATURE_MAX * RNI_CURVATURE_MAX] = {0};
    double next[RNI_CURVATURE_MAX] = {0};
    double slope[RNI_CURVATURE_MAX] = {0};
    double after = 0.0;
    RNI_TRY(see(plan, p, n, theta, NULL, hessian));
    for (int tries = 0; tries < 60; tries++) {
        const rn_status status = damped_step(n, hessian, *damping, theta, gradient, next);
        if (status != RN_OK && status != RN_ERR_DOMAIN) return status;
        if (status == RN_OK) RNI_TRY(look(plan, p, n, next, &after, slope));
        /* at the bottom losses differ by rounding only: then the gradient decides */
        const bool is_level =
            after <= *loss * (1.0 + 1e-14) && rni_nrm2(n, slope) < rni_nrm2(n, gradient);
        if (status == RN_OK && (after < *loss || is_level)) {
            memcpy(theta, next, (size_t)n * sizeof *theta);
            memcpy(gradient, slope, (size_t)n * sizeof *gradient);
            *loss = after;
            *damping = *damping < 1e-11 ? 0.0 : 0.2 * *damping;
            return RN_OK;
        }
        *damping = fmax(4.0 * *damping, 1e-8);
    }
    return RN_NOT_CONVERGED;
}

rn_status rni_curvature_descend(const rni_walk_plan *plan, rn_index n_weights, double *theta,
                                double *loss)
{
    double gradient[RNI_CURVATURE_MAX] = {0};
    double damping = 1e-2;
    probe p = {0};
    rn_status status = open_probe(plan, n_weights, &p);
    if (status == RN_OK) status = look(plan, &p, n_weights, theta, loss, gradient);
    rn_index rounds = 0;
    while (status == RN_OK && rni_nrm2(n_weights, gradient) > 1e-12 && rounds++ < 2000)
        status = descend_once(plan, &p, n_weights, theta, loss, gradient, &damping);
    if (status >= 0) {
        double hessian[RNI_CURVATURE_MAX * RNI_CURVATURE_MAX] = {0};
        const double rest = rni_nrm2(n_weights, gradient);
        status = see(plan, &p, n_weights, theta, NULL, hessian);
        if (status == RN_OK && (rest > 1e-12 || rni_lapack_cholesky(n_weights, hessian) != RN_OK))
            status = rni_fail(RN_NOT_CONVERGED,
                              "curvature: the gradient is %g after %" PRId64 " steps, or the "
                              "Hessian is not positive definite",
                              rest, rounds);
    }
    close_probe(&p);
    return status;
}
