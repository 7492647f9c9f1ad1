/*
 * Eigenvalues per shell from random vectors, on diagonal operators whose eigenvalues are known: the
 * directions have no preference, so the eigenbasis does not matter.
 */
#include <float.h>
#include <math.h>
#include <renorm/shell_bounds.h>
#include <renorm/shell_counts.h>

#include "check.h"
#include "core/memory.h"
#include "core/rng.h"
#include "known_measure.h"

enum { MOST_SHELLS = 64 };

/* Shells, and those within one and two errors of the truth. */
typedef struct tally {
    int n_shells, n_one, n_two, n_open;
    double squares; /* of errors in standard errors */
} tally;

static double count_of(const known_measure *m, const rn_shell_grid *grid, rn_index b)
{
    double sum = 0.0;
    for (rn_index u = 0; u < m->n; u++)
        sum += rn_shell_cut(rn_shell_grid_boundary(grid, b), grid->width, m->lambda[u])
               - rn_shell_cut(rn_shell_grid_boundary(grid, b + 1), grid->width, m->lambda[u]);
    return sum;
}

static void choose_grid(const known_measure *m, rn_shell_grid *grid)
{
    double top = 0.0;
    double bottom = (double)INFINITY;
    for (rn_index u = 0; u < m->n; u++) {
        top = fmax(top, m->lambda[u]);
        bottom = fmin(bottom, m->lambda[u]);
    }
    assert_status(rn_shell_grid_choose(0.0, top, bottom, grid), RN_OK);
    assert_true(rn_shell_grid_size(grid) <= MOST_SHELLS);
}

static void try_case(measure_kind kind, rn_index n_vectors, rn_index n_steps, int i, tally *t)
{
    known_measure m;
    rn_shell_grid grid;
    double count[MOST_SHELLS];
    double error[MOST_SHELLS];
    known_measure_make(kind, 500 + 500 * (i % 2), check_seed() + (uint64_t)i, &m);
    choose_grid(&m, &grid);
    assert_status(rn_shell_counts(&grid, m.op, n_vectors, n_steps, (uint64_t)i, count, error),
                  RN_OK);
    for (rn_index b = 0; b + 1 < rn_shell_grid_size(&grid); b++) {
        const double truth = count_of(&m, &grid, b);
        if (isnan(count[b])) {
            t->n_open++;
            continue;
        }
        if (truth < 0.1) continue; /* empty: nothing to be wrong about */
        const double off = fabs(count[b] - truth) / error[b];
        t->n_shells++;
        t->n_one += off <= 1.0;
        t->n_two += off <= 2.0;
        t->squares += off * off;
    }
    known_measure_clear(&m);
}

static void errors_are_standard_errors(void **state)
{
    (void)state;
    static const rn_index plans[][2] = {{4, 25}, {4, 100}, {16, 50}, {16, 100}};
    const int n_cases = check_cases(6);
    for (int kind = 0; kind < MEASURE_KINDS; kind++)
        for (int p = 0; p < 4; p++) {
            tally t = {0};
            for (int i = 0; i < n_cases; i++)
                try_case((measure_kind)kind, plans[p][0], plans[p][1], i, &t);
            print_message("%s, %d vectors, %d steps: of %d shells %d within one error, %d within "
                          "two, rms %.2f, %d open\n",
                          measure_name((measure_kind)kind), (int)plans[p][0], (int)plans[p][1],
                          t.n_shells, t.n_one, t.n_two, sqrt(t.squares / t.n_shells), t.n_open);
            /* the errors are a little generous; shells of one case are not independent */
            assert_true(t.n_one >= 0.7 * t.n_shells);
            assert_true(t.n_two >= 0.95 * t.n_shells);
            /* and not so generous that they say nothing */
            assert_true(t.squares >= 0.1 * t.n_shells);
            assert_true(plans[p][1] < 100 || t.n_open <= t.n_shells);
        }
}

/* All steps: quadrature is exact, every direction has its whole length in the shells, and the mean
   over many vectors is the count. */
static void all_steps_leave_the_scatter_of_vectors(void **state)
{
    (void)state;
    enum { N = 40, N_VECTORS = 400 };
    known_measure m;
    rn_shell_grid grid;
    double count[MOST_SHELLS];
    double error[MOST_SHELLS];
    double sum = 0.0;
    known_measure_make(MEASURE_LOG_UNIFORM, N, check_seed(), &m);
    choose_grid(&m, &grid);
    rn_shell_grid wide = grid;
    wide.low -= 3; /* the lowest eigenvalue is in a shell, too */
    assert_status(rn_shell_counts(&wide, m.op, N_VECTORS, N, 7, count, error), RN_OK);
    for (rn_index b = 0; b + 1 < rn_shell_grid_size(&wide); b++) {
        sum += count[b];
        assert_true(fabs(count[b] - count_of(&m, &wide, b)) <= 4.0 * error[b]);
        assert_true(error[b] <= sqrt(2.0 * count[b] / N_VECTORS) + 2.0 / N_VECTORS);
    }
    /* nodes of a spectrum over five decades are right to about N eps of the largest */
    assert_true(fabs(sum - N) <= 1e-9 * N);
    known_measure_clear(&m);
}

