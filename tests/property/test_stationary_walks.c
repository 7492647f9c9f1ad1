/*
 * What the claims about stationary dynamics are measured with: regression with a known Hessian and
 * noise, exact curvature of small nets, periodograms, walks of the engine.
 */
#include <float.h>
#include <math.h>
#include <renorm/heavy_ball.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "systems/curvature.h"
#include "systems/noisy_regression.h"
#include "systems/one_weight.h"
#include "systems/periodogram.h"
#include "systems/walk.h"

static void regression_is_what_it_says(void **state)
{
    (void)state;
    rni_noisy_regression r = {0};
    assert_status(rni_noisy_regression_make(60, 5, 1.5, 0.4, 3, &r), RN_OK);
    for (int i = 0; i < 5; i++) {
        double slope = 0.0;
        for (int k = 0; k < 60; k++)
            slope += r.x[k * 5 + i] * r.e[k] / 60.0;
        assert_close(slope, 0.0, 1e-15); /* 0 is the minimum */
        for (int j = 0; j < 5; j++) {
            double hessian = 0.0;
            double noise = 0.0;
            for (int k = 0; k < 60; k++) {
                hessian += r.x[k * 5 + i] * r.x[k * 5 + j] / 60.0;
                noise += r.e[k] * r.e[k] * r.x[k * 5 + i] * r.x[k * 5 + j] / 60.0;
            }
            const double exact = i == j ? pow(i + 1.0, -1.5) : 0.0;
            assert_close(hessian, exact, 1e-14);
            assert_close(noise, 0.16 * exact, 1e-15);
        }
    }
    rni_noisy_regression_clear(&r);
    assert_status(rni_noisy_regression_make(5, 5, 1.5, 0.4, 3, &r), RN_ERR_ARGUMENT);
}

/* With B = infinity only the additive noise is left, mode by mode. */
static void moments_meet_the_formula_of_a_mode(void **state)
{
    (void)state;
    rni_noisy_regression r = {0};
    double s[16 * 4];
    assert_status(rni_noisy_regression_make(60, 4, 1.0, 0.4, 3, &r), RN_OK);
    const rn_index batch = 1000000000;
    assert_status(rni_noisy_regression_moments(&r, batch, 0.3, 0.8, s), RN_OK);
    for (int i = 0; i < 4; i++) {
        const rn_heavy_ball mode = {
            .rho = r.rho[i], .eta = 0.3, .beta = 0.8, .noise = 0.16 * r.rho[i] / (double)batch};
        assert_close(s[i * 8 + i] / rn_heavy_ball_position(&mode), 1.0, 1e-7); /* 1/B */
        assert_close(s[(4 + i) * 8 + 4 + i] / rn_heavy_ball_velocity(&mode), 1.0, 1e-7);
    }
    /* batches of one sample at a large rate have no second moments */
    assert_true(rni_noisy_regression_moments(&r, 1, 1.5, 0.9, s) != RN_OK);
    rni_noisy_regression_clear(&r);
}

/* One mode whose batch Hessian is constant (x = +-1): cov xi = sigma^2/B, and the walk has the
   variance of the formula. */
static void walks_have_the_variance_of_the_formula(void **state)
{
    (void)state;
    enum { STEPS = 40000 };
    const double x[4] = {1.0, -1.0, 1.0, -1.0};
    const double e[4] = {0.5, 0.5, -0.5, -0.5};
    const rni_walk_plan plan = {.model = "linear",
                                .n_features = 1,
                                .dynamics = "sgd",
                                .learning_rate = 0.8,
                                .momentum = 0.5,
                                .sampler = "with_replacement",
                                .batch_size = 2,
                                .n_samples = 4,
                                .inputs = x,
                                .targets = e};
    const rn_heavy_ball mode = {.rho = 1.0, .eta = 0.8, .beta = 0.5, .noise = 0.125};
    rni_walk walk = {0};
    const double start = 0.0;
    double sum = 0.0;
    assert_status(rni_walk_open(&plan, &walk), RN_OK);
    assert_status(rni_walk_place(&walk, 7, &start, NULL), RN_OK);
    for (int k = 0; k < STEPS; k++) {
        assert_status(rni_walk_on(&walk, 1), RN_OK);
        sum += pow(rni_walk_theta(&walk)[0], 2.0) / STEPS;
    }
    /* some 10^4 independent values: 1.4 %, four deviations */
    assert_close(sum / rn_heavy_ball_position(&mode), 1.0, 0.06);
    assert_non_null(rni_walk_velocity(&walk));
    rni_walk_close(&walk);
    rni_walk_plan bad = plan;
    bad.model = "no such model";
    assert_status(rni_walk_open(&bad, &walk), RN_ERR_ARGUMENT);
    assert_null(walk.trainer);
}

