/*
 * How often the velocity law is judged wrongly, on fields with a known answer: the calibration of
 * docs/calibration.md. Prints its table; fails when false alarms exceed 5 % beyond doubt.
 *
 *     calibrate_velocity_law [DRAWS]      default 8
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "velocity_fields.h"

static int n_draws = 8;

typedef struct tally {
    int holds, fails, cannot;
} tally;

static tally judge_all(const field *f)
{
    tally t = {0};
    for (int k = 0; k < n_draws; k++) {
        const rn_velocity_law law = field_judge(f, check_seed() + (uint64_t)k);
        t.holds += law.verdict == RN_VERDICT_HOLDS;
        t.fails += law.verdict == RN_VERDICT_FAILS;
        t.cannot += law.verdict == RN_VERDICT_CANNOT_TELL;
    }
    return t;
}

static void print_row(const char *name, const field *f, tally t)
{
    printf("| %s | %.1f | %.2f | %.2f | %d | %.1f | %d | %.0f | %.0f | %.0f |\n", name, f->a,
           f->size, f->noise, (int)f->n_times, f->decades, (int)f->n_boundaries,
           100.0 * t.holds / n_draws, 100.0 * t.fails / n_draws, 100.0 * t.cannot / n_draws);
}

/* At most 5 %, give or take three standard errors of the count. */
static bool is_at_most_a_twentieth(int count, int n_all)
{
    return count <= 0.05 * n_all + 3.0 * sqrt(0.05 * 0.95 * n_all);
}

static const struct {
    rn_index n_times, n_boundaries;
    double decades;
} sizes[] = {{8, 8, 1.2}, {10, 10, 2.0}, {20, 14, 3.0}};
static const double noises[] = {0.1, 0.3, 0.6};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static void true_laws_are_rarely_refused(void **state)
{
    (void)state;
    int n_all = 0;
    int n_refused = 0;
    for (size_t z = 0; z < COUNT(sizes); z++)
        for (size_t k = 0; k < COUNT(noises); k++) {
            /* the exponent changes nothing but itself: see test_velocity_law */
            const field f = {.kind = FIELD_LAW,
                             .a = 0.5,
                             .noise = noises[k],
                             .n_times = sizes[z].n_times,
                             .decades = sizes[z].decades,
                             .n_boundaries = sizes[z].n_boundaries};
            const tally t = judge_all(&f);
            print_row("law", &f, t);
            n_all += n_draws;
            n_refused += t.fails;
        }
    printf("false alarms: %d of %d\n", n_refused, n_all);
    assert_true(is_at_most_a_twentieth(n_refused, n_all));
}

static void what_is_no_law_is_rarely_accepted(void **state)
{
    (void)state;
    const field kinds[] = {{.kind = FIELD_STATIONARY, .a = 0.0},
                           {.kind = FIELD_STATIONARY, .a = 0.5},
                           {.kind = FIELD_STATIONARY, .a = 2.0},
                           {.kind = FIELD_QUADRATIC, .a = 0.5, .size = 1.0},
                           {.kind = FIELD_QUADRATIC, .a = 1.0, .size = -1.0},
                           {.kind = FIELD_BUMP, .a = 1.0, .size = 1.0},
                           {.kind = FIELD_ZERO},
                           {.kind = FIELD_MIXED, .a = 0.5}};
    int n_all = 0;
    int n_accepted = 0;
    static const char *const names[] = {"stationary", "quadratic", "bump", "zero", "mixed signs"};
    static const int name_of[] = {0, 0, 0, 1, 1, 2, 3, 4};
    for (size_t z = 0; z < COUNT(sizes); z++)
        for (size_t n = 0; n < 2; n++)
            for (size_t k = 0; k < COUNT(kinds); k++) {
                field f = kinds[k];
                f.noise = noises[n];
                f.n_times = sizes[z].n_times;
                f.decades = sizes[z].decades;
                f.n_boundaries = sizes[z].n_boundaries;
                const tally t = judge_all(&f);
                print_row(names[name_of[k]], &f, t);
                n_all += n_draws;
                n_accepted += t.holds;
            }
    printf("accepted: %d of %d\n", n_accepted, n_all);
    assert_true(is_at_most_a_twentieth(n_accepted, n_all));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_laws_are_rarely_refused),
        cmocka_unit_test(what_is_no_law_is_rarely_accepted),
    };
    if (argc > 1) n_draws = (int)strtol(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
