/*
 * Tables of losses: which columns are taken.
 */
#include <renorm/fit.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "scratch.h"

static rn_status read_text(const char *text, const char *x, const char *y, rn_fit_table *table)
{
    return rn_fit_table_read(scratch_write("t.csv", text, (rn_index)strlen(text)), x, y, table);
}

static void columns_are_found_by_name(void **state)
{
    (void)state;
    rn_fit_table t = {0};
    assert_status(
        read_text("\"Model Size\",\"Training FLOP\",loss\n2,24,3.5\n4,48,3.25\n", NULL, NULL, &t),
        RN_OK);
    assert_int_equal(t.input.n, 2);
    assert_int_equal(t.input.n_variables, 2);
    assert_int_equal(t.from_compute, 1);
    assert_close(t.input.x[1][0], 2.0, 0.0); /* 24/(6 2) */
    assert_close(t.input.x[0][1], 4.0, 0.0);
    assert_close(t.input.y[1], 3.25, 0.0);
    assert_string_equal(t.names[0], "Model Size");
    rn_fit_table_clear(&t);
    assert_status(read_text("seed,D,N,loss\n1,9,2,3\n", NULL, NULL, &t), RN_OK);
    assert_int_equal(t.from_compute, 0);
    assert_close(t.input.x[0][0], 2.0, 0.0);
    assert_close(t.input.x[1][0], 9.0, 0.0);
    rn_fit_table_clear(&t);
    assert_status(read_text("step,loss,held\n1,9,2\n", NULL, "held", &t), RN_OK);
    assert_int_equal(t.input.n_variables, 1);
    assert_close(t.input.x[0][0], 1.0, 0.0);
    assert_close(t.input.y[0], 2.0, 0.0);
    rn_fit_table_clear(&t);
    assert_status(read_text("N,D,loss,w\n1,9,2,7\n", "w", NULL, &t), RN_OK);
    assert_int_equal(t.input.n_variables, 1);
    assert_close(t.input.x[0][0], 7.0, 0.0);
    rn_fit_table_clear(&t);
    rn_fit_table_clear(NULL);
}

static void missing_columns_are_named(void **state)
{
    (void)state;
    rn_fit_table t = {0};
    assert_status(read_text("N,D\n1,2\n", NULL, NULL, &t), RN_ERR_FORMAT);
    assert_message_has("found no column loss");
    assert_status(read_text("q,loss\n1,2\n", NULL, NULL, &t), RN_ERR_FORMAT);
    assert_message_has("x, step or time");
    assert_status(read_text("x,loss\n1,2\n", "u", NULL, &t), RN_ERR_FORMAT);
    assert_message_has("found no column u");
    assert_status(read_text("x,loss\n1,two\n", NULL, NULL, &t), RN_ERR_FORMAT);
    assert_status(rn_fit_table_read("/no/such", NULL, NULL, &t), RN_ERR_IO);
    assert_status(rn_fit_table_read(NULL, NULL, NULL, &t), RN_ERR_ARGUMENT);
    assert_null(t.input.y);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    const char *path = scratch_write("t.csv", "x,loss\n1,2\n", 11);
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    for (long fault = 1; status == RN_ERR_MEMORY && fault < 100; fault++) {
        rn_fit_table t = {0};
        (void)rni_fail_allocation(fault);
        status = rn_fit_table_read(path, NULL, NULL, &t);
        (void)rni_fail_allocation(0);
        rn_fit_table_clear(&t);
        assert_int_equal(rni_memory_bytes(), bytes);
    }
    assert_status(status, RN_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_name),
        cmocka_unit_test(missing_columns_are_named),
        cmocka_unit_test(memory_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