enum { N_POINTS = 40, P = 7 };
static double inputs[N_POINTS];
static double targets[N_POINTS];

static rni_walk_plan bump(void)
{
    for (int i = 0; i < N_POINTS; i++) {
        inputs[i] = -3.0 + 6.0 * i / N_POINTS;
        targets[i] = exp(-inputs[i] * inputs[i]) + 0.1 * sin(17.0 * i);
    }
    rni_walk_plan plan = rni_walk_two_units(1);
    plan.learning_rate = 0.01;
    plan.weight_decay = 1e-3;
    plan.n_samples = N_POINTS;
    plan.inputs = inputs;
    plan.targets = targets;
    return plan;
}

/* Gradient of the mean loss by the trainer, with the decay. */
static void gradient_at(rni_walk *walk, const double *theta, double *gradient)
{
    assert_status(rni_walk_place(walk, 1, theta, NULL), RN_OK);
    assert_status(rn_trainer_gradient(walk->trainer, NULL, gradient, NULL), RN_OK);
    for (int i = 0; i < P; i++)
        gradient[i] += 1e-3 * theta[i];
}

static void curvature_is_the_derivative_of_the_gradient(void **state)
{
    (void)state;
    const rni_walk_plan plan = bump();
    double theta[P] = {1.0, -1.1, -0.6, -0.5, 0.9, 0.8, 0.1};
    double hessian[P * P];
    double gradients[N_POINTS * P];
    double up[P];
    double down[P];
    rni_walk walk = {0};
    const rni_curvature out = {.gradients = gradients, .hessian = hessian};
    assert_status(rni_walk_open(&plan, &walk), RN_OK);
    assert_status(rni_curvature_see(&plan, P, theta, &out), RN_OK);
    gradient_at(&walk, theta, up);
    for (int j = 0; j < P; j++) {
        double mean = 1e-3 * theta[j];
        for (int i = 0; i < N_POINTS; i++)
            mean += gradients[i * P + j] / N_POINTS;
        assert_close(mean, up[j], 1e-14);
    }
    for (int j = 0; j < P; j++) {
        const double kept = theta[j];
        theta[j] = kept + 1e-5;
        gradient_at(&walk, theta, up);
        theta[j] = kept - 1e-5;
        gradient_at(&walk, theta, down);
        theta[j] = kept;
        for (int i = 0; i < P; i++) {
            assert_close((up[i] - down[i]) / 2e-5, hessian[j * P + i], 1e-8); /* h^2, eps/h */
            assert_close(hessian[i * P + j], hessian[j * P + i], 1e-14);
        }
    }
    rni_walk_close(&walk);
    assert_status(rni_curvature_see(&plan, P + 1, theta, &out), RN_ERR_ARGUMENT);
}

static void descents_end_at_a_minimum(void **state)
{
    (void)state;
    const rni_walk_plan plan = bump();
    double theta[P] = {1.0, -1.0, -0.6, -0.6, 0.9, 0.9, 0.0};
    double gradient[P];
    double loss = 0.0;
    rni_walk walk = {0};
    assert_status(rni_curvature_descend(&plan, P, theta, &loss), RN_OK);
    assert_status(rni_walk_open(&plan, &walk), RN_OK);
    gradient_at(&walk, theta, gradient);
    for (int i = 0; i < P; i++)
        assert_close(gradient[i], 0.0, 1e-12);
    assert_true(loss > 0.0 && loss < 0.02);
    rni_walk_close(&walk);
}

/* ln power = 9 - 900 x^2 + 4000 x^3 about x = 0 at a place between two frequencies: a cubic finds
   it where a parabola goes astray by some per cent of the width. */
static void a_lopsided_peak_is_found_where_it_is(void **state)
{
    (void)state;
    const double places[] = {0.3123, 0.3149, 0.4401};
    rni_periodogram p = {0};
    assert_status(rni_periodogram_open(&p), RN_OK);
    p.n_segments = 1;
    for (int k = 0; k < 3; k++) {
        double found = 0.0;
        for (int i = 0; i < RNI_FREQUENCIES; i++) {
            const double x = fmin(fabs(RNI_FREQUENCY_STEP * (i + 1) - places[k]), 0.2);
            const double side = RNI_FREQUENCY_STEP * (i + 1) > places[k] ? 1.0 : -1.0;
            p.power[i] = exp(9.0 - 900.0 * x * x + side * 4000.0 * x * x * x);
        }
        assert_status(rni_periodogram_peak(&p, 0.05, &found), RN_OK);
        assert_close(found, places[k], 1e-12);
    }
    rni_periodogram_close(&p);
}

