/*
 * Gradients, thread counts and flow: identities on random networks and samples.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "training.h"

static training_plan gelu_net(rn_index n_samples, int n_threads)
{
    return (training_plan){.model = "mlp",
                           .model_settings = {{"depth", "3"},
                                              {"width", "40"},
                                              {"activation", "gelu"},
                                              {"residual", "true"},
                                              {"bias", "true"}},
                           .dynamics = "gradient_descent",
                           .dynamics_settings = {{"learning_rate", "0.05"}, {"relative", "false"}},
                           .n_samples = n_samples,
                           .n_features = 7,
                           .n_outputs = 3,
                           .n_threads = n_threads,
                           .seed = check_seed()};
}

static double loss_at(training *t, const double *theta)
{
    const rn_train_state state = {0};
    assert_status(rn_trainer_set_state(t->trainer, &state, theta), RN_OK);
    rn_evaluation found = {0};
    assert_status(rn_trainer_evaluate(t->trainer, &t->batch, &found), RN_OK);
    return found.loss;
}

static double *copy_of(const double *values, rn_index n)
{
    double *copy = rni_alloc(n, sizeof *copy);
    assert_non_null(copy);
    memcpy(copy, values, (size_t)n * sizeof *copy);
    return copy;
}

static double dot(rn_index n, const double *a, const double *b)
{
    double sum = 0.0;
    for (rn_index i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* |(L(theta + h d) - L(theta - h d)) / 2h - grad.d| for a direction d of norm 1. */
static double difference_error(training *t, const double *theta, const double *d, double slope,
                               double h, double *work)
{
    const rn_index n = rn_trainer_n_weights(t->trainer);
    for (rn_index i = 0; i < n; i++)
        work[i] = theta[i] + h * d[i];
    const double ahead = loss_at(t, work);
    for (rn_index i = 0; i < n; i++)
        work[i] = theta[i] - h * d[i];
    return fabs((ahead - loss_at(t, work)) / (2.0 * h) - slope);
}

static void gradient_agrees_with_central_differences_to_second_order(void **state)
{
    (void)state;
    const char *const models[] = {"mlp", "recurrent", "tied"};
    for (int m = 0; m < 3; m++) {
        const training_plan plan = {.model = models[m],
                                    .dynamics = "gradient_descent",
                                    .n_samples = 70,
                                    .n_features = 8,
                                    .n_outputs = 2,
                                    .n_threads = 2,
                                    .seed = check_seed()};
        training t = {0};
        assert_status(training_make(&plan, &t), RN_OK);
        const rn_index n = rn_trainer_n_weights(t.trainer);
        double *theta = copy_of(rn_trainer_theta(t.trainer), n);
        double *gradient = rni_alloc(3 * n, sizeof(double));
        assert_non_null(gradient);
        double *d = gradient + n;
        double *work = gradient + 2 * n;
        double norm = 0.0;
        assert_status(rn_trainer_gradient(t.trainer, NULL, gradient, &norm), RN_OK);
        assert_close(norm, sqrt(dot(n, gradient, gradient)), 1e-13 * norm);
        rni_rng_fill_normal((rni_stream){check_seed(), RNI_RNG_TEST, 9}, 0, n, d);
        const double size = sqrt(dot(n, d, d));
        for (rn_index i = 0; i < n; i++)
            d[i] /= size;
        const double slope = dot(n, gradient, d);
        const double coarse = difference_error(&t, theta, d, slope, 0.1, work);
        const double fine = difference_error(&t, theta, d, slope, 0.025, work);
        /* h^2: a factor 16, up to the h^4 term */
        assert_true(coarse > 1e-9);
        assert_close(log2(coarse / fine), 4.0, 0.4);
        assert_close(difference_error(&t, theta, d, slope, 1e-4, work), 0.0, 1e-8);
        rni_free(theta);
        rni_free(gradient);
        training_clear(&t);
    }
}

/* A trajectory's end and its losses on the way. */
static void walk(const training_plan *plan, rn_index n_steps, double *theta, double *losses)
{
    training t = {0};
    assert_status(training_make(plan, &t), RN_OK);
    for (rn_index k = 0; k < n_steps; k++) {
        assert_status(rn_trainer_advance(t.trainer, k + 1, NULL), RN_OK);
        assert_status(rn_trainer_gradient(t.trainer, &losses[k], NULL, NULL), RN_OK);
    }
    memcpy(theta, rn_trainer_theta(t.trainer),
           (size_t)rn_trainer_n_weights(t.trainer) * sizeof *theta);
    training_clear(&t);
}

