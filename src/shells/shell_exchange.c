/*
 * Energy exchanged between sharp shells by rotating eigenvectors (Kato's form).
 *
 *     Omega_uv = mt_uv/(lambda_u - lambda_v),   g_u' = -lambda_u g_u + sum_v Omega_uv g_v
 *     T_ab = (1/N) sum_{u in a, v in b} Omega_uv g_u g_v = -T_ba
 *
 * Modes in one shell are neighbours in the ascending order, so a shell is a range of modes, and
 * only pairs in different ranges are visited: their eigenvalues differ.
 */
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "shells/shell_flux.h"
#include "shells/shell_grid.h"

/* Line of a mode: its shell, or `below` under the bottom boundary. */
static rn_index line_of(const rn_shell_grid *grid, double lambda, rn_index below)
{
    const double place = lambda > 0.0 ? floor(log(lambda) / grid->width) - (double)grid->low : -1.0;
    return place < 0.0 ? below : (rn_index)place; /* the grid reaches above every mode */
}

/* What mode u gains from all modes v before its own line, spread over lines. */
static void add_row(const rn_shell_input *input, const rn_index *lines, rn_index n_lines,
                    rn_index u, double *exchange)
{
    const double *mt = input->mt + u * input->n;
    const rn_index a = lines[u];
    const double scale = input->g[u] / (double)input->n_samples;
    rn_index v = 0;
    while (v < u && lines[v] != a) {
        const rn_index b = lines[v];
        double sum = 0.0;
        for (; v < u && lines[v] == b; v++)
            sum += input->g[v] * mt[v] / (input->lambda[u] - input->lambda[v]);
        exchange[a * n_lines + b] += scale * sum;
    }
}

static bool all_finite(rn_index count, const double *values)
{
    for (rn_index k = 0; k < count; k++)
        if (!isfinite(values[k])) return false;
    return true;
}

rn_status rn_shell_exchange(const rn_shell_grid *grid, const rn_shell_input *input,
                            double *exchange)
{
    static const char caller[] = "rn_shell_exchange";
    RNI_TRY(rni_grid_check(caller, grid));
    RNI_TRY(rni_shell_input_check(caller, input));
    if (!input->mt || !exchange)
        return rni_fail(RN_ERR_ARGUMENT, "%s: input->mt or exchange is NULL", caller);
    RNI_TRY(rni_grid_check_top(caller, grid, rni_lambda_max(input)));

    const rn_index n_lines = rn_shell_grid_size(grid);
    const rn_index count = n_lines * n_lines; /* at most 4096^2 */
    double *work = rni_alloc(count + input->n, sizeof *work);
    if (!work)
        return rni_fail(RN_ERR_MEMORY, "%s: no memory for %" PRId64 " lines", caller, n_lines);
    memset(work, 0, (size_t)count * sizeof *work);
    rn_index *lines = (rn_index *)(void *)(work + count);
    for (rn_index u = 0; u < input->n; u++)
        lines[u] = line_of(grid, input->lambda[u], n_lines - 1);
    for (rn_index u = 0; u < input->n; u++)
        add_row(input, lines, n_lines, u, work);

    /* Rows hold the gain of higher modes from lower ones; the lower lose it. */
    for (rn_index a = 0; a < n_lines; a++)
        for (rn_index b = 0; b < a; b++) {
            const double gain = work[a * n_lines + b] - work[b * n_lines + a];
            work[a * n_lines + b] = gain;
            work[b * n_lines + a] = -gain;
        }
    rn_status status = RN_OK;
    if (all_finite(count, work))
        memcpy(exchange, work, (size_t)count * sizeof *work);
    else
        status = rni_fail(RN_ERR_NONFINITE, "%s: mt contains NaN or infinity, or the sum overflows",
                          caller);
    rni_free(work);
    return status;
}
