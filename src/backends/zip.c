/*
 * Zip archives through libzip. The only file that includes zip.h of libzip.
 */
#include "backends/zip.h"

#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "core/text.h"

enum { DEFLATE_MOST = 1032, N_NAMES_SHOWN = 10 };

typedef struct entry_reader {
    rni_reader head;
    zip_t *archive;   /* owned */
    zip_file_t *file; /* owned */
} entry_reader;

static rn_status fail_zip(const char *name, const char *action, zip_error_t *error)
{
    const bool is_memory = zip_error_code_zip(error) == ZIP_ER_MEMORY;
    return rni_fail(is_memory ? RN_ERR_MEMORY : RN_ERR_FORMAT,
                    "%s: cannot be %s as a zip archive: %s; the file is damaged or of another kind",
                    name, action, zip_error_strerror(error));
}

static rn_status entry_read(rni_reader *self, void *bytes, rn_index n_wanted, rn_index *n_got)
{
    entry_reader *reader = (entry_reader *)self;
    const zip_int64_t n_read = zip_fread(reader->file, bytes, (zip_uint64_t)n_wanted);
    if (n_read < 0) return fail_zip(self->name, "read", zip_file_get_error(reader->file));
    if (n_read > self->n_possible - self->offset)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: byte %" PRId64 ": found more bytes than the %" PRId64
                        " the archive declares; the file is damaged",
                        self->name, self->offset, self->n_possible);
    *n_got = n_read;
    return RN_OK;
}

static void entry_close(rni_reader *self)
{
    entry_reader *reader = (entry_reader *)self;
    if (reader->file) (void)zip_fclose(reader->file);
    if (reader->archive) zip_discard(reader->archive);
}

static const rni_reader_kind entry_kind = {entry_read, entry_close};

/* Names what there is instead of the entry. */
static rn_status report_missing(const char *name, zip_t *archive, const char *entry)
{
    const zip_int64_t n_entries = zip_get_num_entries(archive, 0);
    rni_text list = {0};
    for (zip_int64_t i = 0; i < n_entries && i < N_NAMES_SHOWN; i++) {
        const char *found = zip_get_name(archive, (zip_uint64_t)i, ZIP_FL_ENC_GUESS);
        if (!found) continue;
        rni_text_add(&list, "%s%s", i > 0 ? ", " : "",
                     rni_quote(found, (rn_index)strlen(found)).chars);
    }
    const rn_status status = rni_fail(RN_ERR_FORMAT, "%s: found no entry %s, expected one of: %s%s",
                                      name, rni_quote(entry, (rn_index)strlen(entry)).chars,
                                      rni_text_get(&list), n_entries > N_NAMES_SHOWN ? ", .." : "");
    rni_text_clear(&list);
    return status;
}

/* What may be unpacked, and how large it can be. */
static rn_status check_entry(const char *name, const zip_stat_t *stat, rn_index *n_possible)
{
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if ((stat->valid & needed) != needed || stat->size > INT64_MAX || stat->comp_size > INT64_MAX)
        return rni_fail(RN_ERR_FORMAT, "%s: found an entry without a size", name);
    const bool is_encrypted =
        (stat->valid & ZIP_STAT_ENCRYPTION_METHOD) && stat->encryption_method != ZIP_EM_NONE;
    if (is_encrypted || (stat->comp_method != ZIP_CM_STORE && stat->comp_method != ZIP_CM_DEFLATE))
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found an encrypted entry or packing method %u, expected none or "
                        "deflate",
                        name, stat->comp_method);
    rn_index most = INT64_MAX;
    const rn_index ratio = stat->comp_method == ZIP_CM_STORE ? 1 : DEFLATE_MOST;
    (void)rni_size_mul((rn_index)stat->comp_size, ratio, &most);
    if ((rn_index)stat->size > most)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %" PRId64 " packed bytes that claim to be %" PRId64
                        ", expected at most %" PRId64 "; the file is damaged",
                        name, (rn_index)stat->comp_size, (rn_index)stat->size, most);
    *n_possible = (rn_index)stat->size;
    return RN_OK;
}

/* Opens the entry; takes the archive over if that succeeds. */
static rn_status open_entry(const char *name, zip_t *archive, const char *entry, rni_reader **out)
{
    zip_stat_t stat;
    rn_index n_possible = 0;
    const zip_int64_t index = zip_name_locate(archive, entry, 0);
    if (index < 0 || zip_stat_index(archive, (zip_uint64_t)index, 0, &stat) != 0)
        return report_missing(name, archive, entry);
    rni_text label = {0};
    rni_text_add(&label, "%s, entry %s", name, entry);
    entry_reader *reader = NULL;
    if (!label.is_broken)
        reader = rni_reader_alloc(&entry_kind, rni_text_get(&label), sizeof *reader);
    rni_text_clear(&label);
    if (!reader) {
        (void)rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", name);
        return RN_ERR_MEMORY;
    }
    rn_status status = check_entry(reader->head.name, &stat, &n_possible);
    if (status == RN_OK) {
        reader->file = zip_fopen_index(archive, (zip_uint64_t)index, 0);
        if (!reader->file) status = fail_zip(reader->head.name, "opened", zip_get_error(archive));
    }
    if (status < 0) {
        rni_reader_close(&reader->head);
        return status;
    }
    reader->archive = archive;
    reader->head.n_possible = n_possible;
    *out = &reader->head;
    return RN_OK;
}

