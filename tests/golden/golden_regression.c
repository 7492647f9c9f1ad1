/*
 * Linear regression, where everything is known. Inputs are Hadamard columns times sqrt(lambda_k),
 * so that (1/N) X^T X = diag(lambda) exactly up to rounding of the products, and targets come from
 * weights theta*. Then
 *     descent:  theta_k = theta*_k (1 - (1 - eta lambda_k)^steps)
 *     flow:     theta_k = theta*_k (1 - exp(-lambda_k t))
 *     loss:     sum_k E_k (1 - eta lambda_k)^(2 steps) or exp(-2 lambda_k t),
 * with E_k = lambda_k theta*_k^2 / 2.
 */
#include <math.h>

#include "check.h"
#include "core/memory.h"
#include "training.h"

enum { N = 256 };

static double lambda[N];
static double best[N]; /* theta* */

/* Spectrum lambda_k = k^-b and energies E_k = k^-q, k = 1 .. N. */
static void choose_spectrum(double b, double q)
{
    for (int k = 0; k < N; k++) {
        lambda[k] = pow(k + 1.0, -b);
        best[k] = sqrt(2.0 * pow(k + 1.0, -q) / lambda[k]);
    }
}

static double hadamard(unsigned i, unsigned k)
{
    return __builtin_parity(i & k) ? -1.0 : 1.0;
}

static training make(const char *dynamics, const rn_setting *settings, int n_settings)
{
    training_plan plan = {.model = "linear",
                          .dynamics = dynamics,
                          .n_samples = N,
                          .n_features = N,
                          .n_outputs = 1,
                          .n_threads = 2,
                          .seed = 1};
    for (int k = 0; k < n_settings; k++)
        plan.dynamics_settings[k] = settings[k];
    training t = {0};
    t.inputs = rni_alloc((rn_index)N * N, sizeof(double));
    t.targets = rni_alloc_zero(N, sizeof(double));
    assert_non_null(t.inputs);
    assert_non_null(t.targets);
    for (unsigned i = 0; i < N; i++)
        for (unsigned k = 0; k < N; k++) {
            t.inputs[i * N + k] = hadamard(i, k) * sqrt(lambda[k]);
            t.targets[i] += t.inputs[i * N + k] * best[k];
        }
    t.batch = (rn_batch){.n_samples = N, .inputs = t.inputs, .targets = t.targets};
    assert_status(training_make_trainer(&plan, &t), RN_OK);
    return t;
}

static double loss_of(training *t)
{
    double loss = 0.0;
    assert_status(rn_trainer_gradient(t->trainer, &loss, NULL, NULL), RN_OK);
    return loss;
}

static void descent_follows_every_mode(void **state)
{
    (void)state;
    choose_spectrum(1.2, 1.5);
    const double eta = 1.7; /* 2/lambda_max = 2 */
    const rn_setting settings[] = {{"learning_rate", "1.7"}, {"relative", "false"}};
    training t = make("gradient_descent", settings, 2);
    double loss = 0.0;
    for (int k = 0; k < N; k++)
        loss += 0.5 * lambda[k] * best[k] * best[k];
    assert_close(loss_of(&t), loss, 1e-13 * loss);
    double previous = loss;
    const rn_index stops[] = {1, 2, 3, 10, 100, 1000};
    for (int s = 0; s < 6; s++) {
        assert_status(rn_trainer_advance(t.trainer, stops[s], NULL), RN_OK);
        loss = 0.0;
        for (int k = 0; k < N; k++) {
            const double left = pow(1.0 - eta * lambda[k], (double)stops[s]);
            /* rounding of each step is damped by 1 - eta lambda: at most min(steps, 1/(eta
               lambda)) of them add up, each about 10 eps of the largest weight */
            assert_close(rn_trainer_theta(t.trainer)[k], best[k] * (1.0 - left), 1e-11);
            loss += 0.5 * lambda[k] * best[k] * best[k] * left * left;
        }
        assert_close(loss_of(&t), loss, 1e-12 * loss);
        assert_true(loss < previous); /* eta < 2/lambda_max */
        previous = loss_of(&t);
    }
    training_clear(&t);
}

