/*
 * What an exact measurement costs, in training steps, counted and not timed: the answer decides
 * when a run measures, and must not depend on the machine of the day. The unit is the flop of a
 * matrix product; what runs slower than products counts for more of them. The numbers are those of
 * docs/performance.md, rounded so that measuring is rather overestimated: `make bench` and
 * tests/cli/test_cadence.py --measure compare.
 */
#include "run/measure_exact.h"
#include "train/dynamics.h"

/* n^3 of an eigendecomposition, and of eigenvalues with projections, as flops of products. */
#define FULL_EIGEN 7.2
#define VALUES     2.8

/* n^3 of one change of basis: two products. */
#define ROTATION 4.0

/* n^2 of the couplings' draws and splits, on one thread. */
#define COUPLINGS 1e4

/* Files and small work of one measurement: 20 ms of products. */
#define FIXED_WORK 1e9

/* A step's gradient: three products per layer, the first layer's input needs no derivative. Small
   layers run at three quarters of the speed of large products, at best. */
#define STEP_FLOPS 5.3
#define FIXED_STEP 1e5

/* Gradients of the short flows on both sides of the closure's central difference. */
#define CLOSURE_GRADIENTS 60.0

double rni_exact_price(const rni_exact_settings *settings, const rni_stage *stage)
{
    const double n = (double)stage->n_rows;
    const double n_samples = (double)stage->train.n_samples;
    const double n_weights = (double)stage->n_weights;
    const double gradient = STEP_FLOPS * n_samples * n_weights + FIXED_STEP;
    const double cube = n * n * n;
    /* a preconditioner puts every weight through row gradients */
    const bool is_scaled = rn_trainer_is_preconditioned(stage->trainer);
    const double blocks =
        is_scaled ? n * n * n_weights : rn_kernel_flops(stage->kernel, stage->train.n_samples);
    /* with the reverse pass that makes the factors, one per output */
    const double kernel = blocks + 2.0 * n * n_weights;
    double work = FIXED_WORK + 4.0 * kernel + (FULL_EIGEN + ROTATION) * cube; /* M and M' */
    if (settings->closure_dt > 0.0)
        work += 2.0 * (kernel + VALUES * cube) + CLOSURE_GRADIENTS * gradient;
    work += rni_exact_held_out_gradients(stage) * gradient;
    if (settings->couplings) work += COUPLINGS * n * n;
    if (settings->step_budget) work += kernel + (FULL_EIGEN + 2.0 * ROTATION) * cube;
    if (settings->step_budget && is_scaled) work += 4.0 * kernel; /* the flux of P' alone */
    const double step = (gradient - FIXED_STEP) / (double)stage->epoch + FIXED_STEP;
    return work / (step * (double)stage->dynamics->kind->n_gradients);
}
