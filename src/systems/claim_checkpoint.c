/*
 * The checkpoint of a claim: what its long pieces of work have come to, in one file of the folder,
 * written whole and sealed. Numbers are those of memory, so that a claim goes on to the same bits.
 *
 *     head      {magic, format, version, bytes of the configuration, pieces}
 *     text      the resolved configuration, as in config.yaml
 *     pieces    each {name, done, count} and count doubles
 *     seal      store/seal.h
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/reader.h"
#include "store/seal.h"
#include "systems/claim.h"

enum { FORMAT = 1, MAX_KEPT = 64, WORDS = 600 };

#define MAX_BYTES ((rn_index)1 << 30)
static const char magic[16] = "renorm claim\n";

typedef struct head {
    char magic[16];
    int64_t format;
    char version[32];
    int64_t text_size;
    int64_t n_kept;
} head;

typedef struct kept_head {
    char name[RNI_KEPT_NAME];
    int64_t n_done;
    int64_t n;
} kept_head;

/* ---- writing --------------------------------------------------------------------------------- */

static void put(unsigned char **to, const void *bytes, size_t n_bytes)
{
    memcpy(*to, bytes, n_bytes);
    *to += n_bytes;
}

static rn_status write_checkpoint(const rn_claim *claim)
{
    char path[RNI_PATH_SIZE];
    head first = {.format = FORMAT,
                  .version = RENORM_VERSION,
                  .text_size = claim->text.length,
                  .n_kept = claim->n_kept};
    memcpy(first.magic, magic, sizeof magic);
    rn_index n_bytes = (rn_index)sizeof first + claim->text.length;
    for (rn_index i = 0; i < claim->n_kept; i++)
        n_bytes += (rn_index)sizeof(kept_head) + claim->kept[i].n * (rn_index)sizeof(double);
    RNI_TRY(rni_path_join(claim->folder, RNI_CLAIM_CHECKPOINT, path));
    unsigned char *const bytes = rni_alloc(n_bytes + RNI_SEAL_SIZE, 1);
    if (!bytes)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for a checkpoint", claim->system->about.name);
    unsigned char *next = bytes;
    put(&next, &first, sizeof first);
    put(&next, rni_text_get(&claim->text), (size_t)claim->text.length);
    for (rn_index i = 0; i < claim->n_kept; i++) {
        const rni_kept *kept = &claim->kept[i];
        kept_head each = {.n_done = kept->n_done, .n = kept->n};
        memcpy(each.name, kept->name, sizeof each.name);
        put(&next, &each, sizeof each);
        put(&next, kept->values, (size_t)kept->n * sizeof *kept->values);
    }
    rni_seal_make(rni_crc(0, bytes, n_bytes), next);
    const rn_status status = rni_file_write(path, bytes, n_bytes + RNI_SEAL_SIZE);
    rni_free(bytes);
    return status;
}

static rni_kept *find(const rn_claim *claim, const char *name)
{
    for (rn_index i = 0; i < claim->n_kept; i++)
        if (strcmp(claim->kept[i].name, name) == 0) return &claim->kept[i];
    return NULL;
}

/* A new piece of n numbers; NULL without memory. */
static rni_kept *add(rn_claim *claim, const char *name, rn_index n)
{
    double *values = rni_alloc_zero(n, sizeof *values);
    rni_kept *all =
        values ? rni_resize(claim->kept, claim->n_kept, claim->n_kept + 1, sizeof *all) : NULL;
    if (!all) {
        rni_free(values);
        return NULL;
    }
    claim->kept = all;
    rni_kept *kept = &all[claim->n_kept++];
    *kept = (rni_kept){.n = n, .values = values};
    (void)snprintf(kept->name, sizeof kept->name, "%s", name);
    return kept;
}

static rn_index count(rn_index n_parts, const rni_part *parts)
{
    rn_index n = 0;
    for (rn_index i = 0; i < n_parts; i++)
        n += parts[i].n;
    return n;
}

rn_status rni_claim_keep(rn_claim *claim, const char *name, rn_index n_done, rn_index n_parts,
                         const rni_part *parts)
{
    if (!claim->folder) return RN_OK;
    const rn_index n = count(n_parts, parts);
    rni_kept *kept = find(claim, name);
    if (!kept) kept = add(claim, name, n);
    if (!kept)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for a checkpoint", claim->system->about.name);
    if (kept->n != n || claim->n_kept > MAX_KEPT)
        return rni_fail(RN_ERR_INTERNAL, "%s: keeps %" PRId64 " numbers of %s, then %" PRId64,
                        claim->system->about.name, kept->n, name, n);
    kept->n_done = n_done;
    double *next = kept->values;
    for (rn_index i = 0; i < n_parts; i++) {
        memcpy(next, parts[i].values, (size_t)parts[i].n * sizeof *next);
        next += parts[i].n;
    }
    return write_checkpoint(claim);
}

/* ---- reading --------------------------------------------------------------------------------- */

