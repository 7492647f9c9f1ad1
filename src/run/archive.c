/*
 * Reading states; see the header.
 */
#include "run/archive.h"

#include <math.h>
#include <renorm/spectra.h>
#include <string.h>

#include "backends/blas.h"
#include "backends/zip.h"
#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "core/text.h"
#include "data/npy.h"

/* Of its largest entry, how far a kernel may be from symmetric: kernels in single precision pass.
 */
#define ASYMMETRY 1e-6

/* An entry's stream and head. */
static rn_status open_array(const char *path, const char *array, rni_reader **reader,
                            rni_array_head *head)
{
    rni_text entry = {0};
    rni_text_add(&entry, "%s.npy", array);
    rn_status status = entry.is_broken ? rni_fail(RN_ERR_MEMORY, "%s: no memory", path)
                                       : rni_zip_open(path, rni_text_get(&entry), reader);
    rni_text_clear(&entry);
    if (status < 0) return status;
    status = rni_npy_read_head(*reader, head);
    if (status < 0) rni_reader_close(*reader);
    return status;
}

/* ---- HDF5 ------------------------------------------------------------------------------------ */

static const char *const array_names[RNI_ARCHIVE_ARRAYS] = {
    "time", "residual", "samples", "kernel", "jacobian", "kernel_rate", "residual_rate"};

static rn_status look_at_start(const char *path, bool *is_hdf5)
{
    static const char magic[] = "\x89HDF\r\n\x1a\n";
    char start[sizeof magic - 1] = "";
    rni_reader *reader = NULL;
    rn_index n_got = 0;
    RNI_TRY(rni_file_open(path, &reader));
    const rn_status status = rni_read(reader, start, (rn_index)sizeof start, &n_got);
    rni_reader_close(reader);
    *is_hdf5 = n_got == (rn_index)sizeof start && memcmp(start, magic, sizeof start) == 0;
    return status;
}

static rn_status open_hdf5(rni_archive *a)
{
    for (int i = 0; i < RNI_ARCHIVE_ARRAYS; i++)
        a->arrays[i].name = array_names[i];
    return rni_image_read_foreign(a->path, RNI_ARCHIVE_ARRAYS, a->arrays, &a->image);
}

/* NULL: it has no array of that name. */
static const rni_image_array *find_array(const rni_archive *a, const char *array)
{
    for (int i = 0; i < RNI_ARCHIVE_ARRAYS; i++)
        if (strcmp(a->arrays[i].name, array) == 0)
            return a->arrays[i].is_found ? &a->arrays[i] : NULL;
    return NULL;
}

/* out := count numbers from `first` on, all finite. */
static rn_status copy_numbers(const rni_archive *a, const char *array, rn_index first,
                              rn_index count, double *out)
{
    const rni_image_array *from = find_array(a, array);
    if (!from || first + count > from->count)
        return rni_fail(RN_ERR_INTERNAL, "%s: %s was not looked at", a->path, array);
    for (rn_index k = 0; k < count; k++) {
        out[k] = from->values[first + k];
        if (!isfinite(out[k]))
            return rni_fail(RN_ERR_FORMAT,
                            "%s: %s holds %s at number %" PRId64 ", expected finite numbers",
                            a->path, array, isnan(out[k]) ? "NaN" : "an infinity", first + k);
    }
    return RN_OK;
}

/* ---- both ------------------------------------------------------------------------------------ */

/* *found: the array is there; then its head. */
static rn_status look_for(const rni_archive *a, const char *array, bool *found,
                          rni_array_head *head)
{
    if (a->is_hdf5) {
        const rni_image_array *from = find_array(a, array);
        *found = from != NULL;
        if (!from) return RN_OK;
        *head = (rni_array_head){.rank = from->rank};
        for (int k = 0; k < from->rank; k++)
            head->shape[k] = from->dims[k];
        if (from->count > 0) return RN_OK;
        return rni_fail(RN_ERR_FORMAT, "%s: %s is empty, expected numbers", a->path, array);
    }
    rni_text entry = {0};
    rni_text_add(&entry, "%s.npy", array);
    const rn_status status = entry.is_broken ? rni_fail(RN_ERR_MEMORY, "%s: no memory", a->path)
                                             : rni_zip_has(a->path, rni_text_get(&entry), found);
    rni_text_clear(&entry);
    RNI_TRY(status);
    if (!*found) return RN_OK;
    rni_reader *reader = NULL;
    RNI_TRY(open_array(a->path, array, &reader, head));
    rni_reader_close(reader);
    return RN_OK;
}

