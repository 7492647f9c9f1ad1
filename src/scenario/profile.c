#include "scenario/profile.h"

#include <math.h>
#include <stdbool.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "core/status.h"
#include "data/csv.h"

rn_status rni_profile_create(rn_index n_times, rn_index n_s, rni_profile *out)
{
    rn_index count;
    double *block = NULL;
    if (rni_size_mul(n_times, n_s, &count) && rni_size_add(count, n_times + n_s, &count))
        block = rni_alloc_zero(count, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY, "no memory for %" PRId64 " times of %" PRId64 " values",
                        n_times, n_s);
    *out = (rni_profile){.n_times = n_times,
                         .n_s = n_s,
                         .times = block,
                         .s = block + n_times,
                         .values = block + n_times + n_s};
    return RN_OK;
}

void rni_profile_clear(rni_profile *profile)
{
    rni_free(profile->times);
    *profile = (rni_profile){0};
}

/* The last of n ascending values that is <= x; 0 if none is. */
static rn_index find(rn_index n, const double *values, double x)
{
    rn_index low = 0;
    rn_index high = n;
    while (high - low > 1) {
        const rn_index middle = low + (high - low) / 2;
        if (values[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Weight of values[i + 1] at x, 0 beyond the ends. */
static double share(rn_index n, const double *values, rn_index i, double x)
{
    if (i + 1 >= n || x <= values[i]) return 0.0;
    return fmin((x - values[i]) / (values[i + 1] - values[i]), 1.0);
}

void rni_profile_at(const rni_profile *profile, double t, rn_index n, const double *s,
                    double *values)
{
    const rn_index k = find(profile->n_times, profile->times, t);
    const double late = share(profile->n_times, profile->times, k, t);
    const double *const row = profile->values + k * profile->n_s;
    const double *const next = late > 0.0 ? row + profile->n_s : row;
    for (rn_index i = 0; i < n; i++) {
        const rn_index j = find(profile->n_s, profile->s, s[i]);
        const double high = share(profile->n_s, profile->s, j, s[i]);
        const rn_index up = high > 0.0 ? j + 1 : j;
        values[i] = (1.0 - late) * ((1.0 - high) * row[j] + high * row[up])
                    + late * ((1.0 - high) * next[j] + high * next[up]);
    }
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool is_same(double a, double b)
{
    return !(a < b) && !(b < a);
}

typedef struct table {
    const char *path;
    const rni_csv *csv;
    rn_index s, t, value; /* columns; t may be -1 */
} table;

static double cell(const table *x, rn_index row, rn_index column)
{
    return column < 0 ? 0.0 : x->csv->values[row * x->csv->n_columns + column];
}

static rn_status fill_from_table(const table *x, rni_profile *out)
{
    const rn_index n_rows = x->csv->n_rows;
    rn_index n_s = 1;
    while (n_s < n_rows && is_same(cell(x, n_s, x->t), cell(x, 0, x->t)))
        n_s++;
    if (n_rows % n_s != 0)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %" PRId64 " lines with %" PRId64 " at the first t, expected as "
                        "many at every t",
                        x->path, n_rows, n_s);
    RNI_TRY(rni_profile_create(n_rows / n_s, n_s, out));
    for (rn_index row = 0; row < n_rows; row++) {
        const rn_index k = row / n_s;
        const rn_index i = row % n_s;
        const double t = cell(x, row, x->t);
        const double s = cell(x, row, x->s);
        const bool is_first = i == 0 && (k == 0 || t > out->times[k - 1]);
        const bool is_next = i > 0 && is_same(t, out->times[k]) && s > out->s[i - 1];
        if (!(is_first || is_next) || (k > 0 && !is_same(s, out->s[i])))
            return rni_fail(RN_ERR_FORMAT,
                            "%s:%" PRId64 ": found t = %g, s = %g, expected lines by ascending t, "
                            "then s, and the same s at every t",
                            x->path, row + 2, t, s);
        out->times[k] = t;
        out->s[i] = s;
        out->values[row] = cell(x, row, x->value);
    }
    return RN_OK;
}

rn_status rni_profile_read(const char *path, const char *name, rni_profile *out)
{
    rni_reader *reader = NULL;
    rni_csv csv = {0};
    RNI_TRY(rni_file_open(path, &reader));
    rn_status status = rni_csv_read(reader, true, &csv);
    rni_reader_close(reader);
    if (status < 0) return status;
    const table x = {.path = path,
                     .csv = &csv,
                     .s = rni_csv_find(&csv, "s"),
                     .t = rni_csv_find(&csv, "t"),
                     .value = rni_csv_find(&csv, name)};
    if (x.s < 0 || x.value < 0)
        status = rni_fail(RN_ERR_FORMAT, "%s: expected the columns s and %s%s", path, name,
                          x.s < 0 ? ", found no s" : "");
    else
        status = fill_from_table(&x, out);
    if (status < 0) rni_profile_clear(out);
    rni_csv_clear(&csv);
    return status;
}

/* ---- runs ------------------------------------------------------------------------------------ */

static bool has_value(const rn_snapshot *at, const double *values, double least, rn_index i)
{
    double largest = 0.0;
    if (!isfinite(values[i])) return false;
    if (!(least > 0.0)) return true;
    for (rn_index k = 0; k < at->n_boundaries; k++)
        largest = fmax(largest, at->density[k]); /* NaN is left out */
    return at->density[i] >= least * largest && largest > 0.0;
}

/* *found := the value at the boundary nearest to s that has one; false: none has. */
static bool nearest(const rn_snapshot *at, const double *values, double least, double s,
                    double *found)
{
    double distance = (double)INFINITY;
    for (rn_index i = 0; i < at->n_boundaries; i++) {
        const double d = fabs(at->s[i] - s);
        if (d < distance - 1e-9 && has_value(at, values, least, i)) {
            distance = d;
            *found = values[i];
        }
    }
    return isfinite(distance);
}

rn_status rni_profile_of_run(const rn_folder *folder, const char *name, rni_boundaries_fn quantity,
                             double least, rni_profile *out)
{
    const rn_index n_times = rn_folder_n_snapshots(folder);
    double low = (double)INFINITY;
    double high = -(double)INFINITY;
    double width = 0.0;
    for (rn_index k = 0; k < n_times; k++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, k);
        if (at->n_boundaries < 2) continue;
        low = fmin(low, at->s[0]);
        high = fmax(high, at->s[at->n_boundaries - 1]);
        width = at->width;
    }
    if (!(low < high) || !(width > 0.0))
        return rni_fail(RN_ERR_DOMAIN, "%s: no measurement has shells", rn_folder_path(folder));
    const rn_index n_s = (rn_index)llround((high - low) / width) + 1;
    RNI_TRY(rni_profile_create(n_times, n_s, out));
    for (rn_index i = 0; i < n_s; i++)
        out->s[i] = low + (double)i * width;
    rn_index n_kept = 0;
    for (rn_index k = 0; k < n_times; k++) {
        const rn_snapshot *at = rn_folder_snapshot(folder, k);
        const double *const values = quantity(at);
        double *const row = out->values + n_kept * n_s;
        bool is_known = true;
        for (rn_index i = 0; i < n_s && is_known; i++)
            is_known = nearest(at, values, least, out->s[i], &row[i]);
        if (is_known) out->times[n_kept++] = at->record.time;
    }
    out->n_times = n_kept;
    if (n_kept > 0) return RN_OK;
    rni_profile_clear(out);
    return rni_fail(RN_ERR_DOMAIN, "%s: no measurement has a %s", rn_folder_path(folder), name);
}
