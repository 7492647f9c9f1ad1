/*
 * One suite for the exact and the matrix-free way to measure a trained network: with all steps they
 * are the same, with fewer the exact numbers lie within the intervals and errors of the other, and
 * more steps never widen an interval.
 */
#include <math.h>
#include <renorm/run.h>
#include <stdio.h>

#include "check.h"
#include "core/memory.h"

enum { MOST_SETTINGS = 24, N_SNAPSHOTS = 3 };

/* Networks: a smooth residual one, a smooth plain one with few outputs, one with kinks; then one of
   every other architecture, on so few samples that a kernel has 50 rows or so. */
#define SPHERE "data.kind=sphere", "data.n_train=60"
#define IMAGES "data.kind=fashion_mnist", "data.n_train=5", "data.n_test=0"
static const char *const networks[][11] = {
    {"model.depth=3", SPHERE, "model.residual=true", "model.activation=gelu", "model.width=20"},
    {"model.depth=3", SPHERE, "model.residual=false", "model.activation=tanh", "model.width=12"},
    {"model.depth=3", SPHERE, "model.residual=false", "model.activation=relu", "model.width=16"},
    {"model.kind=convnet", IMAGES, "model.depth=2", "model.width=4", "model.stride=2",
     "model.norm=group", "model.groups=2"},
    {"model.kind=resnet", IMAGES, "model.stages=2", "model.width=4", "model.groups=2",
     "model.stem_stride=2"},
    {"model.kind=convnet", IMAGES, "model.depth=2", "model.width=4", "model.stride=2",
     "model.norm=batch"},
    {"model.kind=convnet", IMAGES, "model.depth=2", "model.width=4", "model.stride=2",
     "model.norm=batch", "model.statistics=samples"},
    {"model.kind=transformer", IMAGES, "model.tokens=patches", "model.patch=14", "model.depth=1",
     "model.width=8"},
    {"model.kind=transformer", "data.kind=modular", "data.modulus=5", "data.fraction=0.4",
     "model.vocabulary=6", "model.depth=1", "model.width=8"},
    {"model.kind=transformer", "data.kind=text", "data.context=2", "data.n_train=1",
     "data.n_test=0", "data.predict=every", "model.depth=1", "model.width=8", "model.readout=every",
     "loss.kind=cross_entropy", "loss.classes=76"},
    {"model.kind=recurrent", SPHERE, "model.steps=4", "model.width=8"},
    {"model.kind=tied", SPHERE, "model.width=8"},
    {"model.kind=quadratic", SPHERE},
    {"model.kind=linear", SPHERE},
};
enum { N_NETWORKS = 3, N_ARCHITECTURES = sizeof networks / sizeof networks[0] };

static rn_run *run_with(int network, int n_changes, const char *const *changes)
{
    static const char *const base[] = {"steps=30", "threads=2", "train.relative=true",
                                       "measure.snapshots=3", "train.learning_rate=0.5"};
    const char *settings[MOST_SETTINGS];
    int n = 0;
    rn_config *config = NULL;
    rn_run *run = NULL;
    for (size_t i = 0; i < sizeof base / sizeof base[0]; i++)
        settings[n++] = base[i];
    for (int i = 0; i < 11 && networks[network][i]; i++)
        settings[n++] = networks[network][i];
    /* the kind of measurement comes before what only this kind has */
    for (int i = 0; i < n_changes; i++)
        settings[n++] = changes[i];
    assert_status(rn_config_load(NULL, n, settings, &config), RN_OK);
    assert_status(rn_run_execute(config, NULL, NULL, &run), RN_OK);
    rn_config_destroy(config);
    return run;
}

static rn_run *run_exact(int network)
{
    static const char *const changes[] = {"measure.kind=exact", "measure.step_budget=false",
                                          "measure.couplings=false", "measure.closure_dt=0"};
    return run_with(network, 4, changes);
}

static rn_run *run_free(int network, int n_steps)
{
    char steps[64];
    (void)snprintf(steps, sizeof steps, "measure.steps=%d", n_steps);
    const char *const changes[] = {"measure.kind=matrix_free", steps, "measure.accuracy=0"};
    return run_with(network, 3, changes);
}

