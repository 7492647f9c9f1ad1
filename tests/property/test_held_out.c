/*
 * The held-out loss ahead. On a linear network the kernel stands still and what is foretold is what
 * the run measures there; on any network it is what J and J' of the held-out samples give when they
 * are formed.
 */
#include <math.h>
#include <renorm/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "run/stage.h"

enum { MOST = 24 };

static rn_config *config_of(const char *const *changes)
{
    const char *settings[MOST] = {"threads=1",
                                  "data.kind=sphere",
                                  "data.n_train=14",
                                  "data.n_test=9",
                                  "data.dimension=20",
                                  "output.held_out_every=1",
                                  "output.record_every=1",
                                  "measure.snapshots=7"};
    int n = 8;
    for (; *changes; changes++)
        settings[n++] = *changes;
    rn_config *config = NULL;
    assert_status(rn_config_load(NULL, n, settings, &config), RN_OK);
    return config;
}

static rn_run *run_of(const char *const *changes)
{
    rn_config *config = config_of(changes);
    rn_run *run = NULL;
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    return run;
}

static double foretold(const rn_snapshot *at, int k)
{
    return k == 0 ? at->held_out_2x : k == 1 ? at->held_out_4x : at->held_out_10x;
}

static const double factors[] = {2.0, 4.0, 10.0};

/* The run's record of a time; NULL: that time is none of its steps'. */
static const rn_record *record_at(const rn_run *run, double time)
{
    for (rn_index i = 0; i < rn_run_n_records(run); i++)
        if (fabs(rn_run_record(run, i)->time - time) < 1e-9 * time) return rn_run_record(run, i);
    return NULL;
}

/* Holds every forecast of a step of the run against it; how many there were that changed. */
static int hold_against_run(const char *name, const char *const *changes, double tolerance)
{
    rn_run *run = run_of(changes);
    int n_held = 0;
    double worst = 0.0;
    for (rn_index i = 0; i < rn_run_n_snapshots(run); i++)
        for (int k = 0; k < 3; k++) {
            const rn_snapshot *at = rn_run_snapshot(run, i);
            const rn_record *then = record_at(run, factors[k] * at->record.time);
            if (!(at->record.time > 0.0)) {
                assert_true(isnan(foretold(at, k)));
                continue;
            }
            assert_true(isfinite(foretold(at, k)));
            if (!then || !(fabs(then->held_out_loss / at->record.held_out_loss - 1.0) > 1e-3))
                continue;
            assert_close(foretold(at, k), then->held_out_loss, tolerance * then->held_out_loss);
            worst = fmax(worst, fabs(foretold(at, k) / then->held_out_loss - 1.0));
            n_held++;
        }
    print_message("%s: %d held, worst %.1e\n", name, n_held, worst);
    rn_run_destroy(run);
    return n_held;
}

/* 1e-10 of the loss: rounding of a few hundred steps and of a 14 x 14 eigenproblem. */
static void a_linear_network_goes_as_foretold(void **state)
{
    (void)state;
    assert_in_range(hold_against_run("descent",
                                     (const char *const[]){"model.kind=linear", "steps=300",
                                                           "train.learning_rate=0.9", NULL},
                                     1e-10),
                    6, 21);
    assert_in_range(hold_against_run(
                        "milestones",
                        (const char *const[]){"model.kind=linear", "steps=300", "train.kind=sgd",
                                              "train.learning_rate=0.9", "train.schedule=steps",
                                              "train.milestones=[40, 160]", "train.drop=0.5", NULL},
                        1e-10),
                    3, 21);
    /* the flow is integrated to a tolerance of its own */
    assert_in_range(hold_against_run("flow",
                                     (const char *const[]){"model.kind=linear", "steps=300",
                                                           "train.kind=gradient_flow",
                                                           "train.rtol=1e-12", NULL},
                                     1e-9),
                    6, 21);
}

/* ---- J, formed ------------------------------------------------------------------------------- */

/* j [n x P], by rows. */
static void form(rn_kernel *kernel, const rn_kernel_point *point, rn_index n, rn_index n_weights,
                 double *j)
{
    double *row = calloc((size_t)n, sizeof *row);
    for (rn_index i = 0; i < n; i++) {
        row[i] = 1.0;
        assert_status(rn_jacobian_apply_transpose(kernel, point, row, j + i * n_weights), RN_OK);
        row[i] = 0.0;
    }
    free(row);
}

/* Size of a step of the run; after its end that of the last record goes on. */
static double rate_of(const rn_run *run, rn_index step)
{
    const rn_index last = rn_run_n_records(run) - 1;
    return rn_run_record(run, step < last ? step : last)->learning_rate;
}

/* The held-out loss `ahead` of a step, of the network that is linear in its weights about theta:
   d = -(eta/N) J^T e, e += J d, e' += J' d, step by step; the last step in part. */