/* Opens the archive of a source, which it releases in any case. */
static rn_status open_source(const char *name, zip_source_t *source, const char *entry,
                             rni_reader **out)
{
    zip_error_t error;
    zip_error_init(&error);
    zip_t *archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (!archive) {
        const rn_status status = fail_zip(name, "opened", &error);
        zip_source_free(source);
        zip_error_fini(&error);
        return status;
    }
    zip_error_fini(&error);
    const rn_status status = open_entry(name, archive, entry, out);
    if (status < 0) zip_discard(archive);
    return status;
}

rn_status rni_zip_open_memory(const char *name, const void *bytes, rn_index n_bytes,
                              const char *entry, rni_reader **out)
{
    zip_source_t *source = zip_source_buffer_create(bytes, (zip_uint64_t)n_bytes, 0, NULL);
    if (!source) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", name);
    return open_source(name, source, entry, out);
}

rn_status rni_zip_has(const char *path, const char *entry, bool *found)
{
    rni_reader *file = NULL; /* says whether the path is a readable regular file */
    zip_error_t error;
    RNI_TRY(rni_file_open(path, &file));
    rni_reader_close(file);
    zip_error_init(&error);
    zip_source_t *source = zip_source_file_create(path, 0, -1, NULL);
    if (!source) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", path);
    zip_t *archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (!archive) {
        zip_source_free(source);
        const rn_status status = fail_zip(path, "opened", &error);
        zip_error_fini(&error);
        return status;
    }
    *found = zip_name_locate(archive, entry, 0) >= 0;
    zip_discard(archive);
    return RN_OK;
}

rn_status rni_zip_open(const char *path, const char *entry, rni_reader **out)
{
    rni_reader *file = NULL; /* says whether the path is a readable regular file */
    RNI_TRY(rni_file_open(path, &file));
    rni_reader_close(file);
    zip_source_t *source = zip_source_file_create(path, 0, -1, NULL);
    if (!source) return rni_fail(RN_ERR_MEMORY, "%s: no memory to read it", path);
    return open_source(path, source, entry, out);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* 1980-01-01 in the days of MS-DOS: (year - 1980) << 9 | month << 5 | day. */
enum { FIRST_DAY = 1 << 5 | 1 };

static rn_status refuse_entry(zip_t *archive, const char *name)
{
    zip_error_t *error = zip_get_error(archive);
    const bool is_memory = zip_error_code_zip(error) == ZIP_ER_MEMORY;
    return rni_fail(is_memory ? RN_ERR_MEMORY : RN_ERR_ARGUMENT,
                    "a zip archive cannot take the entry %s: %s",
                    rni_quote(name, (rn_index)strlen(name)).chars, zip_error_strerror(error));
}

static rn_status add_entry(zip_t *archive, const rni_zip_entry *entry)
{
    zip_source_t *source =
        zip_source_buffer(archive, entry->bytes, (zip_uint64_t)entry->n_bytes, 0);
    if (!source) return refuse_entry(archive, entry->name);
    const zip_int64_t index = zip_file_add(archive, entry->name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return refuse_entry(archive, entry->name);
    }
    if (zip_set_file_compression(archive, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0
        || zip_file_set_dostime(archive, (zip_uint64_t)index, 0, FIRST_DAY, 0) != 0)
        return refuse_entry(archive, entry->name);
    return RN_OK;
}

/* Copies what an archive was written to. */
static rn_status copy_source(zip_source_t *source, unsigned char **bytes, rn_index *n_bytes)
{
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_source_stat(source, &stat) != 0 || zip_source_open(source) != 0)
        return rni_fail(RN_ERR_MEMORY, "no memory for a zip archive");
    rn_status status = RN_OK;
    unsigned char *copy = rni_alloc((rn_index)stat.size, 1);
    if (!copy || zip_source_read(source, copy, stat.size) != (zip_int64_t)stat.size) {
        rni_free(copy);
        status = rni_fail(RN_ERR_MEMORY, "no memory for a zip archive of %" PRId64 " bytes",
                          (rn_index)stat.size);
    } else {
        *bytes = copy;
        *n_bytes = (rn_index)stat.size;
    }
    (void)zip_source_close(source);
    return status;
}

static rn_status write_archive(zip_source_t *source, rn_index n_entries,
                               const rni_zip_entry *entries)
{
    zip_t *archive = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, NULL);
    if (!archive) return rni_fail(RN_ERR_MEMORY, "no memory for a zip archive");
    zip_source_keep(source); /* the archive releases its own */
    rn_status status = RN_OK;
    for (rn_index i = 0; i < n_entries && status == RN_OK; i++)
        status = add_entry(archive, &entries[i]);
    if (status == RN_OK && zip_close(archive) == 0) return RN_OK;
    if (status == RN_OK) status = refuse_entry(archive, "(all)");
    zip_discard(archive);
    return status;
}

rn_status rni_zip_build(rn_index n_entries, const rni_zip_entry *entries, unsigned char **bytes,
                        rn_index *n_bytes)
{
    if (n_entries < 1 || !entries || !bytes || !n_bytes)
        return rni_fail(RN_ERR_ARGUMENT, "rni_zip_build: %" PRId64 " entries, expected at least 1",
                        n_entries);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, NULL);
    if (!source) return rni_fail(RN_ERR_MEMORY, "no memory for a zip archive");
    rn_status status = write_archive(source, n_entries, entries);
    if (status == RN_OK) status = copy_source(source, bytes, n_bytes);
    zip_source_free(source);
    return status;
}
