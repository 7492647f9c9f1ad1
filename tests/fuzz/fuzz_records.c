/* Any bytes as files of records: the first four say how records and files are cut. */
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "data/records.h"
#include "fuzz.h"

enum { MOST_FILES = 3, HEAD = 4 };

/* The column by hand: byte k of the stream. */
static unsigned char expected(const uint8_t *bytes, rni_column column, rn_index k)
{
    return bytes[k / column.count * column.record + column.first + k % column.count];
}

static void check(rni_reader *reader, const uint8_t *bytes, rni_column column, rn_index n_records)
{
    unsigned char piece[5];
    rn_index n = 0;
    rn_index n_got = 0;
    do {
        if (rni_read(reader, piece, (rn_index)sizeof piece, &n_got) < 0) abort();
        for (rn_index i = 0; i < n_got; i++)
            if (piece[i] != expected(bytes, column, n + i)) abort();
        n += n_got;
    } while (n_got == (rn_index)sizeof piece);
    if (n != n_records * column.count || n != reader->n_possible) abort();
    if (rni_read_end(reader) < 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < HEAD) return 0;
    rni_column column = {.record = 1 + data[0], .first = 0, .count = 1};
    column.first = data[1] % column.record;
    column.count = 1 + data[2] % (column.record - column.first);
    const rn_index n_files = 1 + data[3] % MOST_FILES;
    const uint8_t *bytes = data + HEAD;
    const rn_index n_bytes = (rn_index)(size - HEAD);
    rni_reader *files[MOST_FILES];
    rni_reader *reader = NULL;
    rn_index n_records = 0;
    /* whole records in all but the last */
    const rn_index part = n_bytes / n_files / column.record * column.record;
    for (rn_index i = 0; i < n_files; i++) {
        const rn_index length = i + 1 < n_files ? part : n_bytes - part * i;
        if (rni_memory_open("fuzz", bytes + part * i, length, &files[i]) < 0) abort();
    }
    const rn_status status = rni_records_wrap(n_files, files, column, &reader, &n_records);
    const bool is_sound =
        n_bytes % column.record == 0 && (n_files == 1 ? n_bytes : part) >= column.record;
    if ((status == RN_OK) != is_sound) abort();
    if (status < 0 && (status != RN_ERR_FORMAT || !strstr(rn_last_message(), "fuzz"))) abort();
    if (status == RN_OK) check(reader, bytes, column, n_records);
    for (rn_index i = 0; i < n_files && status < 0; i++)
        rni_reader_close(files[i]);
    rni_reader_close(reader);
    if (rni_memory_bytes() != 0) abort();
    return 0;
}