/* A damped oscillation driven by noise peaks where its spectrum does. */
static void periodograms_find_the_peak(void **state)
{
    (void)state;
    const rn_heavy_ball mode = {.rho = 1.0, .eta = 0.1, .beta = 0.9, .noise = 1.0};
    const rni_stream stream = {.seed = check_seed(), .purpose = RNI_RNG_TEST};
    rni_periodogram p = {0};
    double found = 0.0;
    double theta = 0.0;
    double v = 0.0;
    assert_status(rni_periodogram_open(&p), RN_OK);
    assert_status(rni_periodogram_peak(&p, 0.05, &found), RN_ERR_DOMAIN);
    for (uint64_t k = 0; k < 200000; k++) {
        v = 0.9 * v + theta + rni_rng_normal(stream, k);
        theta -= 0.1 * v;
        rni_periodogram_add(&p, theta);
    }
    assert_int_equal(p.n_segments, 200000 / RNI_SEGMENT);
    assert_status(rni_periodogram_peak(&p, 0.05, &found), RN_OK);
    assert_close(found / rn_heavy_ball_peak(&mode), 1.0, 0.02);
    rni_periodogram_close(&p);
}

/* Epoch by epoch by hand: the mean of every order of three targets. */
static void the_weight_without_replacement_is_exact(void **state)
{
    (void)state;
    rni_one_weight w;
    rni_one_weight_make(3, 5, &w);
    const double eta = 0.4;
    const double a = 1.0 - eta;
    const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double square = 0.0;
    for (int k = 0; k < 6; k++) {
        double off = 0.0; /* of the targets' mean, from 0 */
        for (int i = 0; i < 3; i++)
            off = a * off + eta * (w.targets[orders[k][i]] - w.mean);
        square += off * off / 6.0;
    }
    assert_close(rni_one_weight_exact(&w, "reshuffled", eta), square / (1.0 - pow(a, 6.0)), 1e-15);
    double variance = 0.0;
    double excess = 0.0;
    assert_status(rni_one_weight_walk(&w, "reshuffled", eta, 0.0, 20000, 3, NULL, &variance, NULL),
                  RN_OK);
    assert_close(variance / rni_one_weight_exact(&w, "reshuffled", eta), 1.0, 0.05);
    assert_status(
        rni_one_weight_walk(&w, "with_replacement", eta, 0.5, 20000, 3, NULL, &variance, &excess),
        RN_OK);
    const double langevin = rni_one_weight_langevin(eta, 0.5);
    const double noise = rni_one_weight_exact(&w, "with_replacement", eta);
    assert_close(variance / (langevin + noise), 1.0, 0.05);
    assert_close(excess / noise, 1.0, 0.1);
}

static rn_status do_all(void)
{
    rni_noisy_regression r = {0};
    rni_periodogram p = {0};
    const rni_walk_plan plan = bump();
    double theta[P] = {1.0, -1.1, -0.6, -0.5, 0.9, 0.8, 0.1};
    double hessian[P * P];
    double s[16];
    rni_walk walk = {0};
    const rni_curvature out = {.hessian = hessian};
    rn_status status = rni_noisy_regression_make(10, 2, 1.0, 1.0, 1, &r);
    if (status == RN_OK) status = rni_noisy_regression_moments(&r, 100, 0.1, 0.0, s);
    if (status == RN_OK) status = rni_periodogram_open(&p);
    if (status == RN_OK) status = rni_walk_open(&plan, &walk);
    if (status == RN_OK) status = rni_curvature_see(&plan, P, theta, &out);
    rni_walk_close(&walk);
    rni_periodogram_close(&p);
    rni_noisy_regression_clear(&r);
    return status;
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status == RN_ERR_MEMORY && fault < 20000; fault++) {
        (void)rni_fail_allocation(fault);
        status = do_all();
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
    assert_true(fault > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regression_is_what_it_says),
        cmocka_unit_test(moments_meet_the_formula_of_a_mode),
        cmocka_unit_test(walks_have_the_variance_of_the_formula),
        cmocka_unit_test(curvature_is_the_derivative_of_the_gradient),
        cmocka_unit_test(descents_end_at_a_minimum),
        cmocka_unit_test(a_lopsided_peak_is_found_where_it_is),
        cmocka_unit_test(periodograms_find_the_peak),
        cmocka_unit_test(the_weight_without_replacement_is_exact),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
