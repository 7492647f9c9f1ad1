/*
 * The page of a fit: what is refused, and what happens without memory. Browser tests see the rest.
 */
#include <renorm/fit_report.h>
#include <stdio.h>

#include "check.h"
#include "core/memory.h"
#include "loss_table.h"
#include "scratch.h"

enum { N_DRAWS = 20 };

/* A table with its fit, groups and draws. */
typedef struct whole {
    loss_table points;
    rn_fit_table table;
    rn_fit_result fit;
    rn_fit_influence groups[RN_FIT_MAX_GROUPS];
    rn_fit_result draws[N_DRAWS];
    rn_fit_report report;
} whole;

static void make(whole *w)
{
    loss_table_make(&w->points);
    loss_table_add_noise(&w->points, 1, 0.002);
    w->table = (rn_fit_table){.input = w->points.input, .names = {"N", "D", "loss"}};
    assert_status(rn_fit_power_law(&w->table.input, &w->fit), RN_OK);
    w->report = (rn_fit_report){.name = "t.csv",
                                .table = &w->table,
                                .fit = &w->fit,
                                .groups = w->groups,
                                .level = 0.95,
                                .draws = w->draws};
    assert_status(rn_fit_leave_out(&w->table.input, NULL, &w->fit, w->groups, &w->report.n_groups),
                  RN_OK);
    assert_status(rn_fit_draw(&w->table.input, NULL, N_DRAWS, w->draws, &w->report.n_draws), RN_OK);
}

static void groups_are_one_for_each_exponent_and_direction(void **state)
{
    (void)state;
    static whole w;
    rn_fit_influence most;
    make(&w);
    assert_int_equal(w.report.n_groups, 4);
    assert_status(rn_fit_find_influence(&w.table.input, NULL, &w.fit, &most), RN_OK);
    bool is_there = false;
    for (int g = 0; g < 4; g++) {
        assert_int_equal(w.groups[g].exponent, g / 2);
        assert_int_equal(w.groups[g].n_left_out, 5);
        assert_true(w.groups[g].errors * w.groups[g].errors <= most.errors * most.errors);
        is_there |= w.groups[g].exponent == most.exponent && w.groups[g].rows[0] == most.rows[0]
                    && w.groups[g].errors >= most.errors && w.groups[g].errors <= most.errors;
    }
    assert_true(is_there);
    /* the two directions pull against each other */
    assert_true(w.groups[0].errors * w.groups[1].errors < 0.0);
    assert_true(w.groups[2].errors * w.groups[3].errors < 0.0);
}

static void the_same_fit_gives_the_same_bytes(void **state)
{
    (void)state;
    static whole w;
    static char bytes[2][1 << 20];
    size_t length[2];
    make(&w);
    for (int k = 0; k < 2; k++) {
        const char *path = scratch_path(k ? "b.html" : "a.html");
        assert_status(rn_fit_report_write(&w.report, path), RN_OK);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        length[k] = fread(bytes[k], 1, sizeof bytes[k], file);
        (void)fclose(file);
    }
    assert_true(length[0] > 100000 && length[0] < sizeof bytes[0]);
    assert_int_equal(length[0], length[1]);
    assert_memory_equal(bytes[0], bytes[1], length[0]);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    (void)state;
    static whole w;
    rn_fit_broken broken = {.n = 3};
    make(&w);
    const char *path = scratch_path("c.html");
    rn_fit_report r = w.report;
    assert_status(rn_fit_report_write(NULL, path), RN_ERR_ARGUMENT);
    assert_status(rn_fit_report_write(&r, NULL), RN_ERR_ARGUMENT);
    r.broken = &broken;
    assert_status(rn_fit_report_write(&r, path), RN_ERR_ARGUMENT);
    r.fit = NULL;
    assert_status(rn_fit_report_write(&r, path), RN_ERR_ARGUMENT);
    assert_message_has("another table");
    r = w.report;
    r.draws = NULL;
    assert_status(rn_fit_report_write(&r, path), RN_ERR_ARGUMENT);
    r = w.report;
    r.level = 1.0;
    assert_status(rn_fit_report_write(&r, path), RN_ERR_ARGUMENT);
    assert_status(rn_fit_report_write(&w.report, "/no/such/folder/a.html"), RN_ERR_IO);
    path = scratch_write("kept.csv", "x,y\n", 4);
    assert_status(rn_fit_report_write(&w.report, path), RN_ERR_IO);
    assert_message_has("not a page written by renorm fit");
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    static whole w;
    make(&w);
    const char *path = scratch_path("m.html");
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    for (long fault = 1; status == RN_ERR_MEMORY && fault < 300; fault++) {
        (void)rni_fail_allocation(fault);
        status = rn_fit_report_write(&w.report, path);
        (void)rni_fail_allocation(0);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_one_for_each_exponent_and_direction),
        cmocka_unit_test(the_same_fit_gives_the_same_bytes),
        cmocka_unit_test(what_does_not_belong_together_is_refused),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
