/* Windows of text and tables of modular arithmetic. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/memory.h"
#include "data/source.h"
#include "scratch.h"

static const char rhyme[] = "the cat sat on the mat, and the dog ate the rat";

/* ---- text ------------------------------------------------------------------------------------ */

static rn_status load_text(const char *path, const char *context, const char *n_train,
                           const char *n_test, const char *predict, rn_data **out)
{
    const rn_setting settings[] = {{"path", path},     {"context", context}, {"n_train", n_train},
                                   {"n_test", n_test}, {"predict", predict}, {"held_out", "0.4"}};
    return rn_data_create("text", settings, 6, 3, out);
}

/* The k-th distinct byte in ascending order. */
static char symbol_of(const char *text, rn_index k)
{
    for (int byte = 0; byte < 256; byte++)
        if (strchr(text, byte) && byte && k-- == 0) return (char)byte;
    return 0;
}

/* Where the window of a sample and the character behind it stand in the text; -1: nowhere. */
static rn_index find_window(const double *inputs, rn_index context, rn_index next)
{
    char window[64] = "";
    for (rn_index i = 0; i < context; i++)
        window[i] = symbol_of(rhyme, (rn_index)inputs[i]);
    window[context] = symbol_of(rhyme, next);
    const char *found = strstr(rhyme, window);
    return found ? found - rhyme : -1;
}

enum { CONTEXT = 12, N_TRAIN = 10, N_SYMBOLS = 14 }; /* " ,acdeghmnorst" */

/* Windows of a part that stand in its part of the text, no two alike (all of this text differ). */
static void check_windows(rn_data_split split, rn_index first, rn_index end)
{
    for (rn_index i = 0; i < split.n_samples; i++) {
        const double *window = split.inputs + i * CONTEXT;
        const rn_index at = find_window(window, CONTEXT, split.labels[i]);
        assert_in_range(at, first, end - CONTEXT - 1);
        for (rn_index k = 0; k < i; k++)
            assert_int_not_equal(find_window(split.inputs + k * CONTEXT, CONTEXT, split.labels[k]),
                                 at);
        for (rn_index c = 0; c < N_SYMBOLS; c++)
            assert_close(split.targets[i * N_SYMBOLS + c], c == split.labels[i], 0.0);
    }
}

static void windows_are_followed_by_their_target(void **state)
{
    (void)state;
    const rn_index length = (rn_index)strlen(rhyme);
    const rn_index tail = (rn_index)(0.4 * (double)length);
    const char *plain = scratch_write("rhyme.txt", rhyme, length);
    const char *packed = scratch_write_gzip("rhyme.txt.gz", rhyme, length);
    double first[N_TRAIN * CONTEXT] = {0};
    for (int is_packed = 0; is_packed < 2; is_packed++) {
        rn_data *data = NULL;
        assert_status(load_text(is_packed ? packed : plain, "12", "10", "5", "next", &data), RN_OK);
        assert_int_equal(rn_data_rank(data), 1);
        assert_int_equal(rn_data_input_size(data), CONTEXT);
        assert_int_equal(rn_data_target_size(data), N_SYMBOLS);
        const rn_data_split train = rn_data_get(data, RN_DATA_TRAIN);
        check_windows(train, 0, length - tail);
        check_windows(rn_data_get(data, RN_DATA_HELD_OUT), length - tail, length);
        for (rn_index i = 0; i < (rn_index)N_TRAIN * CONTEXT; i++) {
            if (is_packed) assert_close(train.inputs[i], first[i], 0.0);
            first[i] = train.inputs[i];
        }
        rn_data_destroy(data);
    }
}