/* Count and error of two vectors by the formula of the header, from the same directions. */
static void numbers_are_those_of_the_formula(void **state)
{
    (void)state;
    enum { N = 200, N_STEPS = 30, N_VECTORS = 2 };
    known_measure m;
    rn_shell_grid grid;
    double v[N];
    double count[MOST_SHELLS];
    double error[MOST_SHELLS];
    double sum[MOST_SHELLS] = {0.0};
    double spread[MOST_SHELLS] = {0.0};
    int n_compared = 0;
    known_measure_make(MEASURE_LOG_UNIFORM, N, check_seed(), &m);
    choose_grid(&m, &grid);
    const rn_index n_shells = rn_shell_grid_size(&grid) - 1;
    assert_status(rn_shell_counts(&grid, m.op, N_VECTORS, N_STEPS, 5, count, error), RN_OK);
    for (uint32_t k = 0; k < N_VECTORS; k++) {
        double energy[MOST_SHELLS];
        double off[MOST_SHELLS];
        double square = 0.0;
        rn_lanczos *lanczos = NULL;
        const rni_stream draws = {.seed = 5, .purpose = RNI_RNG_PROBE_VECTOR, .part = k + 1};
        rni_rng_fill_normal(draws, 0, N, v);
        for (int i = 0; i < N; i++)
            square += v[i] * v[i];
        assert_status(rn_lanczos_create(m.op, v, N_STEPS, &lanczos), RN_OK);
        assert_status(rn_lanczos_extend(lanczos, N_STEPS), RN_OK);
        const rn_jacobi rule = rn_lanczos_rule(lanczos, N_STEPS);
        assert_status(rn_shell_estimate(&grid, &rule, 1, energy, off), RN_OK);
        /* energies are halves of masses; the mass here is |v|^2 in place of N */
        for (rn_index b = 0; b < n_shells; b++) {
            sum[b] += 2.0 * energy[b] * N / square / N_VECTORS;
            spread[b] += 2.0 * off[b] * N / square / N_VECTORS;
        }
        rn_lanczos_destroy(lanczos);
    }
    for (rn_index b = 0; b < n_shells; b++) {
        if (isnan(count[b])) continue;
        const double shared = 1.0 / N_VECTORS;
        const double variance = 2.0 * sum[b] * (1.0 - sum[b] / N) * shared + shared * shared;
        /* two scales of the same vector: some eps of N, magnified by nodes close to a cut */
        assert_close(count[b], sum[b], 1e-9 * N);
        assert_close(error[b], sqrt(variance + spread[b] * spread[b]), 1e-9 * N);
        n_compared++;
    }
    assert_true(n_compared >= 4);
    known_measure_clear(&m);
}

static void mistakes_and_lack_of_memory_are_reported(void **state)
{
    (void)state;
    known_measure m;
    rn_shell_grid grid;
    double count[MOST_SHELLS];
    double error[MOST_SHELLS];
    double again[MOST_SHELLS];
    known_measure_make(MEASURE_POWER_LAW, 50, check_seed(), &m);
    choose_grid(&m, &grid);
    const rn_shell_grid empty = {.width = 1.0, .low = 0, .high = 0};
    assert_status(rn_shell_counts(&empty, m.op, 1, 1, 0, count, error), RN_ERR_ARGUMENT);
    assert_status(rn_shell_counts(&grid, NULL, 1, 1, 0, count, error), RN_ERR_ARGUMENT);
    assert_status(rn_shell_counts(&grid, m.op, 0, 1, 0, count, error), RN_ERR_ARGUMENT);
    assert_status(rn_shell_counts(&grid, m.op, 1, 0, 0, count, error), RN_ERR_ARGUMENT);
    assert_status(rn_shell_counts(&grid, m.op, 1, 1, 0, NULL, error), RN_ERR_ARGUMENT);
    const rn_index before = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        (void)rni_fail_allocation(++fault);
        status = rn_shell_counts(&grid, m.op, 2, 10, 3, count, error);
        assert_int_equal(rni_memory_bytes(), before);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 4);
    assert_status(rn_shell_counts(&grid, m.op, 2, 10, 3, again, error), RN_OK);
    for (rn_index b = 0; b + 1 < rn_shell_grid_size(&grid); b++)
        assert_true(isnan(count[b]) ? isnan(again[b]) : fabs(count[b] - again[b]) <= 0.0);
    known_measure_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_standard_errors),
        cmocka_unit_test(all_steps_leave_the_scatter_of_vectors),
        cmocka_unit_test(numbers_are_those_of_the_formula),
        cmocka_unit_test(mistakes_and_lack_of_memory_are_reported),
    };
    return cmocka_run_group_tests_name("shell counts", tests, NULL, NULL);
}
