/* CSV tables and the data sets made of them. */
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "data/csv.h"
#include "data/source.h"
#include "scratch.h"

static rn_status parse_bytes(const char *bytes, rn_index n_bytes, bool has_header, rni_csv *csv)
{
    rni_reader *reader = NULL;
    assert_status(rni_memory_open("t.csv", bytes, n_bytes, &reader), RN_OK);
    const rn_status status = rni_csv_read(reader, has_header, csv);
    rni_reader_close(reader);
    return status;
}

static rn_status parse(const char *text, bool has_header, rni_csv *csv)
{
    return parse_bytes(text, (rn_index)strlen(text), has_header, csv);
}

static void tables_are_read_with_any_line_ends(void **state)
{
    (void)state;
    static const char with_mark[] = "\xEF\xBB\xBF"
                                    "a,\"b, c\",\"d\"\"e\"\n1,-2.5,3e2\n4,5,6";
    static const char *const texts[] = {
        "a,\"b, c\",\"d\"\"e\"\n1,-2.5,3e2\n4,5,6\n",
        "a,\"b, c\",\"d\"\"e\"\r\n1,-2.5,3e2\r\n4,5,6\r\n",
        with_mark,
    };
    for (int i = 0; i < 3; i++) {
        rni_csv csv = {0};
        assert_status(parse(texts[i], true, &csv), RN_OK);
        assert_int_equal(csv.n_rows, 2);
        assert_int_equal(csv.n_columns, 3);
        assert_close(csv.values[1], -2.5, 0.0);
        assert_close(csv.values[2], 300.0, 0.0);
        assert_close(csv.values[5], 6.0, 0.0);
        assert_int_equal(rni_csv_find(&csv, "a"), 0);
        assert_int_equal(rni_csv_find(&csv, "b, c"), 1);
        assert_int_equal(rni_csv_find(&csv, "d\"e"), 2);
        assert_int_equal(rni_csv_find(&csv, "3"), 2);
        assert_int_equal(rni_csv_find(&csv, "4"), -1);
        assert_int_equal(rni_csv_find(&csv, "0"), -1);
        assert_int_equal(rni_csv_find(&csv, "b"), -1);
        rni_csv_clear(&csv);
    }
    rni_csv csv = {0};
    assert_status(parse("7", false, &csv), RN_OK);
    assert_int_equal(csv.n_rows, 1);
    assert_int_equal(rni_csv_find(&csv, "1"), 0);
    rni_csv_clear(&csv);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void large_tables_survive_every_buffer_boundary(void **state)
{
    (void)state;
    rni_text text = {0};
    for (int i = 0; i < 30000; i++)
        rni_text_add(&text, "%d,%d.5\n", i, -i);
    rni_csv csv = {0};
    assert_status(parse(rni_text_get(&text), false, &csv), RN_OK);
    assert_int_equal(csv.n_rows, 30000);
    for (rn_index i = 0; i < 30000; i++) {
        assert_close(csv.values[2 * i], (double)i, 0.0);
        assert_close(csv.values[2 * i + 1], i == 0 ? 0.5 : -(double)i - 0.5,
                     0.0); /* -0 prints as 0 */
    }
    rni_csv_clear(&csv);
    rni_text_clear(&text);
}

typedef struct refusal {
    const char *text;
    bool has_header;
    const char *message;
} refusal;

static void mistakes_have_line_and_column(void **state)
{
    (void)state;
    static const refusal refusals[] = {
        {"", false, "t.csv:1:1: found no numbers"},
        {"a,b\n", true, "t.csv:2:1: found no numbers"},
        {"", true, "t.csv:2:1: found no numbers"},
        {"1,2\n3,x\n", false, "t.csv:2:3: found 'x', expected a number: it is not a number"},
        {"a,b\n1,2\n", false, "t.csv:1:1: found 'a', expected a number"},
        {"1,2\n3\n", false, "t.csv:2: found 1 fields, expected 2 as in the first line"},
        {"1,2\n3,4,5\n", false, "t.csv:2:5: found more than 2 fields"},
        {"a,b\n1,2,3\n", true, "t.csv:2:5: found more than 2 fields"},
        {"1,2\n\n3,4\n", false, "t.csv:2:1: found '', expected a number: it is empty"},
        {"1,\n", false, "t.csv:1:3: found '', expected a number: it is empty"},
        {"1, 2\n", false, "t.csv:1:3: found ' 2', expected a number"},
        {"1,nan\n", false, "t.csv:1:3: found 'nan', expected a number"},
        {"1,inf\n", false, "found 'inf', expected a number"},
        {"1,1e999\n", false, "it is too large for a double"},
        {"1,\"2\"\n", false, "t.csv:1:3: found '2', expected a number: it stands between quotes"},
        {"1;2\n", false, "it has other characters behind the number"},
        {"\"a\nb\"\n1\n", true, "t.csv:1:1: found no end of the quoted field"},
        {"\"a", true, "t.csv:1:1: found no end of the quoted field"},
        {"\"a\"b\n1\n", true, "t.csv:1:4: found text behind a quoted field, expected a comma"},
        {"1\r2\n", false, "it has other characters behind the number"},
        {"\xFF\n1\n", true, "t.csv:1:1: found a name that is not UTF-8"},
    };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        rni_csv csv = {0};
        if (parse(refusals[i].text, refusals[i].has_header, &csv) != RN_ERR_FORMAT)
            fail_msg("accepted: %s", refusals[i].text);
        assert_message_has(refusals[i].message);
        assert_null(csv.values);
        assert_int_equal(rni_memory_bytes(), 0);
    }
    rni_csv csv = {0};
    assert_status(parse_bytes("1,\0", 3, false, &csv), RN_ERR_FORMAT);
    assert_message_has("t.csv:1:3: found a zero byte, expected text");
    char field[1300];
    memset(field, '1', sizeof field);
    assert_status(parse_bytes(field, sizeof field, false, &csv), RN_ERR_FORMAT);
    assert_message_has("t.csv:1:1: found a field of more than 1200 bytes");
}