/* Boundary of `at` at the place of boundary b of `other`; -1 where there is none. */
static rn_index place_of(const rn_snapshot *at, const rn_snapshot *other, rn_index b)
{
    for (rn_index i = 0; i < at->n_boundaries; i++)
        if (fabs(at->s[i] - other->s[b]) < 1e-9) return i;
    return -1;
}

static double largest(rn_index n, const double *values)
{
    double most = 0.0;
    for (rn_index i = 0; i < n; i++)
        if (isfinite(values[i])) most = fmax(most, fabs(values[i]));
    return most;
}

static void assert_within(const char *what, double low, double value, double high, double slack)
{
    if (low - slack <= value && value <= high + slack) return;
    print_message("%s: %.17g not in %.17g .. %.17g\n", what, value, low, high);
    fail();
}

/* Rounding of the exact numbers: eigenvalues are known to (n + 32) eps lambda_max, so what a cut at
   s holds may be off by that share of e^s. */
static double slack_at(const rn_snapshot *exact, rn_index b, double scale)
{
    return 8.0 * exact->lambda_floor / exp(exact->s[b]) * scale + 1e-13 * scale;
}

static void check_intervals(const rn_snapshot *exact, const rn_snapshot *free)
{
    const double loss = exact->record.loss;
    for (rn_index b = 0; b < free->n_boundaries; b++) {
        const rn_index i = place_of(exact, free, b);
        if (i < 0 || !isfinite(exact->above[i])) continue;
        const double slack = slack_at(exact, i, loss);
        const double rate = slack_at(exact, i, largest(exact->n_boundaries, exact->dissipation));
        assert_within("above", free->above_low[b], exact->above[i], free->above_high[b], slack);
        assert_within("dissipation", free->dissipation_low[b], exact->dissipation[i],
                      free->dissipation_high[b], rate);
        if (b + 1 == free->n_boundaries || i + 1 == exact->n_boundaries) continue;
        assert_within("energy", free->energy_low[b], exact->energy[i], free->energy_high[b], slack);
        assert_within("sharp energy", free->energy_sharp_low[b], exact->energy_sharp[i],
                      free->energy_sharp_high[b], slack);
        assert_within("spent", free->spent_low[b],
                      exact->dissipation[i] - exact->dissipation[i + 1], free->spent_high[b], rate);
    }
}

static void exact_numbers_lie_within_the_intervals(void **state)
{
    (void)state;
    static const int steps[] = {1, 6, 20};
    for (int network = 0; network < N_ARCHITECTURES; network++) {
        rn_run *exact = run_exact(network);
        const int first = network < N_NETWORKS ? 0 : 2;
        for (int k = first; k < 3; k++) {
            rn_run *free = run_free(network, steps[k]);
            assert_int_equal(rn_run_n_snapshots(free), N_SNAPSHOTS);
            for (rn_index i = 0; i < N_SNAPSHOTS; i++) {
                check_intervals(rn_run_snapshot(exact, i), rn_run_snapshot(free, i));
                /* a kernel of low rank is exhausted before */
                assert_true(rn_run_snapshot(free, i)->lanczos_steps <= steps[k]);
                if (network < N_NETWORKS)
                    assert_close(rn_run_snapshot(free, i)->lanczos_steps, steps[k], 0.0);
            }
            rn_run_destroy(free);
        }
        rn_run_destroy(exact);
    }
}

/* Largest difference of an array over common boundaries, over the array's largest value. */
static double difference(const rn_snapshot *exact, const rn_snapshot *free, const double *left,
                         const double *right)
{
    double most = 0.0;
    for (rn_index b = 0; b < free->n_boundaries; b++) {
        const rn_index i = place_of(exact, free, b);
        if (i < 0 || !isfinite(left[i]) || !isfinite(right[b])) continue;
        most = fmax(most, fabs(left[i] - right[b]));
    }
    return most / largest(exact->n_boundaries, left);
}

