/*
 * Several processes that share gradients, kernels and products: the bits of one, on every rank;
 * and what fails on one reaches all.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/ranks.h"
#include "core/status.h"
#include "jacobian_nets.h"
#include "processes.h"
#include "training.h"

enum { MOST = 3 };

static rank_end ends[MOST];

/* Runs fn alone and on 2 and 3 ranks, and compares everything to the bit. */
static void compare(rank_fn fn, void *user, rn_index n_out, rn_index capacity, int least_sums)
{
    double *all = rni_alloc((MOST + 1) * n_out, sizeof *all);
    assert_non_null(all);
    processes_run(1, capacity, -1, fn, user, n_out, ends, all);
    assert_status(ends[0].status, RN_OK);
    assert_int_equal(ends[0].n_sums, 0);
    for (rn_index i = 0; i < n_out; i++)
        assert_true(isfinite(all[i]));
    for (int size = 2; size <= MOST; size++) {
        processes_run(size, capacity, -1, fn, user, n_out, ends, all + n_out);
        for (int r = 0; r < size; r++) {
            assert_status(ends[r].status, RN_OK);
            assert_true(ends[r].n_sums >= least_sums);
            assert_memory_equal(all + (r + 1) * n_out, all, (size_t)n_out * sizeof *all);
        }
    }
    rni_free(all);
}

/* ---- training -------------------------------------------------------------------------------- */

typedef struct training_case {
    training_plan plan;
    rn_index n_weights;
} training_case;

static rn_status train(const rn_communicator *ranks, void *user, double *out)
{
    const training_case *c = user;
    training_plan plan = c->plan;
    training t = {0};
    plan.ranks = ranks;
    rn_status status = training_make(&plan, &t);
    if (status == RN_OK) status = rn_trainer_advance(t.trainer, 4, NULL);
    if (status == RN_OK) {
        memcpy(out, rn_trainer_theta(t.trainer), (size_t)c->n_weights * sizeof *out);
        status = rn_trainer_gradient(t.trainer, &out[c->n_weights], NULL, &out[c->n_weights + 1]);
    }
    training_clear(&t);
    return status;
}

static training_case case_of(const char *dynamics, rn_index n_samples)
{
    training_case c = {.plan = {.model = "mlp",
                                .model_settings = {{"depth", "2"}, {"width", "9"}},
                                .dynamics = dynamics,
                                .dynamics_settings = {{"relative", "false"}},
                                .n_samples = n_samples,
                                .n_features = 4,
                                .n_outputs = 2,
                                .n_threads = 2,
                                .seed = check_seed()}};
    training t = {0};
    training_plan plan = c.plan;
    plan.n_threads = 1;
    assert_status(training_make(&plan, &t), RN_OK);
    c.n_weights = rn_trainer_n_weights(t.trainer);
    training_clear(&t);
    return c;
}

static void a_trajectory_is_the_same_on_any_number_of_ranks(void **state)
{
    (void)state;
    const char *const dynamics[] = {"gradient_descent", "gradient_flow"};
    const rn_index samples[] = {1, 1500, 9000}; /* one tile: some ranks have nothing to do */
    for (int d = 0; d < 2; d++)
        for (int s = 0; s < 3; s++) {
            training_case c = case_of(dynamics[d], samples[s]);
            compare(train, &c, c.n_weights + 2, 16 * c.n_weights + 256, 3);
        }
}

/* ---- the kernel ------------------------------------------------------------------------------ */

typedef struct kernel_case {
    net *n;
    rn_index max_factor_bytes;
    int order;
    int n_threads;
} kernel_case;

/* out: M, M', J v, J^T u, M u, M' u. */
static rn_status products(const kernel_case *c, rn_kernel *kernel, double *out)
{
    const net *n = c->n;
    const rn_kernel_point point = point_of(n);
    double *jv = out + 2 * n->n * n->n;
    double *gradient = jv + n->n;
    double *mu = gradient + n->n_weights;
    rn_op *op = NULL;
    rn_op *tangent = NULL;
    rn_status status = rn_kernel_tangent(kernel, &point, n->direction, out, out + n->n * n->n);
    if (status == RN_OK) status = rn_jacobian_apply(kernel, &point, n->direction, jv);
    if (status == RN_OK) status = rn_jacobian_apply_transpose(kernel, &point, jv, gradient);
    if (status == RN_OK) status = rn_kernel_operator(kernel, &point, &op);
    if (status == RN_OK)
        status = rn_kernel_tangent_operator(kernel, &point, n->direction, &tangent);
    if (status == RN_OK) status = rn_op_apply(op, 1, jv, n->n, mu, n->n);
    if (status == RN_OK) status = rn_op_apply(tangent, 1, jv, n->n, mu + n->n, n->n);
    rn_op_destroy(op);
    rn_op_destroy(tangent);
    return status;
}

static rn_status measure(const rn_communicator *ranks, void *user, double *out)
{
    const kernel_case *c = user;
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = describe_net(c->n, c->n_threads);
    desc.max_factor_bytes = c->max_factor_bytes;
    desc.ranks = ranks;
    rn_status status = rn_kernel_create(&desc, &kernel);
    for (rn_index p = 0; status == RN_OK && p < rn_graph_n_parameters(c->n->graph); p++) {
        const rn_status forced = rn_kernel_force_order(kernel, p, c->order);
        if (forced != RN_ERR_DOMAIN) status = forced;
    }
    if (status == RN_OK) status = products(c, kernel, out);
    rn_kernel_destroy(kernel);
    return status;
}

