/*
 * The exact measurement's state, shared by its files.
 */
#ifndef RNI_RUN_MEASURE_EXACT_H
#define RNI_RUN_MEASURE_EXACT_H

#include <renorm/coherence.h>
#include <renorm/couplings.h>
#include <renorm/propagation.h>
#include <renorm/shells.h>
#include <renorm/spectra.h>

#include "run/measure.h"

typedef struct rni_exact_settings {
    rn_index snapshots; /* 0: as the share below allows */
    double overhead;
    double change;              /* nats of ln loss */
    double price;               /* training steps; 0: rni_exact_price */
    double width;               /* h, nats; 0: ln 2 */
    double room;                /* nats of lambda kept free above the first spectrum */
    double closure_dt;          /* units of 1/lambda_max; 0: closure is not measured */
    bool step_budget;           /* measure the exact budget of the step that follows */
    bool couplings;             /* measure couplings between shells */
    bool conditions;            /* measure the blocks of the network at the start */
    rn_index condition_samples; /* on so many samples */
} rni_exact_settings;

/* Matrices are [n x n], row-major. */
typedef struct rni_exact {
    const rni_exact_settings *settings;
    rni_stage *stage;
    rn_index n;
    bool lacks_tangent; /* M' is not known: no flux, no couplings */
    bool lacks_drive;   /* xi is not known */
    bool has_grid;
    rn_shell_grid grid; /* of the whole run */
    double *block;      /* owned: everything below */
    double *phi0;       /* M0, then its eigenvectors as rows */
    double *phi1;       /* M1, then its eigenvectors; work space before */
    double *kernel0;    /* M0 kept, then M1 - M0 */
    double *tangent;    /* M', then phi0 M' phi0^T; work space after the flux */
    double *lambda0, *lambda1;
    double *error0, *error1; /* e, before and after the step */
    double *g0, *g1;         /* phi0^T e0, phi1^T e1 */
    double *g01;             /* phi0^T e1 */
    double *jv;              /* phi0^T J v */
    double *xi;              /* phi0^T (J v + M e0) */
    double *rows;            /* [n] work space */
    double *weights;         /* [P] work space */
} rni_exact;

/** Work of one measurement in training steps, from counted operations. */
double rni_exact_price(const rni_exact_settings *settings, const rni_stage *stage);

/** *m := left *m right^T, the matrix between two eigenbases; the two arrays *m and *work change
    places on the way, and what *work then holds is of no use. */
RN_NODISCARD rn_status rni_exact_project(rni_exact *x, const double *left, double **m,
                                         const double *right, double **work);

/** Energies, budget, couplings and conditions of the state in lambda0, g0, tangent and xi, as far
   as they are known; initialises the snapshot, whose record is kept. moment: borrowed, NULL where
    there is no network and `conditions` is off. */
RN_NODISCARD rn_status rni_exact_shells(rni_exact *x, const rni_moment *moment,
                                        rn_snapshot *snapshot);

/** How eigensolves are done: on all threads, or on one where the matrix is small. */
rn_spectra_options rni_exact_solver(const rni_exact *x);

/** values, matrix := eigenvalues and eigenvectors of matrix; projections := vectors' . e. */
RN_NODISCARD rn_status rni_exact_eigen(const rni_exact *x, double *matrix, const double *e,
                                       double *values, double *projections);

/**
 * Couplings of the present spectrum, from lambda0 and tangent (rotated); all zero where they are
 * not defined: switched off, a network with kinks, too few shells, a kernel that stands still.
 */
RN_NODISCARD rn_status rni_exact_couplings(const rni_exact *x, rn_coupling_report *report);

/** Writes them, and whether there are kinks, into a snapshot of report->n_shells scales. */
void rni_exact_keep_couplings(const rni_exact *x, const rn_coupling_report *report,
                              rn_snapshot *snapshot);

/* What the blocks of the network look like; n = 0 and nothing else where they are not measured. */
typedef struct rni_block_report {
    rn_index n;    /* L */
    double *block; /* owned: the arrays of rn_snapshot of these names */
    double *gain, *influence, *influence_row, *overlap, *overlap_row, *overlap_at;
    rn_influence said;
    rn_coherence coherence;
    rn_index n_samples;
} rni_block_report;

/**
 * Gains, influence and overlaps at this moment: on request, at step 0, for a network that is a
 * chain of blocks. lambda0, g0 and jv as after the spectrum.
 * @return RN_OK; RN_ERR_NONFINITE; RN_ERR_MEMORY, ..
 */
RN_NODISCARD rn_status rni_exact_blocks(rni_exact *x, const rni_moment *moment, rn_index step,
                                        rni_block_report *report);

/** Bytes that takes beyond what the kernel keeps. */
RN_NODISCARD rn_status rni_exact_blocks_bytes(const rni_exact_settings *settings, rni_stage *stage,
                                              rn_index *bytes);

/** Writes them into a snapshot of report->n blocks, with the numbers of C3. */
void rni_exact_keep_conditions(const rni_exact *x, const rni_block_report *report,
                               rn_snapshot *snapshot);

/** Whether a run's measurements foretell its held-out loss: squared error, the full gradient and
    nothing else, and held-out samples. */
bool rni_exact_tells_held_out(const rni_stage *stage);

/** The held-out loss at 2, 4 and 10 times the present time with the modes frozen; NaN stays where
    it cannot be told. phi0, lambda0 and g0 as after the spectrum; overwrites lambda1, g1, rows and
    weights. */
RN_NODISCARD rn_status rni_exact_held_out(rni_exact *x, const rni_moment *moment,
                                          rn_snapshot *snapshot);

/** Bytes that leaves planned in the kernel, and takes and gives back. */
RN_NODISCARD rn_status rni_exact_held_out_bytes(const rni_stage *stage, rn_index *kept,
                                                rn_index *work);

/** Its work, in gradients on the training samples. */
double rni_exact_held_out_gradients(const rni_stage *stage);

/** The closure error at +-dt along the gradient flow. Uses phi1 and error1 as work space. */
RN_NODISCARD rn_status rni_exact_closure(rni_exact *x, const rni_moment *moment,
                                         rn_snapshot *snapshot);

/** The parts of the drive of the step that follows: one for every line of the dynamics, and that of
    the loss's frame. phi0 and g0 as after the spectrum; overwrites rows, jv and weights. */
RN_NODISCARD rn_status rni_exact_lines(rni_exact *x, const rni_moment *moment,
                                       rn_snapshot *snapshot);

/** The exact budget of the step. phi0, lambda0, g0, jv, kernel0 and tangent (rotated) as after the
    spectrum; overwrites kernel0, tangent and phi1. */
RN_NODISCARD rn_status rni_exact_step(rni_exact *x, const rni_moment *moment,
                                      rn_snapshot *snapshot);

#endif