/* All steps: Lanczos ends when the basis spans all the error reaches, and is exact. */
static void all_steps_are_the_exact_measurement(void **state)
{
    (void)state;
    rn_run *exact = run_exact(0);
    rn_run *free = run_free(0, 10000);
    for (rn_index i = 0; i < N_SNAPSHOTS; i++) {
        const rn_snapshot *a = rn_run_snapshot(exact, i);
        const rn_snapshot *b = rn_run_snapshot(free, i);
        assert_close(b->lambda_max, a->lambda_max, 1e-12 * a->lambda_max);
        /* modes at the floor differ by rounding: 1e-12 of the largest eigenvalue and below */
        assert_true(difference(a, b, a->above, b->above) < 1e-6);
        assert_true(difference(a, b, a->dissipation, b->dissipation) < 1e-9);
        assert_true(difference(a, b, a->flux, b->flux) < 1e-6);
        assert_true(difference(a, b, a->density, b->density) < 1e-5);
        assert_close(b->loss_decay, a->loss_decay, 1e-10 * fabs(a->loss_decay));
        assert_true(b->energy_error < 1e-12);
    }
    rn_run_destroy(exact);
    rn_run_destroy(free);
}

/* Flux from few steps: off by no more than its error times 3, where the error is the change from
   half the steps (our definition; no guarantee). */
static void flux_is_within_its_error(void **state)
{
    (void)state;
    for (int network = 0; network < 2; network++) {
        rn_run *exact = run_exact(network);
        rn_run *free = run_free(network, 30);
        for (rn_index i = 0; i < N_SNAPSHOTS; i++) {
            const rn_snapshot *a = rn_run_snapshot(exact, i);
            const rn_snapshot *b = rn_run_snapshot(free, i);
            const double off = difference(a, b, a->flux, b->flux);
            const double said =
                largest(b->n_boundaries, b->flux_error) / largest(a->n_boundaries, a->flux);
            print_message("flux: off by %.2g of the largest, error %.2g\n", off, said);
            assert_true(off <= 3.0 * said);
            assert_true(off < 0.5);
        }
        rn_run_destroy(exact);
        rn_run_destroy(free);
    }
}

static void accuracy_decides_on_steps(void **state)
{
    (void)state;
    double steps[3];
    static const char *const accuracies[] = {"measure.accuracy=0.5", "measure.accuracy=0.1",
                                             "measure.accuracy=0.0001"};
    for (int i = 0; i < 3; i++) {
        const char *const changes[] = {"measure.kind=matrix_free", "measure.steps=60",
                                       "measure.flux=false", accuracies[i]};
        rn_run *run = run_with(0, 4, changes);
        const rn_snapshot *at = rn_run_snapshot(run, N_SNAPSHOTS - 1);
        double sum = at->null_energy;
        steps[i] = at->lanczos_steps;
        assert_true(!isfinite(at->flux[0]));
        for (rn_index b = 0; b + 1 < at->n_boundaries; b++)
            sum += at->energy_spread[b] < at->record.loss ? at->energy_spread[b] : 0.0;
        print_message("%s: %g steps, errors %.3g of the loss\n", accuracies[i], steps[i],
                      sum / at->record.loss);
        rn_run_destroy(run);
    }
    assert_true(steps[0] < steps[1] && steps[1] < steps[2] && steps[2] <= 60.0);
}

