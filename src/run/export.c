/*
 * A run's folder as one long table or one archive of arrays.
 */
#include <renorm/export.h>

#include <errno.h>
#include <renorm/folder.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backends/zip.h"
#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "core/text.h"
#include "data/npy.h"
#include "store/file.h"
#include "store/table.h"

#define NAME_SIZE 96

/* ---- csv ------------------------------------------------------------------------------------- */

static void add_rows(rni_text *out, const rn_snapshot *at, rn_index field)
{
    const rn_field *f = rn_snapshot_field(field);
    rn_index count = 0;
    const double *values = rn_snapshot_values(at, field, &count);
    char time[RNI_REAL_SIZE];
    rni_real_format(at->record.time, time);
    for (rn_index i = 0; i < count; i++) {
        char value[RNI_REAL_SIZE] = "";
        char index[32] = "";
        if (values[i] <= 0.0 || values[i] > 0.0) rni_real_format(values[i], value);
        if (f->axis[0]) (void)snprintf(index, sizeof index, "%" PRId64, i);
        rni_text_add(out, "%" PRId64 ",%s,%s,%s,%s,%s,%s\n", at->record.step, time, f->name,
                     f->axis, index, value, f->unit);
    }
}

static rn_status write_csv(const rn_folder *folder, const char *path)
{
    rni_text out = {0};
    rni_text_add(&out, "step,time,quantity,axis,index,value,unit\n");
    for (rn_index k = 0; k < rn_folder_n_snapshots(folder); k++)
        for (rn_index i = 0; rn_snapshot_field(i); i++)
            add_rows(&out, rn_folder_snapshot(folder, k), i);
    rn_status status = RN_OK;
    if (out.is_broken)
        status = rni_fail(RN_ERR_MEMORY, "rn_export_write: no memory for the table");
    else
        status = rni_file_write(path, out.chars, out.length);
    rni_text_clear(&out);
    return status;
}

/* ---- npz ------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    size_t offset;
} columns[] = {
    {"time", offsetof(rn_record, time)},
    {"learning_rate", offsetof(rn_record, learning_rate)},
    {"loss", offsetof(rn_record, loss)},
    {"accuracy", offsetof(rn_record, accuracy)},
    {"held_out_loss", offsetof(rn_record, held_out_loss)},
    {"held_out_accuracy", offsetof(rn_record, held_out_accuracy)},
    {"gradient_norm", offsetof(rn_record, gradient_norm)},
};
#define N_COLUMNS ((rn_index)(sizeof columns / sizeof columns[0]))

/* Entries in the making; everything owned. */
typedef struct archive {
    rni_zip_entry *entries;
    char (*names)[NAME_SIZE];
    unsigned char **arrays;
    rn_index count;
    rn_index capacity;
} archive;

static rn_status no_memory(void)
{
    return rni_fail(RN_ERR_MEMORY, "rn_export_write: no memory for the arrays");
}

static rn_status archive_create(rn_index capacity, archive *out)
{
    *out = (archive){.capacity = capacity,
                     .entries = rni_alloc(capacity, sizeof *out->entries),
                     .names = rni_alloc(capacity, sizeof *out->names),
                     .arrays = rni_alloc(capacity, sizeof *out->arrays)};
    return out->entries && out->names && out->arrays ? RN_OK : no_memory();
}

static void archive_clear(archive *a)
{
    for (rn_index i = 0; i < a->count; i++)
        rni_free(a->arrays[i]);
    rni_free(a->arrays);
    rni_free(a->names);
    rni_free(a->entries);
}

/* A new array of `count` doubles; the caller fills it through put_value. NULL: no memory. */
static unsigned char *add_array(archive *a, rn_index count)
{
    RNI_ASSERT(a->count < a->capacity);
    const rn_index n_bytes = RNI_NPY_HEAD_BYTES + 8 * count;
    unsigned char *bytes = rni_alloc(n_bytes, 1);
    if (!bytes) return NULL;
    rni_npy_format_head(1, &count, bytes);
    a->arrays[a->count] = bytes;
    a->entries[a->count] =
        (rni_zip_entry){.name = a->names[a->count], .bytes = bytes, .n_bytes = n_bytes};
    a->count++;
    return bytes;
}

/* Least byte first, whatever the machine. */
static void put_value(unsigned char *array, rn_index i, double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    for (int byte = 0; byte < 8; byte++)
        array[RNI_NPY_HEAD_BYTES + 8 * i + byte] = (unsigned char)(bits >> (8 * byte));
}

