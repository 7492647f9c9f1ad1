/*
 * C1 and C3 in a check: what one run can say of them, what a family can, and what a subject's
 * conditions and law make of its verdict.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "remove_tree.h"
#include "synthetic_run.h"
#include "verdict/verdict.h"

#define MOST 32

static char root[64];
static int n_made;

static int make_place(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "renorm-conditions-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

/* Folders opened so far, closed by `judge`. */
static rn_folder *folders[MOST];
static int n_folders;

static void add(synthetic_run chosen, int seed, int depth, int width)
{
    char name[32];
    char texts[3][32];
    (void)snprintf(name, sizeof name, "run%d", n_made++);
    (void)snprintf(texts[0], sizeof texts[0], "seed=%d", seed);
    (void)snprintf(texts[1], sizeof texts[1], "model.depth=%d", depth);
    (void)snprintf(texts[2], sizeof texts[2], "model.width=%d", width);
    for (int i = 0; i < 3; i++)
        chosen.settings[i] = texts[i];
    assert_in_range(n_folders, 0, MOST - 1);
    folders[n_folders++] = synthetic_open(&chosen, root, name);
}

/* The check of all folders, and its last subject: the run, or the family of several. */
static rn_check *judge(const rn_check_subject **last)
{
    rn_check *check = NULL;
    assert_status(rn_check_create(n_folders, (const rn_folder *const *)folders, &check), RN_OK);
    for (int i = 0; i < n_folders; i++)
        rn_folder_close(folders[i]);
    assert_int_equal(rn_check_count(check), n_folders > 1 ? n_folders + 1 : 1);
    n_folders = 0;
    *last = rn_check_get(check, rn_check_count(check) - 1);
    return check;
}

static const rn_check_line *find(const rn_check_subject *subject, const char *quantity)
{
    for (rn_index i = 0; i < subject->n_lines; i++)
        if (strcmp(subject->lines[i].quantity, quantity) == 0) return &subject->lines[i];
    fail_msg("no line '%s'", quantity);
    return NULL;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("'%s' is not in '%s'", part, text);
}

static void one_run_gives_numbers_and_asks_for_a_study(void **state)
{
    (void)state;
    const rn_check_subject *run = NULL;
    add(synthetic_defaults(), 1, 2, 4);
    rn_check *check = judge(&run);
    const rn_check_line *gain = find(run, "largest gain between blocks");
    assert_close(gain->value, 2.0, 0.0);
    assert_int_equal(gain->verdict, RN_VERDICT_CANNOT_TELL);
    assert_has(gain->remedy, "renorm study");
    const rn_check_line *burst = find(run, "largest burst, as a factor");
    assert_int_equal(burst->verdict, RN_VERDICT_HOLDS);
    assert_close(find(run, "growth of the kernel")->value, 1.5, 1e-15);
    /* |M'|/|M| = 0.05 while the loss decays at 0.5: constant, so that trapezoids are exact */
    assert_close(find(run, "relative speed")->value, 0.1, 1e-15);
    assert_close(find(run, "path length")->value, 0.05 * 127.0, 1e-12);
    assert_int_equal(rn_check_condition(run, "C1"), RN_VERDICT_CANNOT_TELL);
    assert_int_equal(rn_check_condition(run, "C2"), RN_VERDICT_CANNOT_TELL);
    assert_int_equal(rn_check_condition(run, "C3"), RN_VERDICT_CANNOT_TELL);
    assert_int_equal(rn_check_condition(run, "C4"), RN_VERDICT_HOLDS);
    assert_has(run->sentence, "C1 and C3 cannot be told");
    rn_check_destroy(check);
}

static void what_was_not_measured_is_said(void **state)
{
    (void)state;
    const rn_check_subject *run = NULL;
    synthetic_run chosen = synthetic_defaults();
    chosen.gain = chosen.influence = (double)NAN;
    chosen.n_snapshots = 7;
    add(chosen, 1, 2, 4);
    rn_check *check = judge(&run);
    assert_has(find(run, "largest gain between blocks")->reason, "not measured");
    const rn_check_line *burst = find(run, "largest burst, as a factor");
    assert_int_equal(burst->verdict, RN_VERDICT_CANNOT_TELL);
    assert_has(burst->reason, "at least 8");
    assert_has(burst->remedy, "measure.snapshots");
    rn_check_destroy(check);
    chosen = synthetic_defaults();
    chosen.kinks = 1.0;
    chosen.burst = 4;
    add(chosen, 1, 2, 4);
    check = judge(&run);
    assert_int_equal(find(run, "largest burst, as a factor")->verdict, RN_VERDICT_CANNOT_TELL);
    assert_has(find(run, "largest burst, as a factor")->reason, "kinks");
    rn_check_destroy(check);
}

