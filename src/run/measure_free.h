/*
 * The matrix-free measurement's state, shared by its files.
 */
#ifndef RNI_RUN_MEASURE_FREE_H
#define RNI_RUN_MEASURE_FREE_H

#include <renorm/lanczos.h>
#include <renorm/shells.h>

#include "run/measure.h"
#include "run/unfinished.h"

typedef struct rni_free_settings {
    rn_index snapshots; /* 0: as the share below allows */
    double overhead;
    double change;          /* nats of ln loss */
    double price;           /* training steps; 0: counted */
    double width;           /* h, nats; 0: ln 2 */
    double room;            /* nats of lambda kept free above the first spectrum */
    rn_index steps;         /* most Lanczos steps */
    double accuracy;        /* share of the loss; 0: all steps */
    rn_index count_vectors; /* random vectors that count eigenvalues; 0: none */
    bool flux;
    double keep_every; /* seconds between files of what is not finished */
} rni_free_settings;

typedef struct rni_free_measure {
    const rni_free_settings *settings;
    rni_stage *stage;
    rn_index n;
    bool has_grid;
    rn_shell_grid grid;         /* of the whole run */
    double *block;              /* owned: everything below */
    double *error;              /* [n] e */
    double *rows;               /* [n] J v, then work space */
    double *theta;              /* [steps] nodes */
    double *weight;             /* [steps] */
    double *vectors;            /* [steps x steps] eigenvectors of T as rows */
    double *inner;              /* [steps x steps] q_i^T M' q_j */
    double *tangent;            /* [steps x steps] y_i^T M' y_j */
    double *work;               /* [steps x steps] */
    double *g;                  /* [steps] */
    double *xi;                 /* [steps] */
    double *along;              /* [steps] q_j . J v */
    rni_unfinished *unfinished; /* of the measurement at hand, borrowed; NULL: nothing is kept */
    uint64_t key;               /* of e and theta */
    rn_index n_basis_kept;      /* steps that stand in files */
    rn_index n_tangent_kept;    /* rows of inner that do */
} rni_free_measure;

/** Nodes, vectors and g of the rule's first m steps. */
RN_NODISCARD rn_status rni_free_nodes(rni_free_measure *x, const rn_jacobi *rule, rn_index m);

/** Looks at e and the weights, of which the pieces of this measurement are. */
void rni_free_keep_begin(rni_free_measure *x, const rni_moment *moment);

/** Steps that an earlier attempt at this measurement kept, into a new basis.
    @return RN_OK; RN_ERR_MEMORY; as rni_lanczos_put */
RN_NODISCARD rn_status rni_free_load_basis(rni_free_measure *x, rn_lanczos *lanczos);

/** Keeps the steps so far, when it is time. @return RN_OK; RN_INTERRUPTED; RN_ERR_IO; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_free_keep_basis(rni_free_measure *x, const rn_lanczos *lanczos);

/** The same of the rows of `inner` [k x k]; n_tangent_kept are there after loading. */
RN_NODISCARD rn_status rni_free_load_tangent(rni_free_measure *x, rn_index k);
RN_NODISCARD rn_status rni_free_keep_tangent(rni_free_measure *x, const rn_lanczos *lanczos,
                                             rn_index n_rows, rn_index k);

/** xi and, where flux is wanted, the tangent between the Ritz vectors; of nodes that are found. */
RN_NODISCARD rn_status rni_free_project(rni_free_measure *x, const rni_moment *moment,
                                        const rn_lanczos *lanczos, rn_index k);

/** error[b] := max(error[b], |flux - flux of half the steps|). Overwrites the nodes. */
RN_NODISCARD rn_status rni_free_compare_half(rni_free_measure *x, const rn_jacobi *rule,
                                             const rn_shell_report *report);

/**
 * The drive of the step that follows, and its lines, as Gauss quadrature: there is no guarantee.
 * What the finite step adds and the exact flux need the next kernel's spectrum and stay NaN.
 * Overwrites the nodes. Cost: as many products J v as the dynamics has lines, and one or two more.
 */
RN_NODISCARD rn_status rni_free_lines(rni_free_measure *x, const rni_moment *moment,
                                      const rn_lanczos *lanczos, const rn_jacobi *rule,
                                      rn_snapshot *snapshot);

#endif
