/*
 * Any bytes as a CSV table: refused with a place, or a table that survives being written and read
 * again. The lowest bit of the first byte says whether there is a line of names.
 */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "data/csv.h"
#include "fuzz.h"

static rn_status read_table(const char *bytes, rn_index n_bytes, bool has_header, rni_csv *csv)
{
    rni_reader *reader = NULL;
    if (rni_memory_open("fuzz", bytes, n_bytes, &reader) < 0) abort();
    const rn_status status = rni_csv_read(reader, has_header, csv);
    rni_reader_close(reader);
    return status;
}

static void check_round_trip(const rni_csv *csv)
{
    rni_text text = {0};
    rni_csv again = {0};
    for (rn_index i = 0; i < csv->n_rows * csv->n_columns; i++) {
        char number[RNI_REAL_SIZE];
        rni_real_format(csv->values[i], number);
        rni_text_add(&text, "%s%c", number, (i + 1) % csv->n_columns ? ',' : '\n');
    }
    if (read_table(rni_text_get(&text), text.length, false, &again) < 0) abort();
    if (again.n_rows != csv->n_rows || again.n_columns != csv->n_columns) abort();
    const size_t n_bytes = (size_t)(csv->n_rows * csv->n_columns) * sizeof(double);
    if (memcmp(again.values, csv->values, n_bytes) != 0) abort();
    rni_csv_clear(&again);
    rni_text_clear(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    rni_csv csv = {0};
    const rn_status status =
        read_table((const char *)data + 1, (rn_index)size - 1, data[0] & 1, &csv);
    if (status == RN_OK)
        check_round_trip(&csv);
    else if (status != RN_ERR_FORMAT || strncmp(rn_last_message(), "fuzz:", 5) != 0)
        abort();
    rni_csv_clear(&csv);
    if (rni_memory_bytes() != 0) abort();
    return 0;
}