/* Eigenvalues that random vectors count, against those of the whole kernel. */
static void counts_are_within_their_errors(void **state)
{
    (void)state;
    for (int network = 0; network < N_NETWORKS; network++) {
        static const char *const changes[] = {"measure.kind=matrix_free", "measure.steps=40",
                                              "measure.accuracy=0", "measure.flux=false",
                                              "measure.count_vectors=16"};
        rn_run *exact = run_exact(network);
        rn_run *free = run_with(network, 5, changes);
        int n_shells = 0;
        double squares = 0.0;
        for (rn_index k = 0; k < N_SNAPSHOTS; k++) {
            const rn_snapshot *at = rn_run_snapshot(free, k);
            const rn_snapshot *truth = rn_run_snapshot(exact, k);
            for (rn_index b = 0; b + 1 < at->n_boundaries; b++) {
                const rn_index i = place_of(truth, at, b);
                if (i < 0 || !isfinite(at->count[b]) || !isfinite(truth->count[i])) continue;
                assert_close(truth->count_error[i], 0.0, 0.0);
                if (truth->count[i] < 0.1) continue;
                const double off = (at->count[b] - truth->count[i]) / at->count_error[b];
                assert_true(fabs(off) < 4.0); /* one in 10^4 */
                squares += off * off;
                n_shells++;
            }
        }
        print_message("network %d: %d shells counted, rms %.2f errors\n", network, n_shells,
                      sqrt(squares / n_shells));
        assert_true(n_shells >= 9 && squares < 2.0 * n_shells);
        rn_run_destroy(free);
        free = run_free(network, 5);
        assert_true(isnan(rn_run_snapshot(free, 0)->count[0])); /* not asked for */
        rn_run_destroy(free);
        rn_run_destroy(exact);
    }
}

/* Random vectors cost products: with a share of the training's work fewer measurements are taken.
 */
static void counting_has_its_price(void **state)
{
    (void)state;
    const char *changes[] = {"measure.kind=matrix_free",
                             "measure.steps=4",
                             "measure.flux=false",
                             "measure.snapshots=0",
                             "steps=2000",
                             "measure.overhead=1",
                             "measure.change=100",
                             ""};
    rn_index n_measured[2];
    for (int k = 0; k < 2; k++) {
        changes[7] = k ? "measure.count_vectors=9" : "measure.count_vectors=0";
        rn_run *run = run_with(1, 8, changes);
        n_measured[k] = rn_run_n_snapshots(run);
        rn_run_destroy(run);
    }
    print_message("%d measurements, %d with nine random vectors\n", (int)n_measured[0],
                  (int)n_measured[1]);
    assert_true(n_measured[1] >= 2 && n_measured[1] < n_measured[0] / 2);
}

static void a_limit_of_memory_says_what_to_change(void **state)
{
    (void)state;
    static const char *const settings[] = {"data.kind=sphere", "measure.kind=matrix_free"};
    const rn_run_options options = {.max_bytes = 1 << 20};
    rn_config *config = NULL;
    rn_run *run = NULL;
    assert_status(rn_config_load(NULL, 2, settings, &config), RN_OK);
    assert_status(rn_run_execute(config, &options, NULL, &run), RN_ERR_CONFIG);
    assert_message_has("fewer measure.steps");
    assert_null(run);
    rn_config_destroy(config);
}

static rn_status attempt(const rn_config *config, long fault, long *n_asked)
{
    rn_run *run = NULL;
    (void)rni_fail_allocation(fault);
    const rn_status status = rn_run_execute(config, NULL, NULL, &run);
    *n_asked = rni_fail_allocation(0);
    rn_run_destroy(run);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "steps=1",         "threads=1",           "model.depth=1",
        "model.width=3",   "data.kind=sphere",    "data.n_train=6",
        "data.n_test=0",   "data.dimension=5",    "measure.kind=matrix_free",
        "measure.steps=3", "measure.snapshots=2", "measure.count_vectors=2"};
    rn_config *config = NULL;
    long n_allocations = 0;
    long unused = 0;
    assert_status(rn_config_load(NULL, 12, settings, &config), RN_OK);
    assert_status(attempt(config, 0, &n_allocations), RN_OK);
    const rn_index before = rni_memory_bytes();
    for (long fault = 1; fault <= n_allocations; fault++) {
        assert_status(attempt(config, fault, &unused), RN_ERR_MEMORY);
        assert_int_equal(rni_memory_bytes(), before);
    }
    rn_config_destroy(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_numbers_lie_within_the_intervals),
        cmocka_unit_test(all_steps_are_the_exact_measurement),
        cmocka_unit_test(flux_is_within_its_error),
        cmocka_unit_test(accuracy_decides_on_steps),
        cmocka_unit_test(counts_are_within_their_errors),
        cmocka_unit_test(counting_has_its_price),
        cmocka_unit_test(a_limit_of_memory_says_what_to_change),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("matrix free", tests, NULL, NULL);
}
