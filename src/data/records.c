#include "data/records.h"

#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

typedef struct records_reader {
    rni_reader head;
    rn_index n_files;
    rni_reader **files; /* owned, with what they point to */
    rni_column column;
    rn_index at;           /* file being read */
    rn_index n_left;       /* bytes of the column still in the buffer */
    unsigned char *record; /* owned, [column.record] */
} records_reader;

/* The next record into the buffer; at the end of all files n_left stays 0. */
static rn_status fill(records_reader *reader)
{
    while (reader->at < reader->n_files) {
        rni_reader *file = reader->files[reader->at];
        if (file->offset < file->n_possible) {
            RNI_TRY(rni_read_exactly(file, reader->record, reader->column.record, "a record"));
            reader->n_left = reader->column.count;
            return RN_OK;
        }
        RNI_TRY(rni_read_end(file));
        reader->at++;
    }
    return RN_OK;
}

static rn_status records_read(rni_reader *self, void *bytes, rn_index n_wanted, rn_index *n_got)
{
    records_reader *reader = (records_reader *)self;
    *n_got = 0;
    if (reader->n_left == 0) RNI_TRY(fill(reader));
    const rn_index n = rni_min(n_wanted, reader->n_left);
    const rn_index from = reader->column.first + reader->column.count - reader->n_left;
    if (n > 0) memcpy(bytes, reader->record + from, (size_t)n);
    reader->n_left -= n;
    *n_got = n;
    return RN_OK;
}

static void records_close(rni_reader *self)
{
    records_reader *reader = (records_reader *)self;
    for (rn_index i = 0; i < reader->n_files; i++)
        rni_reader_close(reader->files[i]);
    rni_free(reader->files);
    rni_free(reader->record);
}

static const rni_reader_kind records_kind = {records_read, records_close};

static rn_status count_records(rn_index n_files, rni_reader *const *files, rni_column column,
                               rn_index *n_records)
{
    rn_index total = 0;
    for (rn_index i = 0; i < n_files; i++) {
        const rn_index length = files[i]->n_possible;
        if (length < column.record || length % column.record != 0)
            return rni_fail(RN_ERR_FORMAT,
                            "%s: found %" PRId64 " bytes, expected whole records of %" PRId64
                            "; the file is of another kind or truncated",
                            files[i]->name, length, column.record);
        if (!rni_size_add(total, length / column.record, &total) || !rni_size_ok(total))
            return rni_fail(RN_ERR_FORMAT, "%s: found too many records", files[i]->name);
    }
    *n_records = total;
    return RN_OK;
}

rn_status rni_records_wrap(rn_index n_files, rni_reader *const *files, rni_column column,
                           rni_reader **out, rn_index *n_records)
{
    rn_index total = 0;
    RNI_TRY(count_records(n_files, files, column, &total));
    records_reader *reader = rni_reader_alloc(&records_kind, files[0]->name, sizeof *reader);
    rni_reader **owned = rni_alloc(n_files, sizeof(rni_reader *));
    unsigned char *record = rni_alloc(column.record, 1);
    if (!reader || !owned || !record) {
        rni_free(owned);
        rni_free(record);
        rni_reader_close(reader ? &reader->head : NULL);
        return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", files[0]->name);
    }
    memcpy(owned, files, (size_t)n_files * sizeof(rni_reader *));
    reader->files = owned;
    reader->n_files = n_files;
    reader->column = column;
    reader->record = record;
    reader->head.n_possible = total * column.count;
    *out = &reader->head;
    *n_records = total;
    return RN_OK;
}
