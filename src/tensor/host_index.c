/*
 * Rows picked by number, on the host. Sums of scatter_add run in the order of the index array.
 */
#include <math.h>
#include <string.h>

#include "core/status.h"
#include "tensor/host.h"

/* The row number an entry means, or -1. NaN fails every comparison. */
static rn_index row_of(double entry, rn_index n_rows)
{
    if (!(entry >= 0.0 && entry < (double)n_rows)) return -1;
    const rn_index row = (rn_index)entry;
    return fabs((double)row - entry) > 0.0 ? -1 : row;
}

static rn_status bad_entry(const rni_rows_by_index *rows, rn_index entry, double value)
{
    return rni_fail(RN_ERR_DOMAIN,
                    "entry %" PRId64
                    " of the index is %g, expected a whole number in 0 .. %" PRId64,
                    entry, value, rows->n_rows - 1);
}

rn_status rni_host_gather(const rni_rows_by_index *rows, const double *const *in,
                          double *const *out)
{
    const rn_index width = rows->width;
    const double *table = in[0];
    double *to = out[0];
    for (rn_index b = 0, entry = 0; b < rows->n_batch; b++, table += rows->n_rows * width)
        for (rn_index t = 0; t < rows->n_index; t++, entry++, to += width) {
            const rn_index row = row_of(in[1][entry], rows->n_rows);
            if (row < 0) return bad_entry(rows, entry, in[1][entry]);
            memcpy(to, table + row * width, (size_t)width * sizeof *to);
        }
    return RN_OK;
}

rn_status rni_host_scatter_add(const rni_rows_by_index *rows, const double *const *in,
                               double *const *out)
{
    const rn_index width = rows->width;
    const double *from = in[0];
    double *table = out[0];
    memset(table, 0, (size_t)(rows->n_batch * rows->n_rows * width) * sizeof *table);
    for (rn_index b = 0, entry = 0; b < rows->n_batch; b++, table += rows->n_rows * width)
        for (rn_index t = 0; t < rows->n_index; t++, entry++, from += width) {
            const rn_index row = row_of(in[1][entry], rows->n_rows);
            if (row < 0) return bad_entry(rows, entry, in[1][entry]);
            double *to = table + row * width;
            for (rn_index i = 0; i < width; i++)
                to[i] += from[i];
        }
    return RN_OK;
}
