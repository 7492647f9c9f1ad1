/*
 * Keeping an unfinished matrix-free measurement: the steps of Lanczos, and rows of the tangent
 * between basis vectors. Both go on to the bit from what was kept.
 */
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "run/measure_free.h"
#include "spectra/lanczos.h"
#include "store/seal.h"

/* Numbers of a step of Lanczos beside its vector. */
enum { DIAGONAL, COUPLING, STRAY, SCALE, N_SCALARS };

void rni_free_keep_begin(rni_free_measure *x, const rni_moment *moment)
{
    const rn_index size = (rn_index)sizeof(double);
    x->unfinished = moment->unfinished;
    x->n_tangent_kept = 0;
    x->basis = (rni_free_series){.kind = RNI_UNFINISHED_BASIS};
    if (!x->unfinished) return;
    x->unfinished->every = x->settings->keep_every;
    x->key = rni_crc(0, x->error, x->n * size);
    x->key = rni_crc(x->key, moment->theta, x->stage->n_weights * size);
    x->basis.key = x->key;
}

static rn_index rows_at_once(rn_index length)
{
    return rni_max(1, RNI_UNFINISHED_BYTES / ((rn_index)sizeof(double) * length));
}

static void fill_row(double *row, rni_lanczos_step step, rn_index n)
{
    row[DIAGONAL] = step.diagonal;
    row[COUPLING] = step.coupling;
    row[STRAY] = step.stray;
    row[SCALE] = step.scale;
    memcpy(row + N_SCALARS, step.next, (size_t)n * sizeof *row);
}

rn_status rni_free_write_basis(rni_free_measure *x, rni_free_series *series,
                               const rn_lanczos *lanczos)
{
    const rn_index length = N_SCALARS + x->n;
    const rn_index most = rows_at_once(length);
    rni_unfinished_piece piece = {.key = series->key, .length = length};
    rn_status status = RN_OK;
    piece.rows = rni_alloc(most * length, sizeof *piece.rows);
    if (!piece.rows)
        return rni_fail(RN_ERR_MEMORY, "measure.matrix_free: no memory to keep what was found");
    while (status == RN_OK && series->n_kept < rn_lanczos_n_steps(lanczos)) {
        piece.first = series->n_kept;
        piece.count = rni_min(most, rn_lanczos_n_steps(lanczos) - piece.first);
        for (rn_index i = 0; i < piece.count; i++)
            fill_row(piece.rows + i * length, rni_lanczos_get(lanczos, piece.first + i), x->n);
        status = rni_unfinished_put(x->unfinished, series->kind, &piece);
        if (status == RN_OK) series->n_kept += piece.count;
    }
    rni_free(piece.rows);
    return status;
}

bool rni_free_is_time(const rni_free_measure *x, bool *should_stop)
{
    *should_stop = false;
    return x->unfinished && rni_unfinished_is_due(x->unfinished, should_stop);
}

rn_status rni_free_stop(const rni_free_measure *x, rn_index n_done, const char *what)
{
    return rni_fail(RN_INTERRUPTED,
                    "rn_run_execute: stopped while measuring at step %" PRId64 ", after %" PRId64
                    " products with the %s, which are kept",
                    x->unfinished->step, n_done, what);
}

rn_status rni_free_keep_basis(rni_free_measure *x, rni_free_series *series,
                              const rn_lanczos *lanczos)
{
    bool should_stop = false;
    if (!rni_free_is_time(x, &should_stop)) return RN_OK;
    RNI_TRY(rni_free_write_basis(x, series, lanczos));
    return should_stop ? rni_free_stop(x, rn_lanczos_n_steps(lanczos), "kernel") : RN_OK;
}

rn_status rni_free_load_basis(rni_free_measure *x, rni_free_series *series, rn_lanczos *lanczos)
{
    rn_status status = RN_OK;
    rni_unfinished_piece piece = {.key = series->key, .length = N_SCALARS + x->n};
    if (!x->unfinished) return RN_OK;
    do {
        piece.first = series->n_kept;
        RNI_TRY(rni_unfinished_get(x->unfinished, series->kind, &piece));
        for (rn_index i = 0; i < piece.count && status == RN_OK; i++) {
            const double *row = piece.rows + i * piece.length;
            status = rni_lanczos_put(lanczos, (rni_lanczos_step){.diagonal = row[DIAGONAL],
                                                                 .coupling = row[COUPLING],
                                                                 .stray = row[STRAY],
                                                                 .scale = row[SCALE],
                                                                 .next = row + N_SCALARS});
        }
        series->n_kept += piece.count;
        rni_free(piece.rows);
    } while (piece.count > 0 && status == RN_OK);
    return status;
}

rn_status rni_free_keep_tangent(rni_free_measure *x, const rn_lanczos *lanczos, rn_index n_rows,
                                rn_index k)
{
    bool should_stop = false;
    if (!rni_free_is_time(x, &should_stop)) return RN_OK;
    RNI_TRY(rni_free_write_basis(x, &x->basis, lanczos));
    if (n_rows > x->n_tangent_kept) {
        const rni_unfinished_piece piece = {.key = x->key,
                                            .first = x->n_tangent_kept,
                                            .count = n_rows - x->n_tangent_kept,
                                            .length = k,
                                            .rows = x->inner + x->n_tangent_kept * k};
        RNI_TRY(rni_unfinished_put(x->unfinished, RNI_UNFINISHED_TANGENT, &piece));
        x->n_tangent_kept = n_rows;
    }
    return should_stop ? rni_free_stop(x, n_rows, "kernel's tangent") : RN_OK;
}

rn_status rni_free_keep_all(rni_free_measure *x, const rn_lanczos *lanczos)
{
    const rn_index k = rn_lanczos_n_steps(lanczos);
    if (!x->settings->flux) return rni_free_keep_basis(x, &x->basis, lanczos);
    /* rows are symmetric by now, which the first of them, in their files, were not */
    if (x->unfinished) rni_unfinished_restart(x->unfinished, RNI_UNFINISHED_TANGENT);
    x->n_tangent_kept = 0;
    return rni_free_keep_tangent(x, lanczos, k, k);
}

rn_status rni_free_load_tangent(rni_free_measure *x, rn_index k)
{
    rni_unfinished_piece piece = {.key = x->key, .length = k};
    if (!x->unfinished) return RN_OK;
    do {
        piece.first = x->n_tangent_kept;
        RNI_TRY(rni_unfinished_get(x->unfinished, RNI_UNFINISHED_TANGENT, &piece));
        const rn_index count = rni_min(piece.count, k - piece.first);
        if (count > 0)
            memcpy(x->inner + piece.first * k, piece.rows, (size_t)(count * k) * sizeof *x->inner);
        x->n_tangent_kept += count;
        rni_free(piece.rows);
    } while (piece.count > 0);
    return RN_OK;
}
