#include "tensor/host.h"

#include <string.h>

#include "backends/blas.h"
#include "core/memory.h"

static double *host_alloc(rn_index n)
{
    return rni_alloc(n, sizeof(double));
}

static void host_free(double *array)
{
    rni_free(array);
}

static void host_copy(rn_index n, const double *from, double *to)
{
    if (n > 0) memcpy(to, from, (size_t)n * sizeof *to);
}

static void host_fill(rn_index n, double value, double *out)
{
    for (rn_index i = 0; i < n; i++)
        out[i] = value;
}

static void host_sync(void)
{
}

rn_status rni_host_gemm(const rni_gemm_batch *batch, const double *const *in, double *const *out)
{
    const rni_gemm_batch *g = batch;
    rn_index index[RNI_VIEW_RANK] = {0};
    rn_index at[3] = {0};
    do {
        const rn_status status =
            rni_gemm(g->trans_a, g->trans_b, g->m, g->n, g->k, g->alpha, in[0] + at[0], g->lda,
                     in[1] + at[1], g->ldb, g->beta, out[0] + at[2], g->ldc);
        if (status < 0) return status;
    } while (rni_nest_next(g->rank, g->dims, index, 3, g->strides, at));
    return RN_OK;
}

const rni_device *rni_device_host(void)
{
    static const rni_device host = {
        .name = "host",
        .alloc = host_alloc,
        .free = host_free,
        .to_device = host_copy,
        .to_host = host_copy,
        .fill = host_fill,
        .gemm = rni_host_gemm,
        .elementwise = rni_host_elementwise,
        .reduce = rni_host_reduce,
        .move = rni_host_move,
        .gather = rni_host_gather,
        .scatter_add = rni_host_scatter_add,
        .sync = host_sync,
    };
    return &host;
}