static rn_status add_records(archive *a, const rn_folder *folder)
{
    const rn_index n = rn_folder_n_records(folder);
    for (rn_index c = -1; c < N_COLUMNS; c++) {
        (void)snprintf(a->names[a->count], NAME_SIZE, "records/%s.npy",
                       c < 0 ? "step" : columns[c].name);
        unsigned char *array = add_array(a, n);
        if (!array) return no_memory();
        for (rn_index i = 0; i < n; i++) {
            const rn_record *record = rn_folder_record(folder, i);
            double value = (double)record->step;
            if (c >= 0) memcpy(&value, (const char *)record + columns[c].offset, sizeof value);
            put_value(array, i, value);
        }
    }
    return RN_OK;
}

/* A quantity without an axis, over all measurements; field -1: the step. */
static rn_status add_series(archive *a, const rn_folder *folder, rn_index field)
{
    const rn_index n = rn_folder_n_snapshots(folder);
    (void)snprintf(a->names[a->count], NAME_SIZE, "snapshots/%s.npy",
                   field < 0 ? "step" : rn_snapshot_field(field)->name);
    unsigned char *array = add_array(a, n);
    if (!array) return no_memory();
    for (rn_index k = 0; k < n; k++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, k);
        rn_index count = 0;
        put_value(array, k,
                  field < 0 ? (double)at->record.step : *rn_snapshot_values(at, field, &count));
    }
    return RN_OK;
}

static rn_status add_field(archive *a, const rn_folder *folder, rn_index field)
{
    const rn_field *f = rn_snapshot_field(field);
    if (!f->axis[0]) return add_series(a, folder, field);
    for (rn_index k = 0; k < rn_folder_n_snapshots(folder); k++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, k);
        rn_index count = 0;
        const double *values = rn_snapshot_values(at, field, &count);
        if (count == 0) continue;
        (void)snprintf(a->names[a->count], NAME_SIZE, "snapshots/%06" PRId64 "/%s.npy",
                       at->record.step, f->name);
        unsigned char *array = add_array(a, count);
        if (!array) return no_memory();
        for (rn_index i = 0; i < count; i++)
            put_value(array, i, values[i]);
    }
    return RN_OK;
}

static rn_status fill(archive *a, const rn_folder *folder)
{
    RNI_TRY(add_records(a, folder));
    RNI_TRY(add_series(a, folder, -1));
    for (rn_index i = 0; rn_snapshot_field(i); i++)
        RNI_TRY(add_field(a, folder, i));
    return RN_OK;
}

static rn_status write_npz(const rn_folder *folder, const char *path)
{
    rn_index n_fields = 0;
    rn_index capacity = 0;
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    archive a = {0};
    while (rn_snapshot_field(n_fields))
        n_fields++;
    if (!rni_size_mul(n_fields, rn_folder_n_snapshots(folder) + 1, &capacity)) return no_memory();
    rn_status status = archive_create(capacity + N_COLUMNS + 2, &a);
    if (status == RN_OK) status = fill(&a, folder);
    if (status == RN_OK) status = rni_zip_build(a.count, a.entries, &bytes, &n_bytes);
    if (status == RN_OK) status = rni_file_write(path, bytes, n_bytes);
    rni_free(bytes);
    archive_clear(&a);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    rn_status (*write)(const rn_folder *folder, const char *path);
} formats[] = {{"csv", write_csv}, {"npz", write_npz}};
#define N_FORMATS ((rn_index)(sizeof formats / sizeof formats[0]))

const char *rn_export_format(rn_index i)
{
    return i >= 0 && i < N_FORMATS ? formats[i].name : NULL;
}

rn_status rn_export_write(const char *folder, const char *format, const char *path)
{
    struct stat there;
    rn_index chosen = 0;
    rn_folder *opened = NULL;
    if (!folder || !format || !path)
        return rni_fail(RN_ERR_ARGUMENT, "rn_export_write: an argument is NULL");
    while (chosen < N_FORMATS && strcmp(formats[chosen].name, format) != 0)
        chosen++;
    if (chosen == N_FORMATS)
        return rni_fail(RN_ERR_ARGUMENT, "found the format %s, expected csv or npz",
                        rni_quote(format, (rn_index)strlen(format)).chars);
    if (lstat(path, &there) == 0 || errno != ENOENT)
        return rni_fail(RN_ERR_IO,
                        "%s: there is something of this name, or its folder cannot be looked at; "
                        "nothing is overwritten: choose another name",
                        path);
    RNI_TRY(rn_folder_open(folder, &opened));
    const rn_status status = formats[chosen].write(opened, path);
    rn_folder_close(opened);
    return status;
}
