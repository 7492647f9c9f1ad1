/*
 * Modes, shells and block sums. Squares are kept relative to the largest coupling, so that no
 * square of a finite input overflows and scaling the input changes nothing but the scale.
 */
#include "conditions/coupling_shells.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

static const char caller[] = "rn_couplings_measure";

rn_status rni_coupling_modes_create(const rn_coupling_input *input, rn_index first,
                                    rni_coupling_modes *out)
{
    const rn_index n = input->n - first;
    rn_index n_square = 0;
    rn_index n_doubles = 0;
    double *block = NULL;
    if (rni_size_mul(n, n, &n_square) && rni_size_mul(2, n_square + n, &n_doubles))
        block = rni_alloc(n_doubles, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for the couplings of %" PRId64 " modes",
                        caller, n);
    double *const inverse_root = block + n;
    *out = (rni_coupling_modes){
        .n = n, .s = block, .squares = block + 2 * n, .noise = block + 2 * n + n_square};
    for (rn_index u = 0; u < n; u++) {
        out->s[u] = log(input->lambda[first + u]);
        inverse_root[u] = 1.0 / sqrt(input->lambda[first + u]);
    }
    for (rn_index u = 0; u < n; u++)
        for (rn_index v = 0; v < u; v++) {
            const double mt = input->mt[(first + u) * input->n + first + v];
            const double coupling = fabs(mt * inverse_root[u] * inverse_root[v]);
            out->squares[u * n + v] = coupling;
            out->scale = fmax(out->scale, coupling);
        }
    if (!isfinite(out->scale)) {
        rni_coupling_modes_destroy(out);
        return rni_fail(RN_ERR_NONFINITE, "%s: mt/sqrt(lambda lambda) exceeds the range of doubles",
                        caller);
    }
    if (!(out->scale > 0.0)) out->scale = 1.0;
    for (rn_index u = 0; u < n; u++)
        for (rn_index v = 0; v < u; v++) {
            const double ratio = out->squares[u * n + v] / out->scale;
            out->squares[u * n + v] = ratio * ratio;
        }
    return RN_OK;
}

void rni_coupling_modes_destroy(rni_coupling_modes *modes)
{
    rni_free(modes->s);
    *modes = (rni_coupling_modes){0};
}

rn_status rni_coupling_shells_create(rn_index n, const double *s, double width, double shift,
                                     rni_coupling_shells *out)
{
    const double top = s[n - 1];
    const double n_shells = floor((top - s[0]) / width + shift) + 1.0;
    if (n_shells > RN_COUPLING_MAX_SHELLS)
        return rni_fail(RN_ERR_ARGUMENT,
                        "%s: width %g would need %.0f shells; at most %d are allowed, choose a "
                        "larger width",
                        caller, width, n_shells, RN_COUPLING_MAX_SHELLS);
    const rn_index count = (rn_index)n_shells;
    rn_index *const block = rni_alloc_zero(count + n, sizeof *block);
    if (!block)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for the shells of %" PRId64 " modes", caller,
                        n);
    *out = (rni_coupling_shells){.n = n,
                                 .n_shells = count,
                                 .width = width,
                                 .low = top + (shift - n_shells) * width,
                                 .modes = block,
                                 .shell = block + count};
    for (rn_index u = 0; u < n; u++) {
        const rn_index below_top = (rn_index)floor((top - s[u]) / width + shift);
        out->shell[u] = count - 1 - below_top;
        out->modes[out->shell[u]]++;
    }
    return RN_OK;
}

void rni_coupling_shells_destroy(rni_coupling_shells *shells)
{
    rni_free(shells->modes);
    *shells = (rni_coupling_shells){0};
}

double rni_coupling_shell_middle(const rni_coupling_shells *shells, rn_index i)
{
    return shells->low + ((double)i + 0.5) * shells->width;
}

void rni_coupling_sum_blocks(rn_index n, const double *squares, const rn_index *cell,
                             rn_index n_cells, double *sums)
{
    memset(sums, 0, (size_t)(n_cells * n_cells) * sizeof *sums);
    for (rn_index u = 0; u < n; u++) {
        double *const row = sums + cell[u] * n_cells;
        for (rn_index v = 0; v < u; v++)
            row[cell[v]] += squares[u * n + v];
    }
    for (rn_index c = 0; c < n_cells; c++)
        for (rn_index d = c + 1; d < n_cells; d++)
            sums[c * n_cells + d] += sums[d * n_cells + c];
}
