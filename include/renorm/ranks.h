/**
 * Several processes that compute one thing together.
 *
 * renorm itself links no message passing: a program that runs as several processes ("ranks")
 * describes them here, and the trainer and the kernel divide their tiles among them. Every rank
 * makes the same calls with the same arguments in the same order and receives the same results,
 * to the bit those of a single process: tiles are numbered by samples, a tile is computed by one
 * rank, and sums over tiles are taken in the order of tiles on every rank.
 *
 * With MPI the sum is an MPI_Allgather followed by a loop over ranks in order (MPI_Allreduce does
 * not promise an order, and need not).
 *
 * Divided are the gradient (rn_trainer_desc), M and M', J v and J^T u (rn_kernel_desc). Vectors
 * and matrices are whole on every rank.
 */
#ifndef RENORM_RANKS_H
#define RENORM_RANKS_H

#include <renorm/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The processes, as one of them sees them. */
typedef struct rn_communicator {
    rn_index rank; /**< of this process, 0 .. size - 1 */
    rn_index size; /**< >= 1; with 1 ordered_sum is never called */
    /**
     * x := ((x of rank 0 + x of rank 1) + x of rank 2) + .., number by number: the same bits on
     * every rank. Called by all ranks, each from the thread that called into renorm.
     * @param count  > 0, the same on all ranks
     * @param x      [count] in and out
     * @return 0; any other value on any rank must reach every rank, as RN_ERR_CALLBACK there
     */
    int (*ordered_sum)(void *user, rn_index count, double *x);
    void *user; /**< borrowed */
} rn_communicator;

#ifdef __cplusplus
}
#endif

#endif