static void targets_behind_every_character(void **state)
{
    (void)state;
    const char *path = scratch_write("rhyme.txt", rhyme, (rn_index)strlen(rhyme));
    rn_data *next = NULL;
    rn_data *every = NULL;
    assert_status(load_text(path, "8", "6", "0", "next", &next), RN_OK);
    assert_status(load_text(path, "8", "6", "0", "every", &every), RN_OK);
    const rn_index n_symbols = rn_data_target_size(next);
    assert_int_equal(rn_data_target_size(every), 8 * n_symbols);
    const rn_data_split one = rn_data_get(next, RN_DATA_TRAIN);
    const rn_data_split all = rn_data_get(every, RN_DATA_TRAIN);
    assert_null(all.labels);
    assert_memory_equal(one.inputs, all.inputs, sizeof(double[6 * 8]));
    for (rn_index i = 0; i < 6; i++) {
        for (rn_index t = 0; t + 1 < 8; t++) /* the target of t is the input of t + 1 */
            assert_close(all.targets[(i * 8 + t) * n_symbols + (rn_index)all.inputs[i * 8 + t + 1]],
                         1.0, 0.0);
        assert_memory_equal(all.targets + (i * 8 + 7) * n_symbols, one.targets + i * n_symbols,
                            (size_t)n_symbols * sizeof(double));
    }
    rn_data_destroy(next);
    rn_data_destroy(every);
}

static void a_larger_choice_contains_the_smaller(void **state)
{
    (void)state;
    const char *path = scratch_write("rhyme.txt", rhyme, (rn_index)strlen(rhyme));
    rn_data *few = NULL;
    rn_data *many = NULL;
    assert_status(load_text(path, "4", "3", "2", "next", &few), RN_OK);
    assert_status(load_text(path, "4", "25", "2", "next", &many), RN_OK); /* all there are */
    assert_memory_equal(rn_data_get(few, RN_DATA_TRAIN).inputs,
                        rn_data_get(many, RN_DATA_TRAIN).inputs, sizeof(double[3 * 4]));
    rn_data_destroy(few);
    rn_data_destroy(many);
}

static void texts_that_cannot_serve_are_refused(void **state)
{
    (void)state;
    rn_data *data = NULL;
    const char *path = scratch_write("rhyme.txt", rhyme, (rn_index)strlen(rhyme));
    assert_status(load_text(path, "4", "26", "2", "next", &data), RN_ERR_CONFIG);
    assert_message_has("room for 25 different windows");
    assert_status(load_text(path, "40", "1", "1", "next", &data), RN_ERR_CONFIG);
    assert_message_has("room for 0 different windows");
    const char *same = scratch_write("same.txt", "aaaaaaaa", 8);
    assert_status(load_text(same, "2", "1", "0", "next", &data), RN_ERR_FORMAT);
    assert_message_has("two different characters");
    const char *empty = scratch_write("empty.txt", "", 0);
    assert_status(load_text(empty, "2", "1", "0", "next", &data), RN_ERR_FORMAT);
    assert_message_has("0 bytes");
    assert_status(load_text(scratch_path("none.txt"), "2", "1", "0", "next", &data), RN_ERR_IO);
    assert_message_has("none.txt");
    const rn_index huge = ((rn_index)1 << 26) + 1;
    char *zeros = calloc((size_t)huge, 1);
    assert_non_null(zeros);
    const char *bomb = scratch_write_gzip("bomb.gz", zeros, huge); /* 65 kB */
    free(zeros);
    assert_status(load_text(bomb, "2", "1", "0", "next", &data), RN_ERR_FORMAT);
    assert_message_has("more than 67108864 bytes");
    assert_null(data);
}

/* ---- modular arithmetic ---------------------------------------------------------------------- */

static rn_status load_table(const char *modulus, const char *operation, const char *fraction,
                            const char *encoding, rn_data **out)
{
    const rn_setting settings[] = {{"modulus", modulus},
                                   {"operation", operation},
                                   {"fraction", fraction},
                                   {"encoding", encoding}};
    return rn_data_create("modular", settings, 4, 3, out);
}

static bool is_right(const char *operation, rn_index a, rn_index b, rn_index c, rn_index p)
{
    if (strcmp(operation, "add") == 0) return c == (a + b) % p;
    if (strcmp(operation, "subtract") == 0) return (c + b) % p == a;
    if (strcmp(operation, "multiply") == 0) return c == (a * b) % p;
    if (strcmp(operation, "divide") == 0) return b != 0 && (b * c) % p == a;
    return c == (a * a + b * b) % p;
}

enum { P = 7 };