/* Gains y(depth) with 2 % scatter between two seeds of each of four depths. */
static rn_check *family_of(double (*gain)(double), double (*influence)(double),
                           const rn_check_subject **family)
{
    for (int depth = 2; depth <= 16; depth *= 2)
        for (int seed = 1; seed <= 2; seed++) {
            synthetic_run chosen = synthetic_defaults();
            const double scatter = seed == 1 ? 0.98 : 1.02;
            chosen.gain = gain(depth) * scatter;
            chosen.influence = influence(depth) * scatter;
            add(chosen, seed, depth, 4);
        }
    return judge(family);
}

static double bounded(double depth)
{
    return 3.0 - 1.0 / depth;
}

static double growing(double depth)
{
    return sqrt(depth);
}

static void a_family_tells_whether_propagation_stays_bounded(void **state)
{
    (void)state;
    const rn_check_subject *family = NULL;
    rn_check *check = family_of(bounded, bounded, &family);
    assert_int_equal(rn_check_condition(family, "C1"), RN_VERDICT_HOLDS);
    rn_check_destroy(check);
    check = family_of(growing, growing, &family);
    assert_int_equal(rn_check_condition(family, "C1"), RN_VERDICT_FAILS);
    /* exact: ln y = ln(depth)/2 up to the scatter, which is the same at every depth */
    assert_close(find(family, "growth of the largest gain with depth")->value, 0.5, 1e-12);
    rn_check_destroy(check);
    /* one part that fails is enough */
    check = family_of(bounded, growing, &family);
    assert_int_equal(find(family, "growth of the largest gain with depth")->verdict,
                     RN_VERDICT_HOLDS);
    assert_int_equal(rn_check_condition(family, "C1"), RN_VERDICT_FAILS);
    assert_has(family->sentence, "C1 fails");
    rn_check_destroy(check);
}

/* A few wide runs of another depth would bend the line; they are not on it. */
static void depths_are_compared_at_one_width(void **state)
{
    (void)state;
    const rn_check_subject *family = NULL;
    for (int seed = 1; seed <= 3; seed++) {
        synthetic_run chosen = synthetic_defaults();
        chosen.gain = 1e6 * seed;
        add(chosen, seed, 32, 8);
    }
    rn_check *check = family_of(growing, growing, &family);
    assert_close(find(family, "growth of the largest gain with depth")->value, 0.5, 1e-12);
    rn_check_destroy(check);
}

static void a_family_of_one_depth_cannot_tell(void **state)
{
    (void)state;
    const rn_check_subject *family = NULL;
    for (int seed = 1; seed <= 3; seed++)
        add(synthetic_defaults(), seed, 2, 4);
    rn_check *check = judge(&family);
    const rn_check_line *line = find(family, "growth of the largest gain with depth");
    assert_int_equal(line->verdict, RN_VERDICT_CANNOT_TELL);
    assert_has(line->remedy, "3 depths");
    rn_check_destroy(check);
}

/* The same two folders again and again: what a family says depends on their numbers alone. */
static rn_verdict verdict_of_bursts(rn_folder *bursting, rn_folder *still, int n_bursting,
                                    int n_still)
{
    const rn_folder *all[MOST];
    const int n = n_bursting + n_still;
    rn_check *check = NULL;
    for (int i = 0; i < n; i++)
        all[i] = i < n_bursting ? bursting : still;
    assert_status(rn_check_create(n, all, &check), RN_OK);
    const rn_verdict verdict = find(rn_check_get(check, n), "share of runs with bursts")->verdict;
    rn_check_destroy(check);
    return verdict;
}

static void bursts_of_a_family_are_held_against_false_alarms(void **state)
{
    (void)state;
    static const struct {
        int bursting, still;
        rn_verdict expected;
    } cases[] = {
        {0, 2, RN_VERDICT_HOLDS},
        {1, 1, RN_VERDICT_CANNOT_TELL},  /* P(1 or more of 2 at 5 %) = 0.0975 */
        {2, 0, RN_VERDICT_FAILS},        /* 0.0025 */
        {1, 19, RN_VERDICT_HOLDS},       /* 5 % of 20 */
        {3, 17, RN_VERDICT_CANNOT_TELL}, /* 0.0755 */
        {4, 16, RN_VERDICT_FAILS},       /* 0.0159 */
    };
    synthetic_run chosen = synthetic_defaults();
    add(chosen, 1, 2, 4);
    chosen.burst = 4;
    add(chosen, 2, 2, 4);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(
            verdict_of_bursts(folders[1], folders[0], cases[i].bursting, cases[i].still),
            cases[i].expected);
    rn_folder_close(folders[0]);
    rn_folder_close(folders[1]);
    n_folders = 0;
}

