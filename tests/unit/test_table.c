/*
 * Tables as text: numbers read back exactly, missing ones are empty cells.
 */
#include "check.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/table.h"

static void writes_a_header_and_rows(void **state)
{
    (void)state;
    rni_text text = {0};
    rni_table_header(&text, 3, (const char *const[]){"step", "loss", "held_out"});
    rni_table_row(
        &text, 3,
        (const rni_cell[]){RNI_CELL_INTEGER(7), RNI_CELL_REAL(0.25), RNI_CELL_REAL((double)NAN)});
    rni_table_row(&text, 3,
                  (const rni_cell[]){RNI_CELL_INTEGER(-8), RNI_CELL_REAL((double)INFINITY),
                                     RNI_CELL_REAL((double)-INFINITY)});
    assert_string_equal(rni_text_get(&text), "step,loss,held_out\n7,0.25,\n-8,inf,-inf\n");
    rni_text_clear(&text);
}

static void reals_read_back_to_the_same_bits(void **state)
{
    (void)state;
    const double values[] = {0.1, 1.0 / 3.0, DBL_MAX, DBL_MIN, 5e-324, -2.5e-17, 1e22};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        rni_text text = {0};
        rni_table_row(&text, 1, (const rni_cell[]){RNI_CELL_REAL(values[i])});
        assert_close(strtod(rni_text_get(&text), NULL), values[i], 0.0);
        rni_text_clear(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_header_and_rows),
        cmocka_unit_test(reals_read_back_to_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
