/*
 * Stationary states of stochastic dynamics on one weight w with L = mean of h (w - b_i)^2 / 2,
 * against exact discrete-step formulas (docs/theory/dynamics.md): each chain runs from its limit
 * and the variance over its steps is compared within five standard errors from blocks of the chain.
 */
#include <math.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "training.h"

enum { N = 12, BLOCKS = 40 };

/* A chain, and statistics of w at the ends of runs of `stride` steps. */
typedef struct chain {
    training t;
    double mean_target;
    double s2; /* variance of the gradients h (w - b_i) over samples, with N - 1 */
} chain;

static chain make(const char *dynamics, const rn_setting *settings, int n_settings,
                  const char *sampler, const char *batch_size)
{
    static double inputs[N];
    static double targets[N];
    chain c = {.t = {.batch = {.n_samples = N, .inputs = inputs, .targets = targets}}};
    const rni_stream stream = {.seed = 5, .purpose = RNI_RNG_TEST};
    for (rn_index i = 0; i < N; i++) {
        inputs[i] = 1.0;
        targets[i] = rni_rng_normal(stream, (uint64_t)i);
        c.mean_target += targets[i] / N;
    }
    for (rn_index i = 0; i < N; i++)
        c.s2 += (targets[i] - c.mean_target) * (targets[i] - c.mean_target) / (N - 1);
    training_plan plan = {.model = "linear",
                          .dynamics = dynamics,
                          .sampler = sampler,
                          .n_features = 1,
                          .n_outputs = 1,
                          .n_threads = 1,
                          .seed = 3};
    if (batch_size) plan.sampler_settings[0] = (rn_setting){"batch_size", batch_size};
    for (int i = 0; i < n_settings; i++)
        plan.dynamics_settings[i] = settings[i];
    assert_status(training_make_trainer(&plan, &c.t), RN_OK);
    const rn_train_state state = {.seed = 3};
    assert_status(rn_trainer_set_state(c.t.trainer, &state, &c.mean_target), RN_OK);
    return c;
}

/* Mean and standard error of (w - mean)^2 at every `stride`-th step, after a tenth of them. */
static double variance(chain *c, rn_index n_looks, rn_index stride, double *error)
{
    double block[BLOCKS] = {0};
    const rn_index per_block = n_looks / BLOCKS;
    assert_status(rn_trainer_advance(c->t.trainer, n_looks / 10 * stride, NULL), RN_OK);
    for (rn_index k = 0; k < per_block * BLOCKS; k++) {
        const rn_index step = rn_trainer_state(c->t.trainer).step;
        assert_status(rn_trainer_advance(c->t.trainer, step + stride, NULL), RN_OK);
        const double off = rn_trainer_theta(c->t.trainer)[0] - c->mean_target;
        block[k / per_block] += off * off / (double)per_block;
    }
    double mean = 0.0;
    double square = 0.0;
    for (int b = 0; b < BLOCKS; b++)
        mean += block[b] / BLOCKS;
    for (int b = 0; b < BLOCKS; b++)
        square += (block[b] - mean) * (block[b] - mean);
    *error = sqrt(square / (BLOCKS * (BLOCKS - 1.0)));
    training_clear(&c->t);
    return mean;
}

static void expect(chain c, rn_index n_looks, rn_index stride, double exact)
{
    double error = 0.0;
    const double found = variance(&c, n_looks, stride, &error);
    print_message("%.5g against %.5g, standard error %.2g\n", found, exact, error);
    assert_true(error < 0.03 * exact); /* the test can see 15 % */
    assert_close(found, exact, 5.0 * error);
}

#define RATE(value)                                                                                \
    {"learning_rate", value},                                                                      \
    {                                                                                              \
        "relative", "false"                                                                        \
    }

/* Var = T / (h (1 - eta h / 2)): 5 % over the continuous T / h. */
static void langevin_has_the_temperature_of_its_step(void **state)
{
    (void)state;
    const rn_setting settings[] = {RATE("0.4"), {"temperature", "0.7"}};
    chain c = make("sgd", settings, 3, "full", NULL);
    expect(c, 40000, 1, 0.7 / (1.0 - 0.2));
}

/* Batch noise q = S/B: Var = eta^2 q / (1 - (1 - eta h)^2), with S/B (N - B)/(N - 1) where the
   samples of a batch differ. */
static void batches_leave_the_variance_of_their_sampler(void **state)
{
    (void)state;
    const rn_setting settings[] = {RATE("0.3")};
    const double eta = 0.3;
    chain c = make("sgd", settings, 2, "with_replacement", "4");
    const double biased = c.s2 * (N - 1) / N;
    const double factor = eta * eta / (1.0 - (1.0 - eta) * (1.0 - eta));
    expect(c, 60000, 1, factor * biased / 4.0);
    c = make("sgd", settings, 2, "distinct", "4");
    expect(c, 60000, 1, factor * biased / 4.0 * (N - 4.0) / (N - 1.0));
}

/* Ends of epochs of m batches of one sample, drawn without replacement: order eta^3, not eta. */
static void reshuffling_leaves_far_less(void **state)
{
    (void)state;
    const rn_setting settings[] = {RATE("0.1")};
    const double a = 0.9;
    double weights[N];
    double mean = 0.0;
    double sum = 0.0;
    for (int k = 0; k < N; k++) {
        weights[k] = pow(a, N - 1.0 - k);
        mean += weights[k] / N;
    }
    for (int k = 0; k < N; k++)
        sum += (weights[k] - mean) * (weights[k] - mean);
    chain c = make("sgd", settings, 2, "reshuffled", "1");
    expect(c, 20000, N, 0.01 * c.s2 * sum / (1.0 - pow(a, 2.0 * N)));
}

/* Var(theta) = eta q (1 + beta) / (h (1 - beta) (2 (1 + beta) - eta h)), q the batch noise. */
static void heavy_ball_has_its_discrete_variance(void **state)
{
    (void)state;
    const rn_setting settings[] = {RATE("0.5"), {"momentum", "0.6"}};
    chain c = make("sgd", settings, 3, "with_replacement", "3");
    const double q = c.s2 * (N - 1) / N / 3.0;
    expect(c, 60000, 1, 0.5 * q * 1.6 / (0.4 * (2.0 * 1.6 - 0.5)));
}

/* On a quadratic the noise of SVRG is 0: only Langevin noise is left, whatever the batch. */
static void svrg_removes_the_batch_noise(void **state)
{
    (void)state;
    const rn_setting settings[] = {RATE("0.3"), {"anchor_every", "50"}};
    chain c = make("svrg", settings, 3, "with_replacement", "1");
    assert_status(rn_trainer_advance(c.t.trainer, 1000, NULL), RN_OK);
    assert_close(rn_trainer_theta(c.t.trainer)[0], c.mean_target, 1e-14);
    training_clear(&c.t);
    const rn_setting warm[] = {RATE("0.3"), {"anchor_every", "50"}, {"temperature", "0.2"}};
    c = make("svrg", warm, 4, "with_replacement", "1");
    expect(c, 40000, 1, 0.2 / (1.0 - 0.15));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(langevin_has_the_temperature_of_its_step),
        cmocka_unit_test(batches_leave_the_variance_of_their_sampler),
        cmocka_unit_test(reshuffling_leaves_far_less),
        cmocka_unit_test(heavy_ball_has_its_discrete_variance),
        cmocka_unit_test(svrg_removes_the_batch_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
