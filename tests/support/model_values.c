#include "model_values.h"

#include <math.h>
#include <renorm/plan.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"

rn_model *values_model(const char *kind, const rn_setting *settings, rn_index n_settings,
                       rn_shape sample, rn_index n_outputs)
{
    rn_model *model = NULL;
    assert_status(rn_model_create(kind, settings, n_settings, sample, n_outputs, &model), RN_OK);
    return model;
}

void values_normal(uint32_t part, rn_index n, double *out)
{
    rni_rng_fill_normal((rni_stream){check_seed(), RNI_RNG_TEST, part}, 0, n, out);
}

double *values_theta(const rn_model *model)
{
    double *theta = rni_alloc(rn_model_n_weights(model), sizeof *theta);
    assert_non_null(theta);
    values_normal(1, rn_model_n_weights(model), theta);
    return theta;
}

const double *values_parameter(const rn_model *model, const double *theta, const char *name)
{
    for (rn_index k = 0; k < rn_model_n_parameters(model); k++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(model, k, &parameter), RN_OK);
        if (strcmp(parameter.name, name) == 0) return theta + parameter.offset;
    }
    fail_msg("no parameter is called %s", name);
    return NULL;
}

rn_index values_statistics(const rn_model *model, rn_index room, rn_node *nodes)
{
    rn_index n = 0;
    for (rn_index k = 0; k < rn_model_n_parameters(model); k++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(model, k, &parameter), RN_OK);
        if (parameter.followed == RN_NODE_NONE) continue;
        assert_true(n < room);
        nodes[n++] = parameter.node;
    }
    assert_int_equal(n, rn_model_n_statistics(model));
    return n;
}

void values_outputs(const rn_model *model, const double *theta, rn_index n_samples, const double *x,
                    double *f)
{
    const rn_node output = rn_model_output(model);
    rn_plan *plan = NULL;
    rn_workspace *work = NULL;
    assert_status(rn_plan_create(rn_model_graph(model), n_samples, 1, &output, &plan), RN_OK);
    assert_status(rn_workspace_create(plan, &work), RN_OK);
    assert_status(rn_workspace_bind(work, rn_model_input(model), x), RN_OK);
    for (rn_index k = 0; k < rn_model_n_parameters(model); k++) {
        rn_parameter parameter;
        assert_status(rn_model_parameter(model, k, &parameter), RN_OK);
        assert_status(rn_workspace_bind(work, parameter.node, theta + parameter.offset), RN_OK);
    }
    assert_status(rn_workspace_run(work), RN_OK);
    memcpy(f, rn_workspace_value(work, output),
           (size_t)(n_samples * rn_model_n_outputs(model)) * sizeof *f);
    rn_workspace_destroy(work);
    rn_plan_destroy(plan);
}

double values_activate(const char *name, double z)
{
    if (strcmp(name, "tanh") == 0) return tanh(z);
    if (strcmp(name, "relu") == 0) return z > 0.0 ? z : 0.0;
    if (strcmp(name, "gelu") == 0) return 0.5 * z * erfc(-z / sqrt(2.0));
    if (strcmp(name, "erf") == 0) return erf(z);
    if (strcmp(name, "quick_gelu") == 0) return z / (1.0 + exp(-1.702 * z));
    if (strcmp(name, "silu") == 0) return z / (1.0 + exp(-z));
    return z;
}
