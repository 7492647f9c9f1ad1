/*
 * Counting eigenvalues in a measurement, direction by direction, so that it can stop after any
 * product and go on from there.
 */
#include <renorm/op.h>

#include "core/memory.h"
#include "core/size.h"
#include "run/field.h"
#include "run/measure_free.h"
#include "shells/shell_counts.h"
#include "store/seal.h"

typedef struct counting {
    rni_free_measure *x;
    const rn_op *op;
    rn_index n_steps;
    rn_index n_shells;
    rn_index n_kept; /* rows that stand in files */
    double *rows;    /* [vectors x 2 n_shells] */
    double *vector;  /* [n] */
} counting;

static rn_status write_rows(counting *c, rn_index n_done)
{
    const rni_unfinished_piece piece = {.key = c->x->key,
                                        .first = c->n_kept,
                                        .count = n_done - c->n_kept,
                                        .length = 2 * c->n_shells,
                                        .rows = c->rows + 2 * c->n_kept * c->n_shells};
    if (piece.count < 1) return RN_OK;
    RNI_TRY(rni_unfinished_put(c->x->unfinished, RNI_UNFINISHED_COUNTS, &piece));
    c->n_kept = n_done;
    return RN_OK;
}

static rn_status load_rows(counting *c)
{
    const rn_index n_vectors = c->x->settings->count_vectors;
    rni_unfinished_piece piece = {.key = c->x->key, .length = 2 * c->n_shells};
    if (!c->x->unfinished) return RN_OK;
    do {
        piece.first = c->n_kept;
        RNI_TRY(rni_unfinished_get(c->x->unfinished, RNI_UNFINISHED_COUNTS, &piece));
        const rn_index count = rni_min(piece.count, n_vectors - c->n_kept);
        for (rn_index i = 0; i < count * piece.length; i++)
            c->rows[c->n_kept * piece.length + i] = piece.rows[i];
        c->n_kept += count;
        rni_free(piece.rows);
    } while (piece.count > 0);
    return RN_OK;
}

/* When it is time, writes what earlier directions have counted, and the steps of direction v. */
static rn_status keep(counting *c, rn_index v, rni_free_series *series, const rn_lanczos *lanczos)
{
    bool should_stop = false;
    if (!rni_free_is_time(c->x, &should_stop)) return RN_OK;
    RNI_TRY(write_rows(c, v));
    RNI_TRY(rni_free_write_basis(c->x, series, lanczos));
    if (!should_stop) return RN_OK;
    return rni_free_stop(c->x, v * c->n_steps + rn_lanczos_n_steps(lanczos),
                         "kernel that count eigenvalues");
}

static rn_status extend(counting *c, rn_index v, rni_free_series *series, rn_lanczos *lanczos)
{
    while (rn_lanczos_n_steps(lanczos) < c->n_steps && !rn_lanczos_is_exhausted(lanczos)) {
        RNI_TRY(rn_lanczos_extend(lanczos, rn_lanczos_n_steps(lanczos) + 1));
        const rn_status status = keep(c, v, series, lanczos);
        if (status != RN_OK) return status;
    }
    return RN_OK;
}

static rn_status count_one(counting *c, rn_index v)
{
    rni_free_measure *x = c->x;
    rn_lanczos *lanczos = NULL;
    rni_free_series series = {.kind = RNI_UNFINISHED_VECTOR};
    series.key = rni_crc(x->key, &v, (rn_index)sizeof v);
    if (x->unfinished) rni_unfinished_restart(x->unfinished, series.kind);
    rni_count_draw(x->stage->seed, v, x->n, c->vector);
    RNI_TRY(rn_lanczos_create(c->op, c->vector, c->n_steps, &lanczos));
    rn_status status = rni_free_load_basis(x, &series, lanczos);
    if (status == RN_OK) status = extend(c, v, &series, lanczos);
    const rn_jacobi rule = rn_lanczos_rule(lanczos, rn_lanczos_n_steps(lanczos));
    if (status == RN_OK) status = rni_count_row(&x->grid, &rule, c->rows + 2 * v * c->n_shells);
    rn_lanczos_destroy(lanczos);
    return status;
}

rn_status rni_free_count(rni_free_measure *x, const rn_op *op, rn_index n_steps,
                         rn_snapshot *snapshot)
{
    const rn_index n_vectors = x->settings->count_vectors;
    counting c = {.x = x, .op = op, .n_steps = n_steps};
    rn_index size = 0;
    c.n_shells = rn_shell_grid_size(&x->grid) - 1;
    if (rni_size_mul(2 * c.n_shells, n_vectors, &size) && rni_size_add(size, x->n, &size))
        c.vector = rni_alloc(size, sizeof *c.vector);
    if (!c.vector)
        return rni_fail(RN_ERR_MEMORY, "measure.matrix_free: no memory to count eigenvalues");
    c.rows = c.vector + x->n;
    rn_status status = load_rows(&c);
    for (rn_index v = c.n_kept; v < n_vectors && status == RN_OK; v++)
        status = count_one(&c, v);
    if (status == RN_OK)
        rni_count_finish(c.n_shells, x->n, n_vectors, c.rows, rni_writable(&snapshot->count),
                         rni_writable(&snapshot->count_error));
    rni_free(c.vector);
    return status;
}
