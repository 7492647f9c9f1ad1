/*
 * Tables read back: what store/table.h writes, and what a damaged disk makes of it.
 */
#include "check.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "scratch.h"
#include "store/columns.h"

static const char *const wanted[] = {"step", "loss", "extra"};

static rn_status read_text(const char *text, rni_columns *table)
{
    return rni_columns_read(scratch_write("t.csv", text, (rn_index)strlen(text)), 3, wanted, 2,
                            table);
}

static void cells_come_back_by_name(void **state)
{
    (void)state;
    rni_columns table = {0};
    assert_status(read_text("loss,other,step\n0.25,7,0\n,8,1\n-inf,9,2\ninf,1.0e-05,3\n", &table),
                  RN_OK);
    assert_int_equal(table.n_rows, 4);
    assert_int_equal(table.n_columns, 3);
    assert_false(table.is_torn);
    assert_close(table.values[0], 0.0, 0.0);
    assert_close(table.values[1], 0.25, 0.0);
    assert_true(isnan(table.values[2])); /* no such column */
    assert_true(isnan(table.values[4])); /* not measured */
    assert_true(isinf(table.values[7]) && table.values[7] < 0.0);
    assert_true(isinf(table.values[10]) && table.values[10] > 0.0);
    rni_columns_clear(&table);
}

static void a_torn_last_line_is_left_out_and_told(void **state)
{
    (void)state;
    rni_columns table = {0};
    assert_status(read_text("step,loss\n0,0.5\n1,0.2", &table), RN_OK);
    assert_int_equal(table.n_rows, 1);
    assert_true(table.is_torn);
    rni_columns_clear(&table);
    assert_status(read_text("step,loss\n", &table), RN_OK);
    assert_int_equal(table.n_rows, 0);
    assert_false(table.is_torn);
    rni_columns_clear(&table);
}

static void damage_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *words;
    } cases[] = {
        {"", ":1: found no whole line"},
        {"step,loss", ":1: found no whole line"},
        {"step,lots\n1,2\n", "found no column 'loss'"},
        {"step,loss,step\n1,2,3\n", ":1:11: found the column 'step' twice"},
        {"step,loss\n0,0.5\n1,0.x5\n", ":3:3: found '0.x5'"},
        {"step,loss\n0,0.5\n1\n", ":3: found only 1 cells, expected 2"},
        {"step,loss\n0,0.5,1\n", ":2: found more than 2 cells"},
        {"step,loss\n\n", ":2: found only 1 cells"},
        {"step,loss\n0,nan\n", ":2:3: found 'nan'"},
        {"step,loss\n0,1e999\n", ":2:3: found '1e999'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rni_columns table = {.n_rows = 77};
        assert_status(read_text(cases[i].text, &table), RN_ERR_FORMAT);
        assert_message_has(cases[i].words);
        assert_int_equal(table.n_rows, 77); /* untouched */
    }
    rni_columns table = {0};
    char many[2 * RNI_COLUMNS_MAX + 4];
    memset(many, ',', sizeof many); /* columns without names */
    many[sizeof many - 2] = '\n';
    many[sizeof many - 1] = 0;
    assert_status(read_text(many, &table), RN_ERR_FORMAT);
    assert_message_has("more than 64 columns");
    assert_status(rni_columns_read("no/such/file.csv", 3, wanted, 2, &table), RN_ERR_IO);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    const char text[] = "step,loss\n0,0.5\n1,0.2\n";
    const char *path = scratch_write("t.csv", text, (rn_index)strlen(text));
    for (long nth = 1;; nth++) {
        rni_columns table = {0};
        (void)rni_fail_allocation(nth);
        const rn_status status = rni_columns_read(path, 3, wanted, 2, &table);
        const bool is_over = rni_fail_allocation(0) < nth;
        assert_status(status, is_over ? RN_OK : RN_ERR_MEMORY);
        rni_columns_clear(&table);
        if (is_over) {
            assert_true(nth > 2);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_come_back_by_name),
        cmocka_unit_test(a_torn_last_line_is_left_out_and_told),
        cmocka_unit_test(damage_is_refused_with_its_place),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