static void kernels_are_the_same_on_any_number_of_ranks(void **state)
{
    (void)state;
    static const struct {
        const char *net;
        rn_index n_samples;
        rn_index max_factor_bytes;
        int order;
    } cases[] = {
        {"mlp", 150, 0, RN_KERNEL_ORDER_CHEAPEST},
        {"mlp", 150, 1 << 16, RN_KERNEL_ROW_GRADIENTS},
        {"convolution", 90, 0, RN_KERNEL_INPUT_GRAM},
        {"attention", 40, 0, RN_KERNEL_BOTH_GRAMS},
        {"other", 60, 0, RN_KERNEL_ORDER_CHEAPEST},
        {"coupled", 12, 0, RN_KERNEL_ORDER_CHEAPEST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int threads = 1; threads <= 2; threads++) {
            net n = make_net(net_named(cases[i].net), cases[i].n_samples, check_seed());
            kernel_case c = {&n, cases[i].max_factor_bytes, cases[i].order, threads};
            const rn_index n_out = 2 * n.n * n.n + 3 * n.n + n.n_weights;
            compare(measure, &c, n_out, n.n * n.n + 16 * n.n_weights, 6);
            drop_net(&n);
        }
}

/* ---- failures -------------------------------------------------------------------------------- */

static void a_sum_that_fails_reaches_every_rank(void **state)
{
    (void)state;
    net n = make_net(net_named("mlp"), 40, check_seed());
    kernel_case c = {&n, 0, RN_KERNEL_ORDER_CHEAPEST, 1};
    const rn_index n_out = 2 * n.n * n.n + 3 * n.n + n.n_weights;
    double *all = rni_alloc(2 * n_out, sizeof *all);
    assert_non_null(all);
    const rn_index capacity = n.n * n.n + 16 * n.n_weights;
    processes_run(2, capacity, -1, measure, &c, n_out, ends, all);
    const int n_sums = ends[0].n_sums;
    assert_true(n_sums > 10);
    for (int at = 0; at < n_sums; at++) {
        processes_run(2, capacity, at, measure, &c, n_out, ends, all);
        for (int r = 0; r < 2; r++) {
            assert_status(ends[r].status, RN_ERR_CALLBACK);
            assert_non_null(strstr(ends[r].message, "ordered_sum"));
        }
    }
    rni_free(all);
    drop_net(&n);
}

/* Rank 1 lacks memory at its numbered allocation; the others are told and none waits for ever. */
static int failing_allocation;

static rn_status measure_with_little_memory(const rn_communicator *ranks, void *user, double *out)
{
    const kernel_case *c = user;
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = describe_net(c->n, 1);
    desc.ranks = ranks;
    const rn_kernel_point point = point_of(c->n);
    RNI_TRY(rn_kernel_create(&desc, &kernel));
    if (ranks->rank == 1) (void)rni_fail_allocation(failing_allocation);
    rn_status status = rn_kernel_assemble(kernel, &point, out);
    if (status == RN_OK) status = rn_jacobian_apply_transpose(kernel, &point, out, out);
    (void)rni_fail_allocation(0);
    rn_kernel_destroy(kernel);
    return status;
}

static void memory_that_lacks_on_one_rank_is_told_to_all(void **state)
{
    (void)state;
    net n = make_net(net_named("mlp"), 40, check_seed());
    kernel_case c = {.n = &n};
    const rn_index n_out = n.n * n.n + n.n_weights;
    double *all = rni_alloc(3 * n_out, sizeof *all);
    assert_non_null(all);
    int n_failures = 0;
    for (failing_allocation = 1; failing_allocation < 10000; failing_allocation++) {
        processes_run(3, n_out + 16 * n.n_weights, -1, measure_with_little_memory, &c, n_out, ends,
                      all);
        if (ends[1].status == RN_OK) break;
        n_failures++;
        assert_status(ends[1].status, RN_ERR_MEMORY);
        for (int r = 0; r < 3; r += 2) {
            assert_status(ends[r].status, RN_ERR_CALLBACK);
            assert_non_null(strstr(ends[r].message, "1 other rank"));
        }
    }
    assert_true(n_failures > 5 && failing_allocation < 10000);
    rni_free(all);
    drop_net(&n);
}

static void descriptions_are_checked(void **state)
{
    (void)state;
    const rn_communicator wrong[] = {
        {.rank = 0, .size = 0}, {.rank = 2, .size = 2}, {.rank = -1, .size = 2}, {.size = 2}};
    for (int i = 0; i < 4; i++) {
        assert_status(rni_ranks_check(&wrong[i], "here"), RN_ERR_ARGUMENT);
        assert_message_has("here");
    }
    assert_status(rni_ranks_check(NULL, "here"), RN_OK);
    const rn_communicator alone = {.size = 1};
    assert_status(rni_ranks_check(&alone, "here"), RN_OK);
    net n = make_net(net_named("mlp"), 5, check_seed());
    rn_kernel *kernel = NULL;
    rn_kernel_desc desc = describe_net(&n, 1);
    desc.ranks = &wrong[1];
    assert_status(rn_kernel_create(&desc, &kernel), RN_ERR_ARGUMENT);
    assert_null(kernel);
    drop_net(&n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trajectory_is_the_same_on_any_number_of_ranks),
        cmocka_unit_test(kernels_are_the_same_on_any_number_of_ranks),
        cmocka_unit_test(a_sum_that_fails_reaches_every_rank),
        cmocka_unit_test(memory_that_lacks_on_one_rank_is_told_to_all),
        cmocka_unit_test(descriptions_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