static rn_status look(const rni_archive *a, const char *array, rni_array_head *head)
{
    bool found = false;
    RNI_TRY(look_for(a, array, &found, head));
    if (found) return RN_OK;
    return rni_fail(RN_ERR_FORMAT, "%s: has no array '%s', expected one", a->path, array);
}

static rn_status expect(const char *path, const char *array, const rni_array_head *head, int rank,
                        rn_index first, rn_index second, rn_index third)
{
    const rn_index wanted[3] = {first, second, third};
    bool is_right = head->rank == rank;
    for (int k = 0; k < rank && is_right; k++)
        is_right = wanted[k] < 0 || head->shape[k] == wanted[k];
    if (is_right) return RN_OK;
    rni_text found = {0};
    for (int k = 0; k < head->rank; k++)
        rni_text_add(&found, "%s%" PRId64, k ? ", " : "", head->shape[k]);
    const rn_status status =
        rank == 1 ? rni_fail(RN_ERR_FORMAT, "%s: %s has the shape [%s], expected [%" PRId64 "]",
                             path, array, rni_text_get(&found), first)
        : rank == 2
            ? rni_fail(RN_ERR_FORMAT,
                       "%s: %s has the shape [%s], expected [T, n] = [%" PRId64 ", %" PRId64 "]",
                       path, array, rni_text_get(&found), first, second)
            : rni_fail(RN_ERR_FORMAT,
                       "%s: %s has the shape [%s], expected [%" PRId64 ", %" PRId64 ", %s]", path,
                       array, rni_text_get(&found), first, second, third < 0 ? "P" : "n");
    rni_text_clear(&found);
    return status;
}

static rn_status read_all(const rni_archive *a, const char *array, rn_index count, double *out)
{
    if (a->is_hdf5) return copy_numbers(a, array, 0, count, out);
    rni_reader *reader = NULL;
    rni_array_head head = {0};
    RNI_TRY(open_array(a->path, array, &reader, &head));
    const rn_status status = rni_array_read(reader, &head, NULL, out);
    rni_reader_close(reader);
    return status;
}

static rn_status read_samples(rni_archive *a)
{
    rni_array_head head = {0};
    bool found = false;
    double count = (double)a->n_rows;
    RNI_TRY(look_for(a, "samples", &found, &head));
    if (found) {
        RNI_TRY(expect(a->path, "samples", &head, 1, 1, 0, 0));
        RNI_TRY(read_all(a, "samples", 1, &count));
    }
    if (!(count >= 1.0) || count > (double)a->n_rows || count > floor(count))
        return rni_fail(RN_ERR_FORMAT,
                        "%s: samples is %g, expected a whole number from 1 to the %" PRId64 " rows",
                        a->path, count, a->n_rows);
    a->n_samples = (rn_index)count;
    return RN_OK;
}

/* kernel or jacobian. */
static rn_status look_at_kernel(rni_archive *a)
{
    rni_array_head head = {0};
    bool has_kernel = false;
    RNI_TRY(look_for(a, "kernel", &has_kernel, &head));
    if (has_kernel) return expect(a->path, "kernel", &head, 3, a->n_states, a->n_rows, a->n_rows);
    RNI_TRY(look(a, "jacobian", &head));
    RNI_TRY(expect(a->path, "jacobian", &head, 3, a->n_states, a->n_rows, -1));
    a->n_weights = head.shape[2];
    return RN_OK;
}

/* The arrays that may be missing. */
static rn_status look_at_rates(rni_archive *a)
{
    rni_array_head head = {0};
    RNI_TRY(look_for(a, "kernel_rate", &a->has_rate, &head));
    if (a->has_rate)
        RNI_TRY(expect(a->path, "kernel_rate", &head, 3, a->n_states, a->n_rows, a->n_rows));
    RNI_TRY(look_for(a, "residual_rate", &a->has_residual_rate, &head));
    if (!a->has_residual_rate) return RN_OK;
    return expect(a->path, "residual_rate", &head, 2, a->n_states, a->n_rows, 0);
}