/* Right answers; counts pairs in seen. */
static void check_cells(rn_data_split split, const char *operation, int seen[P][P])
{
    for (rn_index i = 0; i < split.n_samples; i++) {
        const rn_index a = (rn_index)split.inputs[3 * i];
        const rn_index b = (rn_index)split.inputs[3 * i + 1];
        assert_close(split.inputs[3 * i + 2], P, 0.0);
        assert_true(is_right(operation, a, b, split.labels[i], P));
        seen[a][b]++;
        for (rn_index c = 0; c < P; c++)
            assert_close(split.targets[i * P + c], c == split.labels[i], 0.0);
    }
}

/* Every pair once, in one part or the other. */
static void tables_are_complete_and_right(void **state)
{
    (void)state;
    static const char *const operations[] = {"add", "subtract", "multiply", "divide", "squares"};
    for (int k = 0; k < 5; k++) {
        rn_data *data = NULL;
        int seen[P][P] = {{0}};
        const int first_b = k == 3;
        const rn_index n = (rn_index)P * (P - first_b);
        assert_status(load_table("7", operations[k], "0.3", "symbols", &data), RN_OK);
        assert_int_equal(rn_data_get(data, RN_DATA_TRAIN).n_samples, (rn_index)(0.3 * (double)n));
        check_cells(rn_data_get(data, RN_DATA_TRAIN), operations[k], seen);
        check_cells(rn_data_get(data, RN_DATA_HELD_OUT), operations[k], seen);
        for (int cell = 0; cell < P * P; cell++)
            assert_int_equal(seen[cell / P][cell % P], cell % P >= first_b);
        rn_data_destroy(data);
    }
}

static void symbols_and_one_hot_are_the_same_pairs(void **state)
{
    (void)state;
    rn_data *symbols = NULL;
    rn_data *one_hot = NULL;
    assert_status(load_table("6", "multiply", "1", "symbols", &symbols), RN_OK);
    assert_status(load_table("6", "multiply", "1", "one_hot", &one_hot), RN_OK);
    const rn_data_split pairs = rn_data_get(symbols, RN_DATA_TRAIN);
    const rn_data_split rows = rn_data_get(one_hot, RN_DATA_TRAIN);
    assert_int_equal(rows.n_samples, 36);
    assert_int_equal(rn_data_get(one_hot, RN_DATA_HELD_OUT).n_samples, 0);
    for (rn_index i = 0; i < 36; i++)
        for (rn_index k = 0; k < 12; k++)
            assert_close(rows.inputs[12 * i + k],
                         k < 6 ? (rn_index)pairs.inputs[3 * i] == k
                               : (rn_index)pairs.inputs[3 * i + 1] == k - 6,
                         0.0);
    assert_memory_equal(pairs.targets, rows.targets, sizeof(double[36 * 6]));
    rn_data_destroy(symbols);
    rn_data_destroy(one_hot);
    assert_status(load_table("6", "divide", "1", "symbols", &symbols), RN_ERR_CONFIG);
    assert_message_has("expected a prime number");
    assert_status(load_table("1", "add", "1", "symbols", &symbols), RN_ERR_CONFIG);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void every_failing_allocation_is_a_status(void **state)
{
    (void)state;
    const char *path = scratch_write("rhyme.txt", rhyme, (rn_index)strlen(rhyme));
    for (int kind = 0; kind < 2; kind++) {
        rn_status status = RN_ERR_MEMORY;
        long fault = 0;
        while (status == RN_ERR_MEMORY) {
            rn_data *data = NULL;
            (void)rni_fail_allocation(++fault);
            status = kind == 0 ? load_text(path, "4", "3", "2", "next", &data)
                               : load_table("5", "add", "0.5", "symbols", &data);
            (void)rni_fail_allocation(0);
            rn_data_destroy(data);
            assert_int_equal(rni_memory_bytes(), 0);
        }
        assert_status(status, RN_OK);
        assert_true(fault > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_followed_by_their_target),
        cmocka_unit_test(targets_behind_every_character),
        cmocka_unit_test(a_larger_choice_contains_the_smaller),
        cmocka_unit_test(texts_that_cannot_serve_are_refused),
        cmocka_unit_test(tables_are_complete_and_right),
        cmocka_unit_test(symbols_and_one_hot_are_the_same_pairs),
        cmocka_unit_test(every_failing_allocation_is_a_status),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