static void flow_follows_every_mode(void **state)
{
    (void)state;
    choose_spectrum(1.2, 1.5);
    const rn_setting settings[] = {
        {"interval", "5"}, {"relative", "false"}, {"rtol", "1e-10"}, {"atol", "1e-10"}};
    training t = make("gradient_flow", settings, 4);
    for (rn_index step = 1; step <= 16; step *= 4) {
        assert_status(rn_trainer_advance(t.trainer, step, NULL), RN_OK);
        const double time = 5.0 * (double)step;
        assert_close(rn_trainer_state(t.trainer).time, time, 0.0);
        double loss = 0.0;
        for (int k = 0; k < N; k++) {
            const double left = exp(-lambda[k] * time);
            /* local errors 1e-10 per step, about 3 steps a unit of time, damped or not */
            assert_close(rn_trainer_theta(t.trainer)[k], best[k] * (1.0 - left), 1e-8);
            loss += 0.5 * lambda[k] * best[k] * best[k] * left * left;
        }
        assert_close(loss_of(&t), loss, 1e-8 * loss);
    }
    double moved[N];
    assert_status(rn_flow_step(t.trainer, NULL, 0.75, moved), RN_OK);
    for (int k = 0; k < N; k++) {
        const double now = rn_trainer_theta(t.trainer)[k];
        const double later = best[k] + (now - best[k]) * exp(-0.75 * lambda[k]);
        assert_close(moved[k], later, 1e-12);
    }
    training_clear(&t);
}

/* The kernel X X^T / N never changes, and the loss approaches its power law
   (1/b) Gamma((q-1)/b) (2t)^(-(q-1)/b) while 1 << 2t << N^b. With all modes beyond N added by
   their integral at exp(0), the sum is the infinite one: compare with that. */
static void loss_of_power_law_regression_is_a_power_of_time(void **state)
{
    (void)state;
    const double b = 1.2;
    const double q = 1.5;
    choose_spectrum(b, q);
    const rn_setting settings[] = {
        {"interval", "1"}, {"relative", "false"}, {"rtol", "1e-9"}, {"atol", "1e-9"}};
    training t = make("gradient_flow", settings, 4);
    const double p = (q - 1.0) / b;
    double tail = 0.0; /* modes k > N, not yet learnt at all: Euler-Maclaurin */
    tail = pow(N, 1.0 - q) / (q - 1.0) - 0.5 * pow(N, -q);
    const rn_index times[] = {10, 20, 40};
    for (int s = 0; s < 3; s++) {
        assert_status(rn_trainer_advance(t.trainer, times[s], NULL), RN_OK);
        const double law = tgamma(p) / b * pow(2.0 * (double)times[s], -p);
        /* unlearnt tail is counted whole: it would have lost about 2 t N^-b (q-1)/(q-1+b) of
           itself, 3 % at t = 40 where the tail is an eighth of the loss; the discrete sum
           differs from its integral by less */
        assert_close(loss_of(&t) + tail, law, 0.05 * law);
    }
    /* frozen kernel: outputs are linear in theta, at whatever state */
    double f[3][N];
    double zero[N] = {0};
    double twice[N];
    for (int k = 0; k < N; k++)
        twice[k] = 2.0 * rn_trainer_theta(t.trainer)[k];
    assert_status(rn_trainer_predict(t.trainer, zero, &t.batch, f[0], NULL), RN_OK);
    assert_status(rn_trainer_predict(t.trainer, NULL, &t.batch, f[1], NULL), RN_OK);
    assert_status(rn_trainer_predict(t.trainer, twice, &t.batch, f[2], NULL), RN_OK);
    for (int i = 0; i < N; i++) {
        assert_close(f[0][i], 0.0, 0.0);
        assert_close(f[2][i], 2.0 * f[1][i], 1e-13);
    }
    training_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descent_follows_every_mode),
        cmocka_unit_test(flow_follows_every_mode),
        cmocka_unit_test(loss_of_power_law_regression_is_a_power_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