rn_index rni_claim_kept(const rn_claim *claim, const char *name)
{
    const rni_kept *kept = find(claim, name);
    return kept ? kept->n_done : 0;
}

rn_status rni_claim_recall(const rn_claim *claim, const char *name, rn_index n_most,
                           rn_index n_parts, const rni_part *parts, rn_index *n_done)
{
    const rni_kept *kept = find(claim, name);
    const rn_index n = count(n_parts, parts);
    *n_done = 0;
    if (!kept) return RN_OK;
    if (kept->n != n || kept->n_done > n_most)
        return rni_fail(
            RN_ERR_FORMAT,
            "%s/%s: found %" PRId64 " numbers of %s with %" PRId64 " done, expected %" PRId64
            " and at most %" PRId64 ": remove the folder and work the claim out anew",
            claim->folder, RNI_CLAIM_CHECKPOINT, kept->n, name, kept->n_done, n, n_most);
    const double *next = kept->values;
    for (rn_index i = 0; i < n_parts; i++) {
        memcpy(parts[i].values, next, (size_t)parts[i].n * sizeof *next);
        next += parts[i].n;
    }
    *n_done = kept->n_done;
    return RN_OK;
}

rn_status rni_claim_repeat(rn_claim *claim, const rni_repeated *all)
{
    const rn_index total = all->total > 0 ? all->total : all->n;
    rn_index i = 0;
    RNI_TRY(rni_claim_recall(claim, all->name, all->n, all->n_parts, all->parts, &i));
    while (i < all->n) {
        RNI_CLAIM_TRY(rni_claim_advance(claim, all->before + i, total));
        RNI_CLAIM_TRY(all->work(claim, i, all->user));
        RNI_TRY(rni_claim_keep(claim, all->name, ++i, all->n_parts, all->parts));
    }
    return RN_OK;
}

/* Length of the line that begins here. */
static int line_length(const char *text)
{
    return (int)strcspn(text, "\n");
}

/* Shows the first line in which the configurations differ. */
static rn_status check_configuration(const rn_claim *claim, const char *found)
{
    const char *expected = rni_text_get(&claim->text);
    if (strcmp(found, expected) == 0) return RN_OK;
    while (line_length(found) == line_length(expected) && *found && *expected
           && strncmp(found, expected, (size_t)line_length(found)) == 0) {
        found += line_length(found) + (found[line_length(found)] == '\n');
        expected += line_length(expected) + (expected[line_length(expected)] == '\n');
    }
    return rni_fail(RN_ERR_CONFIG,
                    "%s holds an unfinished claim of another configuration: found %s, expected %s; "
                    "give the options that it was started with, or another folder",
                    claim->folder, rni_quote(found, line_length(found)).chars,
                    rni_quote(expected, line_length(expected)).chars);
}

static rn_status read_head(const rn_claim *claim, const char *path, rni_reader *reader, head *out)
{
    RNI_TRY(rni_read_exactly(reader, out, sizeof *out, "the head of a claim's checkpoint"));
    out->version[sizeof out->version - 1] = 0;
    if (memcmp(out->magic, magic, sizeof magic) != 0)
        return rni_fail(RN_ERR_FORMAT, "%s: found no checkpoint of a claim", path);
    if (out->format != FORMAT || strcmp(out->version, RENORM_VERSION) != 0)
        return rni_fail(
            RN_ERR_UNSUPPORTED,
            "%s: found format %" PRId64 " of renorm %s, expected %d of " RENORM_VERSION
            ": go on with that version, or work the claim %s out anew in another folder",
            path, (rn_index)out->format,
            rni_quote(out->version, (rn_index)strlen(out->version)).chars, FORMAT,
            claim->system->about.name);
    if (out->n_kept < 0 || out->n_kept > MAX_KEPT || out->text_size < 0)
        return rni_fail(RN_ERR_FORMAT, "%s: found %" PRId64 " pieces, expected 0 .. %d", path,
                        (rn_index)out->n_kept, MAX_KEPT);
    return rni_reader_check_room(reader, out->text_size, "the configuration");
}

static rn_status read_text(const rn_claim *claim, rni_reader *reader, rn_index size)
{
    char *text = rni_alloc_zero(size + 1, 1);
    if (!text) return rni_fail(RN_ERR_MEMORY, "%s: no memory", claim->system->about.name);
    rn_status status = rni_read_exactly(reader, text, size, "the configuration");
    if (status == RN_OK) status = check_configuration(claim, text);
    rni_free(text);
    return status;
}

static rn_status read_kept(rn_claim *claim, const char *path, rni_reader *reader)
{
    kept_head each;
    RNI_TRY(rni_read_exactly(reader, &each, sizeof each, "a piece"));
    each.name[sizeof each.name - 1] = 0;
    if (each.n < 0 || each.n > MAX_BYTES / (rn_index)sizeof(double) || each.n_done <= 0
        || find(claim, each.name))
        return rni_fail(RN_ERR_FORMAT, "%s: found a piece of %" PRId64 " numbers, %" PRId64 " done",
                        path, (rn_index)each.n, (rn_index)each.n_done);
    const rn_index n_bytes = each.n * (rn_index)sizeof(double);
    RNI_TRY(rni_reader_check_room(reader, n_bytes, "a piece"));
    rni_kept *kept = add(claim, each.name, each.n);
    if (!kept) return rni_fail(RN_ERR_MEMORY, "%s: no memory", claim->system->about.name);
    kept->n_done = each.n_done;
    return rni_read_exactly(reader, kept->values, n_bytes, "a piece");
}