static rn_status read_times(rni_archive *a)
{
    a->time = rni_alloc(a->n_states, sizeof *a->time);
    a->slots = rni_alloc(a->n_states, sizeof *a->slots);
    if (!a->time || !a->slots)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " times", a->path, a->n_states);
    RNI_TRY(read_all(a, "time", a->n_states, a->time));
    for (rn_index i = 0; i < a->n_states; i++) {
        a->slots[i] = -1;
        if (i > 0 && !(a->time[i] > a->time[i - 1]))
            return rni_fail(RN_ERR_FORMAT, "%s: time[%" PRId64 "] is %g after %g, expected more",
                            a->path, i, a->time[i], a->time[i - 1]);
    }
    return RN_OK;
}

/* n, T and N. */
static rn_status look_at_sizes(rni_archive *a)
{
    rni_array_head head = {0};
    RNI_TRY(look(a, "residual", &head));
    RNI_TRY(expect(a->path, "residual", &head, 2, -1, -1, 0));
    a->n_states = head.shape[0];
    a->n_rows = head.shape[1];
    if (a->n_rows > RN_SPECTRA_MAX_N)
        return rni_fail(RN_ERR_UNSUPPORTED,
                        "%s: residual has %" PRId64 " rows, expected at most %d", a->path,
                        a->n_rows, RN_SPECTRA_MAX_N);
    RNI_TRY(look(a, "time", &head));
    RNI_TRY(expect(a->path, "time", &head, 1, a->n_states, 0, 0));
    return read_samples(a);
}

static rn_status fill(rni_archive *a)
{
    RNI_TRY(look_at_start(a->path, &a->is_hdf5));
    if (a->is_hdf5) RNI_TRY(open_hdf5(a));
    RNI_TRY(look_at_sizes(a));
    RNI_TRY(look_at_kernel(a));
    RNI_TRY(look_at_rates(a));
    return read_times(a);
}

rn_status rni_archive_open(const char *path, rni_archive *out)
{
    rni_archive made = {.path = path};
    const rn_status status = fill(&made);
    if (status < 0) {
        rni_archive_clear(&made);
        return status;
    }
    *out = made;
    return RN_OK;
}

void rni_archive_clear(rni_archive *archive)
{
    rni_free(archive->time);
    rni_free(archive->slots);
    rni_image_clear(&archive->image);
    *archive = (rni_archive){0};
}

rn_status rni_archive_read(const rni_archive *archive, const char *array, rn_index i, double *out)
{
    if (archive->is_hdf5) {
        const rni_image_array *from = find_array(archive, array);
        const rn_index size = from ? from->count / archive->n_states : 0;
        return copy_numbers(archive, array, i * size, size, out);
    }
    rni_reader *reader = NULL;
    rni_array_head head = {0};
    RNI_TRY(open_array(archive->path, array, &reader, &head));
    archive->slots[i] = 0;
    const rn_status status = rni_array_read(reader, &head, archive->slots, out);
    archive->slots[i] = -1;
    rni_reader_close(reader);
    return status;
}

rn_status rni_archive_symmetrise(const rni_archive *archive, const char *array, rn_index i,
                                 double *m)
{
    const rn_index n = archive->n_rows;
    double largest = 0.0;
    double worst = 0.0;
    for (rn_index r = 0; r < n; r++)
        for (rn_index c = 0; c <= r; c++) {
            const double upper = m[c * n + r];
            const double lower = m[r * n + c];
            largest = fmax(largest, fmax(fabs(upper), fabs(lower)));
            worst = fmax(worst, fabs(upper - lower));
            m[r * n + c] = m[c * n + r] = 0.5 * (upper + lower);
        }
    if (worst <= ASYMMETRY * largest) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: %s[%" PRId64 "] is not symmetric: entries differ from their mirror images "
                    "by up to %g, the largest is %g",
                    archive->path, array, i, worst, largest);
}

rn_status rni_archive_kernel(const rni_archive *archive, rn_index i, double *m, double *work)
{
    const rn_index n = archive->n_rows;
    if (archive->n_weights == 0) {
        RNI_TRY(rni_archive_read(archive, "kernel", i, m));
        return rni_archive_symmetrise(archive, "kernel", i, m);
    }
    RNI_TRY(rni_archive_read(archive, "jacobian", i, work));
    RNI_TRY(rni_syrk(false, n, archive->n_weights, 1.0 / (double)archive->n_samples, work,
                     archive->n_weights, 0.0, m, n));
    for (rn_index r = 0; r < n; r++)
        for (rn_index c = 0; c < r; c++)
            m[c * n + r] = m[r * n + c];
    return RN_OK;
}