static const char table[] = "x,y,class,z\n1,10,0,5\n2,20,1,6\n3,30,0,7\n4,40,2,8\n";

static void columns_become_inputs_targets_and_labels(void **state)
{
    (void)state;
    const char *path = scratch_write_gzip("t.csv.gz", table, sizeof table - 1);
    const rn_setting settings[] = {{"path", path},
                                   {"targets", "z,2,x"},
                                   {"scaling", "none"},
                                   {"choice", "first"},
                                   {"n_test", "1"}};
    rn_data *data = NULL;
    assert_status(rn_data_create("csv", settings, 5, 1, &data), RN_OK);
    const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
    assert_int_equal(train.n_samples, 3);
    assert_int_equal(rn_data_input_size(data), 1);
    assert_int_equal(rn_data_target_size(data), 3);
    assert_close(train.inputs[1], 1.0, 0.0); /* the class column is an input here */
    assert_close(train.targets[3], 6.0, 0.0);
    assert_close(train.targets[4], 20.0, 0.0);
    assert_close(train.targets[5], 2.0, 0.0);
    assert_close(rn_data_get(data, RN_DATA_HELD_OUT).targets[1], 40.0, 0.0);
    rn_data_destroy(data);

    const rn_setting classes[] = {{"path", path},
                                  {"label", "class"},
                                  {"scaling", "none"},
                                  {"choice", "first"},
                                  {"centred", "true"}};
    assert_status(rn_data_create("csv", classes, 5, 1, &data), RN_OK);
    assert_int_equal(rn_data_input_size(data), 3);
    assert_int_equal(rn_data_target_size(data), 3);
    assert_close(rn_data_get(data, RN_DATA_TRAIN).inputs[5], 6.0, 0.0);
    assert_close(rn_data_get(data, RN_DATA_TRAIN).targets[11], 2.0 / 3.0, 1e-15);
    assert_int_equal(rn_data_get(data, RN_DATA_TRAIN).labels[3], 2);
    rn_data_destroy(data);
    assert_int_equal(rni_memory_bytes(), 0);
}

static void columns_that_do_not_fit_are_named(void **state)
{
    (void)state;
    const struct {
        const char *targets;
        const char *label;
        rn_status status;
        const char *message;
    } cases[] = {
        {"w", "", RN_ERR_CONFIG, "found no column 'w', expected a name of the first line or a"},
        {"5", "", RN_ERR_CONFIG, "found no column '5'"},
        {"x,,y", "", RN_ERR_CONFIG, "found no column ''"},
        {"x,1", "", RN_ERR_CONFIG, "found column '1' twice among targets and label"},
        {"x", "x", RN_ERR_CONFIG, "found column 'x' twice"},
        {"x,y,z", "class", RN_ERR_CONFIG, "found no column left for inputs"},
        {"", "", RN_ERR_CONFIG, "csv: found neither targets nor label"},
        {"x", "class", RN_ERR_FORMAT, "found 3 classes, expected at most 1, one per target"},
    };
    const char *path = scratch_write("t.csv", table, sizeof table - 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const rn_setting settings[] = {
            {"path", path}, {"targets", cases[i].targets}, {"label", cases[i].label}};
        rn_data *data = NULL;
        assert_status(rn_data_create("csv", settings, 3, 1, &data), cases[i].status);
        assert_message_has(cases[i].message);
        assert_null(data);
        assert_int_equal(rni_memory_bytes(), 0);
    }
    const rn_setting half[] = {{"path", scratch_write("h.csv", "a,b\n1,0.5\n", 10)},
                               {"label", "b"}};
    rn_data *data = NULL;
    assert_status(rn_data_create("csv", half, 2, 1, &data), RN_ERR_FORMAT);
    assert_message_has("h.csv: found label 0.5 in row 0 (from 0), expected an integer");
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const char *path = scratch_write("t.csv", table, sizeof table - 1);
    const rn_setting settings[] = {{"path", path}, {"targets", "x,y,z"}, {"scaling", "none"}};
    rn_status status = RN_ERR_MEMORY;
    long fault = 0;
    while (status == RN_ERR_MEMORY) {
        rn_data *data = NULL;
        (void)rni_fail_allocation(++fault);
        status = rn_data_create("csv", settings, 3, 1, &data);
        if (status < 0) assert_null(data);
        rn_data_destroy(data);
        assert_int_equal(rni_memory_bytes(), 0);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    assert_true(fault > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_read_with_any_line_ends),
        cmocka_unit_test(large_tables_survive_every_buffer_boundary),
        cmocka_unit_test(mistakes_have_line_and_column),
        cmocka_unit_test(columns_become_inputs_targets_and_labels),
        cmocka_unit_test(columns_that_do_not_fit_are_named),
        cmocka_unit_test(survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
