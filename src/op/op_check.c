/*
 * Defects of an operator, measured on random vectors: an operator that is wrong anywhere is wrong
 * on almost every Gaussian vector.
 */
#include <math.h>
#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/status.h"
#include "op/op.h"

/* Columns of a block call: u, v, u + 2 v. */
enum { N_COLUMNS = 3 };

typedef struct probes {
    double *block;
    double *x;     /* [cols x 3] u, v, u + 2 v */
    double *w;     /* [rows] against A v */
    double *y;     /* [rows x 3] A x, one call */
    double *alone; /* [rows] one column by itself */
    double *back;  /* [cols] A^T w */
} probes;

static bool probes_create(probes *p, rn_index rows, rn_index cols)
{
    rn_index n_doubles = 0;
    if (!rni_size_mul(N_COLUMNS + 2, rows + cols, &n_doubles)) return false;
    p->block = rni_alloc(n_doubles, sizeof *p->block);
    if (!p->block) return false;
    p->x = p->block;
    p->back = p->x + N_COLUMNS * cols;
    p->w = p->back + cols;
    p->y = p->w + rows;
    p->alone = p->y + N_COLUMNS * rows;
    return true;
}

/* 0 / 0 is 0; a NaN stays. */
static double ratio(double numerator, double denominator)
{
    return numerator <= 0.0 ? 0.0 : numerator / denominator;
}

/* The larger; a NaN on either side stays. */
static double worse(double old, double found)
{
    return found <= old ? old : found;
}

static double distance(rn_index n, const double *x, const double *y, double *work)
{
    for (rn_index i = 0; i < n; i++)
        work[i] = x[i] - y[i];
    return rni_nrm2(n, work);
}

/* |y_2 - y_0 - 2 y_1| / (|y_0| + 2 |y_1|); uses `alone`. */
static double linearity(const probes *p, rn_index rows)
{
    const double *y0 = p->y;
    const double *y1 = y0 + rows;
    const double *y2 = y1 + rows;
    for (rn_index i = 0; i < rows; i++)
        p->alone[i] = y2[i] - y0[i] - 2.0 * y1[i];
    return ratio(rni_nrm2(rows, p->alone), rni_nrm2(rows, y0) + 2.0 * rni_nrm2(rows, y1));
}

static void draw(const probes *p, rn_index rows, rn_index cols, uint64_t seed, int trial)
{
    const rni_stream stream = {
        .seed = seed, .purpose = RNI_RNG_PROBE_VECTOR, .part = (uint32_t)trial};
    rni_rng_fill_normal(stream, 0, 2 * cols, p->x);
    rni_rng_fill_normal(stream, (uint64_t)(2 * cols), rows, p->w);
    for (rn_index i = 0; i < cols; i++)
        p->x[2 * cols + i] = p->x[i] + 2.0 * p->x[cols + i];
}

static rn_status run_trial(const rn_op *op, const probes *p, rn_op_defects *found)
{
    const rn_index rows = rn_op_rows(op);
    const rn_index cols = rn_op_cols(op);
    const double *v = p->x + cols;
    const double *av = p->y + rows;

    RNI_TRY(rn_op_apply(op, N_COLUMNS, p->x, cols, p->y, rows));
    found->linearity = worse(found->linearity, linearity(p, rows));
    for (rn_index j = 0; j < 2; j++) {
        RNI_TRY(rn_op_apply(op, 1, p->x + j * cols, cols, p->alone, rows));
        const double size = rni_nrm2(rows, p->alone);
        found->block =
            worse(found->block, ratio(distance(rows, p->alone, p->y + j * rows, p->alone), size));
    }
    if (rn_op_get_traits(op) == RN_OP_PSD) {
        const double scale = rni_nrm2(cols, v) * rni_nrm2(rows, av);
        found->negative = worse(found->negative, ratio(-rni_dot(rows, v, av), scale));
    }
    if (!rn_op_has_transpose(op)) return RN_OK;
    RNI_TRY(rn_op_apply_transpose(op, 1, p->w, rows, p->back, cols));
    const double defect = fabs(rni_dot(rows, p->w, av) - rni_dot(cols, p->back, v));
    const double scale =
        rni_nrm2(rows, p->w) * rni_nrm2(rows, av) + rni_nrm2(cols, p->back) * rni_nrm2(cols, v);
    found->adjoint = worse(found->adjoint, ratio(defect, scale));
    return RN_OK;
}

rn_status rn_op_check(const rn_op *op, int n_trials, uint64_t seed, rn_op_defects *out)
{
    if (!op || !out || n_trials < 1)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_op_check: found %d trials (or NULL), expected an operator, at least "
                        "one trial and a place for the result",
                        n_trials);
    const rn_index rows = rn_op_rows(op);
    const rn_index cols = rn_op_cols(op);
    probes p = {0};
    if (!probes_create(&p, rows, cols))
        return rni_fail(RN_ERR_MEMORY,
                        "rn_op_check: no memory for ten vectors of %" PRId64 " and %" PRId64
                        " numbers",
                        rows, cols);
    rn_op_defects found = {.adjoint = rn_op_has_transpose(op) ? 0.0 : (double)NAN};
    rn_status status = RN_OK;
    for (int trial = 0; trial < n_trials && status == RN_OK; trial++) {
        draw(&p, rows, cols, seed, trial);
        status = run_trial(op, &p, &found);
    }
    rni_free(p.block);
    if (status == RN_OK) *out = found;
    return status;
}