/* ln growth = w^(-1/2) times the same four numbers at every width: exponent -1/2 exactly. */
static void scatter_between_seeds_is_held_against_the_width(void **state)
{
    (void)state;
    static const double draw[] = {-1.3, -0.4, 0.5, 1.2};
    const rn_check_subject *family = NULL;
    for (int width = 4; width <= 64; width *= 4)
        for (int seed = 0; seed < 4; seed++) {
            synthetic_run chosen = synthetic_defaults();
            chosen.growth = 20.0 * exp(draw[seed] / sqrt(width));
            add(chosen, seed, 2, width);
        }
    rn_check *check = judge(&family);
    const rn_check_line *line = find(family, "scatter of the growth with width");
    assert_close(line->value, -0.5, 1e-12);
    assert_true(line->low < -0.5 && line->high > -0.5);
    rn_check_destroy(check);
}

/* ---- the verdict ------------------------------------------------------------------------------
 */

static rn_conclusion conclude(const rn_verdict c1[2], rn_verdict c3, rn_verdict law)
{
    static rni_subject subject;
    subject = (rni_subject){0};
    subject.shown.lines = subject.lines;
    const struct {
        const char *condition;
        rn_verdict verdict;
    } lines[] = {{"C1", c1[0]}, {"C1", c1[1]}, {"C3", c3}, {"law", law}};
    for (int i = 0; i < 4; i++) {
        rn_check_line *line = rni_check_add(&subject, lines[i].condition, "q", "1");
        line->decides = 1;
        line->verdict = lines[i].verdict;
    }
    rni_check_conclude(&subject);
    return subject.shown.conclusion;
}

static void the_verdict_follows_from_law_and_conditions(void **state)
{
    (void)state;
    const rn_verdict h = RN_VERDICT_HOLDS;
    const rn_verdict f = RN_VERDICT_FAILS;
    const rn_verdict c = RN_VERDICT_CANNOT_TELL;
    const rn_verdict both[2] = {h, h};
    const rn_verdict half[2] = {h, c};
    const rn_verdict one[2] = {h, f};
    /* a law that was measured stands whatever the conditions say */
    assert_int_equal(conclude(one, f, h), RN_CONCLUSION_POWER_LAW);
    assert_int_equal(conclude(both, h, f), RN_CONCLUSION_NO_LAW);
    assert_int_equal(conclude(half, h, f), RN_CONCLUSION_CANNOT_TELL);
    assert_int_equal(conclude(one, h, f), RN_CONCLUSION_DOES_NOT);
    assert_int_equal(conclude(both, f, f), RN_CONCLUSION_DOES_NOT);
    /* without an answer on the law there is none */
    assert_int_equal(conclude(one, f, c), RN_CONCLUSION_CANNOT_TELL);
    assert_int_equal(conclude(both, h, c), RN_CONCLUSION_CANNOT_TELL);
}

static void every_failed_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        add(synthetic_defaults(), i, 2 << i, 4);
    for (long nth = 1;; nth++) {
        rn_check *check = NULL;
        const rn_index before = rni_memory_bytes();
        (void)rni_fail_allocation(nth);
        const rn_status status = rn_check_create(3, (const rn_folder *const *)folders, &check);
        const bool is_over = rni_fail_allocation(0) < nth;
        assert_status(status, is_over ? RN_OK : RN_ERR_MEMORY);
        rn_check_destroy(check);
        assert_int_equal(rni_memory_bytes(), before);
        if (is_over) break;
    }
    for (int i = 0; i < 3; i++)
        rn_folder_close(folders[i]);
    n_folders = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_run_gives_numbers_and_asks_for_a_study),
        cmocka_unit_test(what_was_not_measured_is_said),
        cmocka_unit_test(a_family_tells_whether_propagation_stays_bounded),
        cmocka_unit_test(depths_are_compared_at_one_width),
        cmocka_unit_test(a_family_of_one_depth_cannot_tell),
        cmocka_unit_test(bursts_of_a_family_are_held_against_false_alarms),
        cmocka_unit_test(scatter_between_seeds_is_held_against_the_width),
        cmocka_unit_test(the_verdict_follows_from_law_and_conditions),
        cmocka_unit_test(every_failed_allocation_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
