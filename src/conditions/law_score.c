/*
 * Left-out blocks. The table is cut into blocks of consecutive times and boundaries; each is left
 * out once and predicted by every model from the rest. Blocks, since neighbours share modes: a
 * single cell left out would be predicted by its neighbours' noise.
 */
#include "conditions/law_score.h"

#include <math.h>

#include "core/memory.h"
#include "core/size.h"

/* Sums over left-out cells, law, quadratic, free, mean. */
enum { LAW, QUADRATIC, FREE, MEAN, N_MODELS };

typedef struct scorer {
    const rni_cells *cells;
    bool *keep; /* [count] */
    double *f;  /* [n_boundaries] */
    double *g;  /* [n_times] */
    double sum[N_MODELS];
    double total;
    bool is_defined;
} scorer;

/* Leaves the block out and adds the errors of its cells. */
static void leave_out(scorer *x, rn_index i0, rn_index i1, rn_index b0, rn_index b1)
{
    const rni_cells *cells = x->cells;
    rni_fit fits[N_MODELS] = {0};
    rn_index n_left_out = 0;
    for (rn_index k = 0; k < cells->count; k++) {
        const rni_cell *c = &cells->at[k];
        x->keep[k] = c->i < i0 || c->i >= i1 || c->b < b0 || c->b >= b1;
        n_left_out += !x->keep[k];
    }
    if (n_left_out == 0) return;
    x->is_defined &= rni_fit_cells(cells, RNI_TERMS_LAW, x->keep, NULL, &fits[LAW])
                     && rni_fit_cells(cells, RNI_TERMS_QUADRATIC, x->keep, NULL, &fits[QUADRATIC])
                     && rni_fit_cells(cells, RNI_TERMS_MEAN, x->keep, NULL, &fits[MEAN]);
    if (!x->is_defined) return;
    rni_fit_free(cells, x->keep, x->f, x->g);
    for (rn_index k = 0; k < cells->count; k++) {
        const rni_cell *c = &cells->at[k];
        const double free = x->f[c->b] + x->g[c->i];
        if (x->keep[k] || !isfinite(free)) continue;
        const double guess[N_MODELS] = {rni_fit_at(&fits[LAW], c), rni_fit_at(&fits[QUADRATIC], c),
                                        free, rni_fit_at(&fits[MEAN], c)};
        for (int m = 0; m < N_MODELS; m++)
            x->sum[m] += c->weight * (c->y - guess[m]) * (c->y - guess[m]);
        x->total += c->weight;
    }
}

rn_status rni_law_score(const rni_cells *cells, rn_index block_times, rn_velocity_law *law)
{
    scorer x = {.cells = cells, .is_defined = true};
    x.keep = rni_alloc(cells->count, sizeof *x.keep);
    x.f = rni_alloc(cells->n_boundaries, sizeof *x.f);
    x.g = rni_alloc(cells->n_times, sizeof *x.g);
    rn_status status = RN_OK;
    if (!x.keep || !x.f || !x.g)
        status = rni_fail(RN_ERR_MEMORY, "rn_velocity_law_fit: no memory for %" PRId64 " cells",
                          cells->count);
    for (rn_index i = 0; i < cells->n_times && status == RN_OK; i += block_times)
        for (rn_index b = 0; b < cells->n_boundaries; b += RNI_LAW_BLOCK_WIDTH)
            leave_out(&x, i, i + block_times, b, b + RNI_LAW_BLOCK_WIDTH);
    if (status == RN_OK && x.is_defined && x.total > 0.0) {
        law->score_law = x.sum[LAW] / x.total;
        law->score_quadratic = x.sum[QUADRATIC] / x.total;
        law->score_free = x.sum[FREE] / x.total;
        law->score_mean = x.sum[MEAN] / x.total;
    }
    rni_free(x.keep);
    rni_free(x.f);
    rni_free(x.g);
    return status;
}