static double walk(const rni_stage *stage, const double *theta, const rn_run *run, rn_index step,
                   double ahead)
{
    const rn_index n = stage->n_rows;
    const rn_index m = stage->held_out.n_samples;
    const rn_index p = stage->n_weights;
    const double *inputs[] = {stage->held_out.inputs};
    const rn_kernel_point here = rni_stage_point(stage, theta);
    const rn_kernel_point there = {.n_samples = m, .inputs = inputs, .theta = theta};
    double *j = malloc((size_t)(n * p) * sizeof *j);
    double *jt = malloc((size_t)(m * p) * sizeof *jt);
    double *e = malloc((size_t)n * sizeof *e);
    double *et = malloc((size_t)m * sizeof *et);
    double *d = malloc((size_t)p * sizeof *d);
    form(stage->kernel, &here, n, p, j);
    form(stage->kernel, &there, m, p, jt);
    assert_status(rn_trainer_error(stage->trainer, theta, &stage->train, e), RN_OK);
    assert_status(rn_trainer_error(stage->trainer, theta, &stage->held_out, et), RN_OK);
    for (; ahead > 1e-9; step++) {
        const double eta = fmin(rate_of(run, step), ahead);
        ahead -= eta;
        for (rn_index q = 0; q < p; q++) {
            d[q] = 0.0;
            for (rn_index i = 0; i < n; i++)
                d[q] -= eta / (double)stage->train.n_samples * j[i * p + q] * e[i];
        }
        for (rn_index q = 0; q < p; q++) {
            for (rn_index i = 0; i < n; i++)
                e[i] += j[i * p + q] * d[q];
            for (rn_index i = 0; i < m; i++)
                et[i] += jt[i * p + q] * d[q];
        }
    }
    double sum = 0.0;
    for (rn_index i = 0; i < m; i++)
        sum += et[i] * et[i];
    free(j);
    free(jt);
    free(e);
    free(et);
    free(d);
    return 0.5 * sum / (double)m;
}

static void hold_against_jacobians(const char *const *settings)
{
    rn_run *run = run_of(settings);
    rn_config *config = config_of(settings);
    int n_held = 0;
    double worst = 0.0;
    rni_stage stage = {0};
    assert_status(rni_stage_create(config, 0, 1, &stage), RN_OK);
    for (rn_index i = 0; i < rn_run_n_snapshots(run); i++) {
        const rn_snapshot *at = rn_run_snapshot(run, i);
        assert_status(rn_trainer_advance(stage.trainer, at->record.step, NULL), RN_OK);
        const double *theta = rn_trainer_theta(stage.trainer);
        for (int k = 0; k < 3 && at->record.step > 0; k++, n_held++) {
            const double ahead = (factors[k] - 1.0) * at->record.time;
            const double want = walk(&stage, theta, run, at->record.step, ahead);
            assert_close(foretold(at, k), want, 1e-12 * fmax(want, 1.0));
            assert_true(fabs(want - at->record.held_out_loss) > 1e-6);
            worst = fmax(worst, fabs(foretold(at, k) - want));
        }
    }
    print_message("%d held, worst %.1e\n", n_held, worst);
    assert_true(n_held >= 9);
    rni_stage_clear(&stage);
    rn_config_destroy(config);
    rn_run_destroy(run);
}

/* 1e-12: rounding of some hundred steps of size 0.2 and losses of order 1. */
static void it_is_what_the_formed_jacobians_give(void **state)
{
    (void)state;
    hold_against_jacobians((const char *const[]){
        "seed=0", "model.depth=2", "model.width=7", "steps=20", "train.relative=false",
        "train.learning_rate=0.2", "measure.snapshots=5", NULL});
    hold_against_jacobians((const char *const[]){
        "seed=0", "model.depth=2", "model.width=7", "steps=20", "train.kind=sgd",
        "train.relative=false", "train.learning_rate=0.3", "train.schedule=cosine",
        "train.last=0.2", "train.warmup=6", "measure.snapshots=9", NULL});
}

/* ---- where it cannot be told ----------------------------------------------------------------- */

static void it_is_absent_where_it_does_not_hold(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"data.n_test=0"},
        {"train.kind=sgd", "train.momentum=0.5"},
        {"loss.kind=huber"},
        {"train.kind=sgd", "sampler.kind=reshuffled", "sampler.batch_size=7"},
        {"train.kind=adam"},
        {"measure.kind=matrix_free"},
        /* eta lambda_max > 2 */
        {"model.kind=linear", "train.relative=true", "train.learning_rate=2.1"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const char *settings[MOST] = {"steps=6", "measure.snapshots=3", "model.depth=2",
                                      "model.width=6"};
        int n = 4;
        if (c + 1 == sizeof cases / sizeof cases[0]) n = 2;
        for (int i = 0; i < 4 && cases[c][i]; i++)
            settings[n++] = cases[c][i];
        settings[n] = NULL;
        rn_run *run = run_of(settings);
        for (rn_index i = 0; i < rn_run_n_snapshots(run); i++)
            for (int k = 0; k < 3; k++)
                assert_true(isnan(foretold(rn_run_snapshot(run, i), k)));
        rn_run_destroy(run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_linear_network_goes_as_foretold),
        cmocka_unit_test(it_is_what_the_formed_jacobians_give),
        cmocka_unit_test(it_is_absent_where_it_does_not_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
