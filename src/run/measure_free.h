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

/* Steps of Lanczos as they stand in files. */
typedef struct rni_free_series {
    rni_unfinished_kind kind;
    uint64_t key;    /* of the state and the start vector */
    rn_index n_kept; /* steps */
} rni_free_series;

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
    rni_free_series basis;      /* steps of Lanczos from e */
    rn_index n_tangent_kept;    /* rows of inner that stand in files */
} rni_free_measure;

/** Nodes, vectors and g of the rule's first m steps. */
RN_NODISCARD rn_status rni_free_nodes(rni_free_measure *x, const rn_jacobi *rule, rn_index m);

/** Looks at e and the weights, of which the pieces of this measurement are. */
void rni_free_keep_begin(rni_free_measure *x, const rni_moment *moment);

/** Steps that an earlier attempt at this measurement kept, into a new basis.
    @return RN_OK; RN_ERR_MEMORY; as rni_lanczos_put */
RN_NODISCARD rn_status rni_free_load_basis(rni_free_measure *x, rni_free_series *series,
                                           rn_lanczos *lanczos);

/** Keeps the steps so far, when it is time. @return RN_OK; RN_INTERRUPTED; RN_ERR_IO; RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_free_keep_basis(rni_free_measure *x, rni_free_series *series,
                                           const rn_lanczos *lanczos);

/** Writes the steps that no file has yet. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_free_write_basis(rni_free_measure *x, rni_free_series *series,
                                            const rn_lanczos *lanczos);

/** Whether it is time; *should_stop: to stop, too. */
bool rni_free_is_time(const rni_free_measure *x, bool *should_stop);

/** What a caller gets who asked to stop. @return RN_INTERRUPTED */
RN_NODISCARD rn_status rni_free_stop(const rni_free_measure *x, rn_index n_done, const char *what);

/**
 * Eigenvalues per shell, from as many random directions as the settings say: those of the run's
 * seed at every measurement, so that what changes is the kernel. Finished directions and the steps
 * of the next are kept like those of the error.
 * @return RN_OK; RN_INTERRUPTED; RN_ERR_IO; RN_ERR_MEMORY; as rn_op_apply
 */
RN_NODISCARD rn_status rni_free_count(rni_free_measure *x, const rn_op *op, rn_index n_steps,
                                      rn_snapshot *snapshot);

/** The same of the rows of `inner` [k x k]; n_tangent_kept are there after loading. */
RN_NODISCARD rn_status rni_free_load_tangent(rni_free_measure *x, rn_index k);
RN_NODISCARD rn_status rni_free_keep_tangent(rni_free_measure *x, const rn_lanczos *lanczos,
                                             rn_index n_rows, rn_index k);

/** The same of everything, before what comes next takes the basis' place: what took longer than
    keep_every is not done twice. */
RN_NODISCARD rn_status rni_free_keep_all(rni_free_measure *x, const rn_lanczos *lanczos);

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