static void compare_threads(training_plan plan, rn_index n_steps)
{
    const int counts[] = {1, 2, 3, 7};
    enum { ROOM = 200000, STEPS = 64 };
    double *theta = rni_alloc_zero((rn_index)2 * ROOM, sizeof(double));
    double losses[2][STEPS] = {{0}};
    assert_non_null(theta);
    for (int k = 0; k < 4; k++) {
        plan.n_threads = counts[k];
        walk(&plan, n_steps, theta + (rn_index)(k > 0) * ROOM, losses[k > 0]);
        if (k == 0) continue;
        assert_memory_equal(theta, theta + ROOM, ROOM * sizeof(double));
        assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
    }
    assert_true(losses[0][n_steps - 1] < 0.9 * losses[0][0]); /* it did learn */
    rni_free(theta);
}

static void trajectory_is_the_same_to_the_bit_for_any_number_of_threads(void **state)
{
    (void)state;
    compare_threads(gelu_net(150, 1), 60);  /* 4 tiles, the last one short */
    training_plan wide = gelu_net(1111, 1); /* 18 tiles in 16 chunks, more than one block */
    wide.model_settings[1].value = "100";
    wide.dynamics_settings[0].value = "0.2";
    compare_threads(wide, 6);
    training_plan flow = gelu_net(150, 1);
    flow.dynamics = "gradient_flow";
    flow.dynamics_settings[0] = (rn_setting){"interval", "0.5"};
    compare_threads(flow, 3);
}

static void tiles_and_their_remainders_leave_the_result_alone(void **state)
{
    (void)state;
    const rn_index sizes[] = {1, 2, 7, 8, 9, 31, 33, 64, 65, 255, 256, 257, 1030};
    for (int k = 0; k < 13; k++) {
        const training_plan plan = gelu_net(sizes[k], 2);
        training t = {0};
        assert_status(training_make(&plan, &t), RN_OK);
        const rn_index n = rn_trainer_n_weights(t.trainer);
        double *sum = rni_alloc_zero(2 * n, sizeof(double));
        assert_non_null(sum);
        double loss = 0.0;
        double total = 0.0;
        assert_status(rn_trainer_gradient(t.trainer, &loss, sum, NULL), RN_OK);
        /* the same, sample by sample through trainers of one sample */
        for (rn_index i = 0; i < plan.n_samples; i++) {
            training one = {.batch = {.n_samples = 1,
                                      .inputs = t.inputs + i * plan.n_features,
                                      .targets = t.targets + i * plan.n_outputs}};
            training_plan single = plan;
            single.n_threads = 1;
            if (i % 16 != 0 && plan.n_samples > 300) continue; /* 65 of 1030 and their count */
            assert_status(training_make_trainer(&single, &one), RN_OK);
            double part = 0.0;
            double *g = rni_alloc(n, sizeof(double));
            assert_non_null(g);
            assert_status(rn_trainer_gradient(one.trainer, &part, g, NULL), RN_OK);
            total += part;
            for (rn_index j = 0; j < n; j++)
                sum[n + j] += g[j];
            rni_free(g);
            training_clear(&one);
        }
        if (plan.n_samples <= 300) {
            const double count = (double)plan.n_samples;
            /* n roundings of terms no larger than the sum of their sizes */
            assert_close(total / count, loss, 1e-14 * count * loss);
            for (rn_index j = 0; j < n; j++)
                assert_close(sum[n + j] / count, sum[j], 1e-14 * (10.0 + count));
        }
        rn_evaluation found = {0};
        assert_status(rn_trainer_evaluate(t.trainer, &t.batch, &found), RN_OK);
        assert_close(found.loss, loss, 1e-14 * loss);
        rni_free(sum);
        training_clear(&t);
    }
}

static void loss_falls_at_the_rate_of_the_squared_gradient_under_flow(void **state)
{
    (void)state;
    const training_plan plan = gelu_net(40, 2);
    training t = {0};
    assert_status(training_make(&plan, &t), RN_OK);
    const rn_index n = rn_trainer_n_weights(t.trainer);
    double norm = 0.0;
    assert_status(rn_trainer_gradient(t.trainer, NULL, NULL, &norm), RN_OK);
    double *theta = copy_of(rn_trainer_theta(t.trainer), n);
    double *moved = rni_alloc(2 * n, sizeof(double));
    assert_non_null(moved);
    double error[2] = {0};
    const double dt[2] = {2e-2, 5e-3};
    for (int k = 0; k < 2; k++) {
        assert_status(rn_flow_step(t.trainer, theta, dt[k], moved), RN_OK);
        assert_status(rn_flow_step(t.trainer, theta, -dt[k], moved + n), RN_OK);
        const double rate = (loss_at(&t, moved) - loss_at(&t, moved + n)) / (2.0 * dt[k]);
        error[k] = fabs(rate + norm * norm);
    }
    assert_true(error[0] > 1e-9 && error[1] < 1e-2 * norm * norm);
    assert_close(log2(error[0] / error[1]), 4.0, 0.4); /* dt^2 */
    /* forth and back is the identity, to the tolerance of the flow */
    assert_status(rn_flow_step(t.trainer, theta, 0.3, moved), RN_OK);
    assert_status(rn_flow_step(t.trainer, moved, -0.3, moved + n), RN_OK);
    for (rn_index i = 0; i < n; i++)
        assert_close(moved[n + i], theta[i], 1e-11);
    rni_free(theta);
    rni_free(moved);
    training_clear(&t);
}

