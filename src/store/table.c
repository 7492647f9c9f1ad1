/*
 * Comma-separated tables; see the header for the form of numbers.
 */
#include "store/table.h"

#include <inttypes.h>
#include <math.h>

void rni_table_header(rni_text *out, rn_index n_columns, const char *const *names)
{
    for (rn_index i = 0; i < n_columns; i++)
        rni_text_add(out, i ? ",%s" : "%s", names[i]);
    rni_text_add(out, "\n");
}

static void add_real(rni_text *out, double value)
{
    char digits[RNI_REAL_SIZE];
    if (isnan(value)) return;
    if (isinf(value)) {
        rni_text_add(out, value > 0 ? "inf" : "-inf");
        return;
    }
    rni_real_format(value, digits);
    rni_text_add(out, "%s", digits);
}

void rni_table_row(rni_text *out, rn_index n_cells, const rni_cell *cells)
{
    for (rn_index i = 0; i < n_cells; i++) {
        if (i) rni_text_add(out, ",");
        if (cells[i].is_real)
            add_real(out, cells[i].real);
        else
            rni_text_add(out, "%" PRId64, cells[i].integer);
    }
    rni_text_add(out, "\n");
}
