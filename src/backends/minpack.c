/*
 * The one file that knows CMinpack.
 */
#include "backends/minpack.h"

#include <cminpack.h>
#include <limits.h>

#include "core/memory.h"
#include "core/status.h"

typedef struct call {
    rni_residuals_fn residuals;
    void *user;
} call;

static int evaluate(void *user, int m, int n, const double *x, double *values, int flag)
{
    (void)m;
    (void)n;
    (void)flag;
    const call *c = user;
    c->residuals(c->user, x, values);
    return 0;
}

rn_status rni_least_squares(rni_residuals_fn residuals, void *user, rn_index n,
                            rn_index n_residuals, double *x, double *sum)
{
    if (!residuals || !x || !sum || n < 1 || n > 64 || n_residuals < n || n_residuals > INT_MAX / 8)
        return rni_fail(RN_ERR_ARGUMENT, "rni_least_squares: an argument is NULL or out of range");
    const int m = (int)n_residuals;
    const int k = (int)n;
    double *const block = rni_alloc(n_residuals * (n + 2) + 5 * n, sizeof *block);
    int *const pivots = rni_alloc(n, sizeof *pivots);
    rn_status status = RN_OK;
    if (block && pivots) {
        double *const values = block;
        double *const jacobian = values + m;
        double *const work = jacobian + (rn_index)m * k;
        double *const rest = work + m; /* 5 vectors of n */
        int n_calls = 0;
        call c = {.residuals = residuals, .user = user};
        const int info =
            lmdif(evaluate, &c, m, k, x, values, 1e-15, 1e-15, 0.0, 200 * (k + 1), 0.0, rest, 1,
                  10.0, 0, &n_calls, jacobian, m, pivots, rest + k, rest + 2 * (rn_index)k,
                  rest + 3 * (rn_index)k, rest + 4 * (rn_index)k, work);
        *sum = 0.0;
        for (int i = 0; i < m; i++)
            *sum += values[i] * values[i];
        /* 5: too many calls; 6 .. 8: no digit more is to be had, which is what we asked for */
        if (info == 5)
            status = rni_fail(RN_NOT_CONVERGED,
                              "rni_least_squares: no minimum after %d "
                              "evaluations",
                              n_calls);
        if (info <= 0) status = rni_fail(RN_ERR_INTERNAL, "rni_least_squares: CMinpack refuses");
    } else {
        status = rni_fail(RN_ERR_MEMORY, "rni_least_squares: no memory");
    }
    rni_free(block);
    rni_free(pivots);
    return status;
}