/* Largest distance of the flow's end from a much more accurate one. */
static double flow_error(const char *rtol, const char *atol, const char *order,
                         const double *accurate)
{
    training_plan plan = gelu_net(40, 1);
    plan.dynamics = "gradient_flow";
    const rn_setting settings[] = {
        {"interval", "2"}, {"relative", "false"}, {"rtol", rtol}, {"atol", atol}, {"order", order}};
    memcpy(plan.dynamics_settings, settings, sizeof settings);
    training t = {0};
    assert_status(training_make(&plan, &t), RN_OK);
    assert_status(rn_trainer_advance(t.trainer, 1, NULL), RN_OK);
    double worst = 0.0;
    const double *theta = rn_trainer_theta(t.trainer);
    for (rn_index i = 0; i < rn_trainer_n_weights(t.trainer); i++)
        worst = fmax(worst, fabs(theta[i] - accurate[i]));
    assert_close(rn_trainer_state(t.trainer).time, 2.0, 0.0);
    assert_true(rn_trainer_state(t.trainer).integrator_step > 0.0);
    training_clear(&t);
    return worst;
}

static void flow_error_follows_the_tolerance(void **state)
{
    (void)state;
    const training_plan plan = gelu_net(40, 1);
    training t = {0};
    assert_status(training_make(&plan, &t), RN_OK);
    double *accurate = rni_alloc(rn_trainer_n_weights(t.trainer), sizeof(double));
    assert_non_null(accurate);
    assert_status(rn_flow_step(t.trainer, NULL, 2.0, accurate), RN_OK);
    const double loose = flow_error("1e-4", "1e-4", "5", accurate);
    const double tight = flow_error("1e-7", "1e-7", "5", accurate);
    assert_true(loose > 1e-8);
    /* error per unit of tolerance is about constant: three decades, give or take one */
    assert_close(log10(loose / tight), 3.0, 1.0);
    const char *const orders[] = {"3", "4", "6", "8"};
    for (int k = 0; k < 4; k++)
        assert_close(flow_error("1e-9", "1e-9", orders[k], accurate), 0.0, 1e-7);
    rni_free(accurate);
    training_clear(&t);
}

static void small_steps_of_descent_approach_the_flow_to_first_order(void **state)
{
    (void)state;
    training_plan plan = gelu_net(40, 1);
    training t = {0};
    assert_status(training_make(&plan, &t), RN_OK);
    const rn_index n = rn_trainer_n_weights(t.trainer);
    double *accurate = rni_alloc(n, sizeof(double));
    assert_non_null(accurate);
    assert_status(rn_flow_step(t.trainer, NULL, 0.4, accurate), RN_OK);
    training_clear(&t);
    double error[2] = {0};
    const char *const rates[] = {"0.01", "0.005"};
    for (int k = 0; k < 2; k++) {
        plan.dynamics_settings[0].value = rates[k];
        assert_status(training_make(&plan, &t), RN_OK);
        assert_status(rn_trainer_advance(t.trainer, 40 << k, NULL), RN_OK);
        assert_close(rn_trainer_state(t.trainer).time, 0.4, 1e-14);
        const double *theta = rn_trainer_theta(t.trainer);
        for (rn_index i = 0; i < n; i++)
            error[k] = fmax(error[k], fabs(theta[i] - accurate[i]));
        training_clear(&t);
    }
    assert_close(error[0] / error[1], 2.0, 0.1);
    rni_free(accurate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradient_agrees_with_central_differences_to_second_order),
        cmocka_unit_test(trajectory_is_the_same_to_the_bit_for_any_number_of_threads),
        cmocka_unit_test(tiles_and_their_remainders_leave_the_result_alone),
        cmocka_unit_test(loss_falls_at_the_rate_of_the_squared_gradient_under_flow),
        cmocka_unit_test(flow_error_follows_the_tolerance),
        cmocka_unit_test(small_steps_of_descent_approach_the_flow_to_first_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
