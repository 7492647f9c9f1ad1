#include "sphere_net.h"

#include <renorm/shells.h>
#include <renorm/spectra.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"

#define N SPHERE_N

static void create_trainer(sphere_net *net)
{
    const rn_trainer_desc desc = {
        .model = net->model,
        .loss = net->loss,
        .dynamics = net->dynamics,
        .train = {.n_samples = N, .inputs = net->inputs, .targets = net->targets},
        .n_threads = 1};
    assert_status(rn_trainer_create(&desc, &net->trainer), RN_OK);
}

static void create_kernel(sphere_net *net)
{
    const rn_node input = rn_model_input(net->model);
    rn_kernel_desc wanted = rn_kernel_desc_defaults();
    wanted.graph = rn_model_graph(net->model);
    wanted.n_inputs = 1;
    wanted.inputs = &input;
    wanted.output = rn_model_output(net->model);
    assert_status(rn_kernel_create(&wanted, &net->kernel), RN_OK);
}

void sphere_net_create(int depth, bool is_residual, const char *gain, uint64_t seed,
                       sphere_net *net)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", depth);
    const rn_setting settings[] = {{"depth", text},
                                   {"width", "48"},
                                   {"activation", "quick_gelu"},
                                   {"residual", is_residual ? "true" : "false"},
                                   {"gain", gain}};
    *net = (sphere_net){0};
    assert_status(rn_data_create("sphere", NULL, 0, seed, &net->data), RN_OK);
    const rn_data_split train = rn_data_get(net->data, RN_DATA_TRAIN);
    net->inputs = train.inputs;
    net->targets = train.targets;
    assert_status(rn_model_create("mlp", settings, 5, RN_SHAPE(8), 1, &net->model), RN_OK);
    assert_status(rn_loss_create("squared_error", NULL, 0, &net->loss), RN_OK);
    assert_status(rn_dynamics_create("gradient_descent", NULL, 0, &net->dynamics), RN_OK);
    create_trainer(net);
    assert_status(rn_trainer_start(net->trainer, seed), RN_OK);
    const rn_index n = rn_model_n_weights(net->model);
    net->theta = rni_alloc(n, sizeof *net->theta);
    net->v = rni_alloc(n, sizeof *net->v);
    assert_true(net->theta && net->v);
    memcpy(net->theta, rn_trainer_theta(net->trainer), (size_t)n * sizeof *net->theta);
    assert_status(rn_trainer_velocity(net->trainer, net->v), RN_OK);
    create_kernel(net);
}

void sphere_net_destroy(sphere_net *net)
{
    rn_kernel_destroy(net->kernel);
    rni_free(net->v);
    rni_free(net->theta);
    rn_trainer_destroy(net->trainer);
    rn_dynamics_destroy(net->dynamics);
    rn_loss_destroy(net->loss);
    rn_model_destroy(net->model);
    rn_data_destroy(net->data);
}

void sphere_net_measure(const sphere_net *net, double dt, double *lambda, double *phi, double *e,
                        double *mt)
{
    static double tangent[N * N];
    const rn_index n = rn_model_n_weights(net->model);
    double *theta = rni_alloc(n, sizeof *theta);
    assert_non_null(theta);
    for (rn_index i = 0; i < n; i++)
        theta[i] = net->theta[i] + dt * net->v[i];
    const rn_kernel_point point = {.n_samples = N, .inputs = &net->inputs, .theta = theta};
    assert_status(rn_kernel_tangent(net->kernel, &point, net->v, phi, tangent), RN_OK);
    const rn_spectra_options options = {.n_threads = 1};
    assert_status(rn_spectra_vectors(N, phi, N, 0, NULL, N, &options, lambda, NULL, NULL), RN_OK);
    if (mt) assert_status(rn_shell_project(N, phi, tangent, phi, mt), RN_OK);
    const rn_batch batch = {.n_samples = N, .inputs = net->inputs, .targets = net->targets};
    assert_status(rn_trainer_predict(net->trainer, theta, &batch, NULL, e), RN_OK);
    rni_free(theta);
}