static rn_status parse(rn_claim *claim, const char *path, const char *bytes, rn_index n_bytes)
{
    rn_index n_inside = 0;
    head first;
    rni_reader *reader = NULL;
    RNI_TRY(rni_seal_check(path, bytes, n_bytes, &n_inside, NULL));
    RNI_TRY(rni_memory_open(path, bytes, n_inside, &reader));
    rn_status status = read_head(claim, path, reader, &first);
    if (status == RN_OK) status = read_text(claim, reader, first.text_size);
    for (rn_index i = 0; status == RN_OK && i < first.n_kept; i++)
        status = read_kept(claim, path, reader);
    if (status == RN_OK) status = rni_read_end(reader);
    rni_reader_close(reader);
    return status;
}

static rn_status read_checkpoint(rn_claim *claim, const char *path)
{
    char words[WORDS];
    char *bytes = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(rni_file_read(path, MAX_BYTES, &bytes, &n_bytes));
    const rn_status status = parse(claim, path, bytes, n_bytes);
    rni_free(bytes);
    if (status != RN_ERR_FORMAT) return status;
    (void)snprintf(words, sizeof words, "%s", rn_last_message());
    return rni_fail(RN_ERR_FORMAT,
                    "%s; what this claim had worked out is lost: remove the folder %s and work it "
                    "out anew",
                    words, claim->folder);
}

/* ---- folders --------------------------------------------------------------------------------- */

static rn_status keep_name(rn_claim *claim, const char *path)
{
    claim->folder = rni_copy_text(path);
    return claim->folder ? RN_OK
                         : rni_fail(RN_ERR_MEMORY, "%s: no memory", claim->system->about.name);
}

static void tell(const rn_claim *claim)
{
    char words[WORDS];
    if (!claim->observer || !claim->observer->log) return;
    (void)snprintf(words, sizeof words, "%s: goes on with what %s keeps", claim->system->about.name,
                   claim->folder);
    claim->observer->log(claim->observer->user, RN_LOG_INFO, words);
}

/* A new folder, or an empty one. */
static rn_status open_empty(rn_claim *claim)
{
    RNI_TRY(rni_folder_create(claim->folder));
    return claim->lock ? RN_OK : rni_lock_take(claim->folder, &claim->lock);
}

/* A folder by name. A crash at the very first checkpoint leaves only a part of one. */
static rn_status open_named(rn_claim *claim)
{
    char path[RNI_PATH_SIZE];
    char part[RNI_PATH_SIZE];
    RNI_TRY(rni_path_join(claim->folder, RNI_CLAIM_CHECKPOINT, path));
    RNI_TRY(rni_path_join(claim->folder, "." RNI_CLAIM_CHECKPOINT ".part", part));
    const bool is_begun = access(path, F_OK) == 0 || access(part, F_OK) == 0;
    if (is_begun) RNI_TRY(rni_lock_take(claim->folder, &claim->lock));
    if (access(path, F_OK) != 0) {
        if (is_begun) RNI_TRY(rni_file_remove(part));
        return open_empty(claim);
    }
    RNI_TRY(read_checkpoint(claim, path));
    claim->is_resumed = true;
    tell(claim);
    return RN_OK;
}

rn_status rni_claim_open(rn_claim *claim, const rn_claim_options *options)
{
    char path[RNI_PATH_SIZE];
    if (!options->folder && !options->parent) return RN_OK;
    if (options->folder) {
        if (strlen(options->folder) >= sizeof path)
            return rni_fail(RN_ERR_ARGUMENT, "rn_claim_execute: the folder's name is too long");
        RNI_TRY(keep_name(claim, options->folder));
        return open_named(claim);
    }
    RNI_TRY(rni_folder_create_free(options->parent, claim->system->about.name, path));
    RNI_TRY(keep_name(claim, path));
    return rni_lock_take(claim->folder, &claim->lock);
}

rn_status rni_claim_finish(const rn_claim *claim)
{
    char path[RNI_PATH_SIZE];
    if (claim->n_kept == 0) return RN_OK;
    RNI_TRY(rni_path_join(claim->folder, RNI_CLAIM_CHECKPOINT, path));
    return rni_file_remove(path);
}

void rni_claim_close(rn_claim *claim)
{
    for (rn_index i = 0; i < claim->n_kept; i++)
        rni_free(claim->kept[i].values);
    rni_free(claim->kept);
    rni_lock_release(claim->lock);
    claim->kept = NULL;
    claim->n_kept = 0;
    claim->lock = NULL;
}
