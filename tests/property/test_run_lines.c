/*
 * Real losses and real dynamics through the public run: energies add up to the loss, the exact
 * budget of a step closes whatever drove it, its drive is the sum of lines that were each computed
 * from a direction of their own, and the instantaneous budget closes as dt^2.
 */
#include <math.h>
#include <renorm/cost.h>
#include <renorm/run.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

enum { MOST = 40 };

/* 24 samples in 3 classes of a CSV made here would do; spheres give one output, so that classes
   come from Fashion-MNIST where 10 outputs are wanted. */
static rn_run *run_with(bool is_exact, const char *const *changes)
{
    const char *settings[MOST] = {"steps=24",
                                  "threads=1",
                                  "model.depth=2",
                                  "model.width=16",
                                  "data.kind=fashion_mnist",
                                  "data.n_train=10",
                                  "data.n_test=0",
                                  "train.learning_rate=0.3",
                                  "measure.snapshots=3"};
    int n = 9;
    if (is_exact) settings[n++] = "measure.couplings=false";
    for (; *changes; changes++)
        settings[n++] = *changes;
    rn_config *config = NULL;
    rn_run *run = NULL;
    assert_status(rn_config_load(NULL, n, settings, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    return run;
}

static rn_run *run_of(const char *const *changes)
{
    return run_with(true, changes);
}

static double largest(rn_index n, const double *values)
{
    double most = 0.0;
    for (rn_index i = 0; i < n; i++)
        if (isfinite(values[i])) most = fmax(most, fabs(values[i]));
    return most;
}

static void add(rn_index n, const double *line, double *sum, int *n_lines)
{
    if (!isfinite(line[n - 1])) return;
    ++*n_lines;
    for (rn_index i = 0; i < n; i++)
        sum[i] += line[i];
}

/* A small network with running statistics instead. */
#define NORM "model.kind=convnet", "model.width=8", "model.stride=2", "model.norm=batch"

static const struct {
    const char *name;
    int n_lines; /* with the frame's */
    const char *changes[9];
} cases[] = {
    {"cross-entropy, descent", 1, {"loss.kind=cross_entropy", "train.kind=gradient_descent"}},
    {"logistic, descent", 1, {"loss.kind=logistic", "train.kind=gradient_descent"}},
    {"huber, descent", 1, {"loss.kind=huber", "loss.delta=0.2", "train.kind=gradient_descent"}},
    {"squared error, momentum and decay",
     2,
     {"train.kind=sgd", "train.momentum=0.8", "train.weight_decay=0.01"}},
    {"squared error, batches, Nesterov, clipping",
     3,
     {"train.kind=sgd", "train.momentum=0.5", "train.nesterov=true", "train.clip=0.5",
      "sampler.kind=reshuffled", "sampler.batch_size=5"}},
    {"cross-entropy, batches, momentum, cosine",
     3,
     {"loss.kind=cross_entropy", "train.kind=sgd", "train.momentum=0.8", "train.schedule=cosine",
      "sampler.kind=distinct", "sampler.batch_size=4"}},
    {"squared error, Langevin noise", 1, {"train.kind=sgd", "train.temperature=0.0001"}},
    {"squared error, AdamW, batches",
     3,
     {"train.kind=adam", "train.learning_rate=0.003", "train.epsilon=1e-4",
      "train.weight_decay=0.1", "sampler.kind=distinct", "sampler.batch_size=4"}},
    {"cross-entropy, Adam, coupled decay, clipping",
     4,
     {"loss.kind=cross_entropy", "train.kind=adam", "train.learning_rate=0.003",
      "train.epsilon=1e-4", "train.weight_decay=0.1", "train.decoupled=false", "train.clip=1"}},
    {"cross-entropy, svrg",
     2,
     {"loss.kind=cross_entropy", "train.kind=svrg", "train.anchor_every=5",
      "sampler.kind=with_replacement", "sampler.batch_size=3"}},
    {"squared error, leapfrog with noise and decay, batches",
     4,
     {"train.kind=inertial", "train.temperature=0.0001", "train.weight_decay=0.01",
      "sampler.kind=distinct", "sampler.batch_size=4"}},
    {"cross-entropy, symplectic Euler, cosine",
     2,
     {"loss.kind=cross_entropy", "train.kind=inertial", "train.scheme=symplectic_euler",
      "train.schedule=cosine"}},
    {"squared error, batch norm, batches, momentum",
     3,
     {NORM, "train.kind=sgd", "train.momentum=0.5", "sampler.kind=distinct",
      "sampler.batch_size=5"}},
    {"cross-entropy, batch norm, Adam",
     3,
     {NORM, "loss.kind=cross_entropy", "train.kind=adam", "train.learning_rate=0.003",
      "train.epsilon=1e-4"}},
};
enum { N_CASES = sizeof cases / sizeof cases[0], BOUNDARIES = 400 };

static void energies_add_up_and_every_step_closes(void **state)
{
    (void)state;
    for (int c = 0; c < N_CASES; c++) {
        rn_run *run = run_of(cases[c].changes);
        double worst_mismatch = 0.0;
        double worst_lines = 0.0;
        for (rn_index k = 0; k < rn_run_n_snapshots(run); k++) {
            const rn_snapshot *s = rn_run_snapshot(run, k);
            const rn_index m = s->n_boundaries;
            assert_true(m <= BOUNDARIES);
            assert_true(s->energy_error < 1e-12);
            if (!isfinite(s->step_mismatch)) continue;
            double sum[BOUNDARIES] = {0};
            int n_lines = 0;
            const double *const lines[] = {s->step_minibatch, s->step_momentum, s->step_decay,
                                           s->step_clipping,  s->step_noise,    s->step_statistics,
                                           s->step_frame};
            for (int i = 0; i < 7; i++)
                add(m, lines[i], sum, &n_lines);
            assert_int_equal(n_lines, cases[c].n_lines);
            for (rn_index i = 0; i < m; i++)
                sum[i] -= s->step_drive[i];
            const double scale = fmax(largest(m, s->step_dissipation), largest(m, s->step_drive));
            worst_mismatch = fmax(worst_mismatch, s->step_mismatch);
            worst_lines = fmax(worst_lines, largest(m, sum) / scale);
        }
        print_message("%s: mismatch %.1e, lines %.1e\n", cases[c].name, worst_mismatch,
                      worst_lines);
        /* n eps of the largest line, times what divided differences of low boundaries magnify */
        assert_true(worst_mismatch < 1e-10);
        assert_true(worst_lines < 1e-11);
        rn_run_destroy(run);
    }
}

static void closure_error_falls_as_dt_squared(void **state)
{
    (void)state;
    for (int c = 0; c < N_CASES; c++) {
        double worst[2] = {0};
        for (int fine = 0; fine < 2; fine++) {
            const char *changes[12] = {fine ? "measure.closure_dt=1e-4" : "measure.closure_dt=1e-3",
                                       "measure.step_budget=false"};
            for (int i = 0; i < 9 && cases[c].changes[i]; i++)
                changes[i + 2] = cases[c].changes[i];
            rn_run *run = run_of(changes);
            for (rn_index k = 0; k < rn_run_n_snapshots(run); k++)
                worst[fine] = fmax(worst[fine], rn_run_snapshot(run, k)->closure_error);
            rn_run_destroy(run);
        }
        print_message("%s: closure %.1e, %.1e\n", cases[c].name, worst[0], worst[1]);
        assert_true(worst[1] < fmax(worst[0] / 50.0, 1e-7));
    }
}

/* Largest difference where both are measured, over `scale`. */
static double compare(const rn_snapshot *exact, const rn_snapshot *free, const double *left,
                      const double *right, double scale, int *n)
{
    double most = 0.0;
    for (rn_index b = 0; b < free->n_boundaries; b++)
        for (rn_index i = 0; i < exact->n_boundaries; i++)
            if (fabs(exact->s[i] - free->s[b]) < 1e-9 && isfinite(right[b])) {
                assert_true(isfinite(left[i]));
                most = fmax(most, fabs(left[i] - right[b]) / scale);
                ++*n;
            }
    return most;
}

/* Matrix-free with all steps: every line of every dynamics as from the whole kernel. */
static void products_alone_give_the_same_lines(void **state)
{
    (void)state;
    for (int c = 0; c < N_CASES; c++) {
        const char *changes[16] = {"measure.kind=matrix_free", "measure.steps=100",
                                   "measure.accuracy=0", "measure.flux=false"};
        for (int i = 0; i < 9 && cases[c].changes[i]; i++)
            changes[i + 4] = cases[c].changes[i];
        rn_run *exact = run_of(cases[c].changes);
        rn_run *free = run_with(false, changes);
        double worst = 0.0;
        int n_lines = 0;
        int n_compared = 0;
        for (rn_index k = 0; k + 1 < rn_run_n_snapshots(exact); k++) {
            const rn_snapshot *s = rn_run_snapshot(exact, k);
            const rn_snapshot *f = rn_run_snapshot(free, k);
            const double scale = largest(s->n_boundaries, s->step_dissipation);
            const double *const pairs[][2] = {{s->step_dissipation, f->step_dissipation},
                                              {s->step_drive, f->step_drive},
                                              {s->step_minibatch, f->step_minibatch},
                                              {s->step_momentum, f->step_momentum},
                                              {s->step_decay, f->step_decay},
                                              {s->step_clipping, f->step_clipping},
                                              {s->step_noise, f->step_noise},
                                              {s->step_statistics, f->step_statistics},
                                              {s->step_frame, f->step_frame}};
            for (int i = 0; i < 9; i++) {
                const int before = n_compared;
                worst = fmax(worst, compare(s, f, pairs[i][0], pairs[i][1], scale, &n_compared));
                n_lines += i > 1 && n_compared > before;
            }
        }
        print_message("%s: %d numbers, largest difference %.1e\n", cases[c].name, n_compared,
                      worst);
        assert_int_equal(n_lines, 2 * cases[c].n_lines);
        /* all steps: the Ritz vectors span what e has in the space of the rows; n eps of the
           dissipation, a few times */
        assert_true(worst < 1e-12);
        rn_run_destroy(exact);
        rn_run_destroy(free);
    }
}

/* Without friction a loss is trained on but not told as dissipation and flux. */
static void shells_need_a_time_of_gradient_flow(void **state)
{
    (void)state;
    static const char *const kinds[] = {"exact", "matrix_free", "none"};
    for (int k = 0; k < 3; k++) {
        char measure[32];
        (void)snprintf(measure, sizeof measure, "measure.kind=%s", kinds[k]);
        const char *const settings[] = {"steps=3",        "threads=1",           "data.kind=sphere",
                                        "data.n_train=5", "train.kind=inertial", "train.friction=0",
                                        measure};
        const rn_status expected = k < 2 ? RN_ERR_CONFIG : RN_OK;
        rn_config *config = NULL;
        rn_run *run = NULL;
        rn_cost *cost = NULL;
        assert_status(rn_config_load(NULL, 7, settings, &config), RN_OK);
        assert_status(rn_run_execute(config, NULL, NULL, &run), expected);
        if (k < 2) assert_message_has("train.friction: found 0 with measure.kind");
        const rn_cost_options options = {.only_memory = 1};
        assert_status(rn_cost_create(config, &options, NULL, &cost), expected);
        rn_cost_destroy(cost);
        rn_run_destroy(run);
        rn_config_destroy(config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energies_add_up_and_every_step_closes),
        cmocka_unit_test(closure_error_falls_as_dt_squared),
        cmocka_unit_test(products_alone_give_the_same_lines),
        cmocka_unit_test(shells_need_a_time_of_gradient_flow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
