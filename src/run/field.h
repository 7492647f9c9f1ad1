/*
 * The quantities of a snapshot as one table: files, JSON and the by-name interface are made from
 * it. A new quantity is one member of rn_snapshot and one line here.
 */
#ifndef RNI_RUN_FIELD_H
#define RNI_RUN_FIELD_H

#include <renorm/run.h>

/* member, name, unit, help. REAL members are numbers, the others pointers to arrays over an axis.
 */
#define RNI_FIELD_LIST(REAL, MODES, SHELLS, BOUNDARIES, SCALES, EDGES, PAIRS, BLOCKS, BLOCK_PAIRS, \
                       GATES)                                                                      \
    REAL(record.time, "time", "time", "learning time")                                             \
    REAL(record.learning_rate, "learning_rate", "time", "learning rate of the step that follows")  \
    REAL(record.loss, "loss", "energy", "loss on the training samples")                            \
    REAL(record.accuracy, "accuracy", "1", "share of training samples classified right")           \
    REAL(record.held_out_loss, "held_out_loss", "energy", "loss on held-out samples")              \
    REAL(record.held_out_accuracy, "held_out_accuracy", "1",                                       \
         "share of held-out samples classified right")                                             \
    REAL(record.gradient_norm, "gradient_norm", "energy/weight", "2-norm of the gradient")         \
    MODES(lambda, "lambda", "1/time", "eigenvalues of the kernel M, ascending")                    \
    MODES(g, "g", "sqrt(energy)", "error in the eigenbasis of M")                                  \
    REAL(lambda_max, "lambda_max", "1/time", "largest eigenvalue of M")                            \
    REAL(lambda_floor, "lambda_floor", "1/time", "eigenvalues below are rounding")                 \
    REAL(width, "width", "nat", "distance of shell boundaries in s = ln lambda")                   \
    BOUNDARIES(s, "s", "nat", "shell boundaries, s = ln lambda")                                   \
    SHELLS(energy, "energy", "energy", "energy of each shell, smooth cuts")                        \
    SHELLS(energy_sharp, "energy_sharp", "energy", "energy of each shell, sharp cuts")             \
    REAL(null_energy, "null_energy", "energy", "energy below the first resolved boundary")         \
    REAL(energy_error, "energy_error", "1", "|sum of shells + null - loss| / loss")                \
    BOUNDARIES(above, "above", "energy", "A, energy above s")                                      \
    BOUNDARIES(dissipation, "dissipation", "energy/time", "D, dissipation above s")                \
    BOUNDARIES(flux, "flux", "energy/time", "F, energy flux upward through s")                     \
    BOUNDARIES(flux_error, "flux_error", "energy/time", "rounding error of F")                     \
    BOUNDARIES(migration, "migration", "energy/time", "part of F: eigenvalues move")               \
    BOUNDARIES(transfer, "transfer", "energy/time", "part of F: eigenvectors rotate")              \
    BOUNDARIES(drive, "drive", "energy/time", "X, whatever else drives the error above s")         \
    BOUNDARIES(density, "density", "energy/nat", "-dA/ds")                                         \
    BOUNDARIES(n_eff, "n_eff", "1", "effective number of modes sharing the boundary")              \
    BOUNDARIES(velocity, "velocity", "nat/time", "w = F / density")                                \
    BOUNDARIES(loss_rate, "loss_rate", "1/time", "-(1/2) (dD/ds) / density")                       \
    BOUNDARIES(inertial, "inertial", "1", "1 where modes and flux suffice for a velocity law")     \
    SHELLS(count, "count", "1", "eigenvalues of M in each shell, smooth cuts")                     \
    SHELLS(count_error, "count_error", "1", "its standard error (matrix-free: random vectors)")    \
    SHELLS(energy_low, "energy_low", "energy",                                                     \
           "guaranteed least energy of each shell (matrix-free)")                                  \
    SHELLS(energy_high, "energy_high", "energy", "guaranteed most")                                \
    SHELLS(energy_sharp_low, "energy_sharp_low", "energy", "guaranteed least energy, sharp cuts")  \
    SHELLS(energy_sharp_high, "energy_sharp_high", "energy", "guaranteed most, sharp cuts")        \
    SHELLS(energy_spread, "energy_spread", "energy",                                               \
           "calibrated error of the energy, not guaranteed")                                       \
    SHELLS(spent_low, "spent_low", "energy/time", "guaranteed least dissipation in each shell")    \
    SHELLS(spent_high, "spent_high", "energy/time", "guaranteed most")                             \
    BOUNDARIES(above_low, "above_low", "energy", "guaranteed least energy above s (matrix-free)")  \
    BOUNDARIES(above_high, "above_high", "energy", "guaranteed most")                              \
    BOUNDARIES(dissipation_low, "dissipation_low", "energy/time",                                  \
               "guaranteed least dissipation above s")                                             \
    BOUNDARIES(dissipation_high, "dissipation_high", "energy/time", "guaranteed most")             \
    REAL(held_out_2x, "held_out_2x", "energy",                                                     \
         "held-out loss foretold for 2 times this time, frozen modes")                             \
    REAL(held_out_4x, "held_out_4x", "energy", "for 4 times this time")                            \
    REAL(held_out_10x, "held_out_10x", "energy", "for 10 times this time")                         \
    REAL(lanczos_steps, "lanczos_steps", "1",                                                      \
         "products with the kernel behind a matrix-free measurement")                              \
    REAL(lanczos_noise, "lanczos_noise", "1/time", "rounding of those products, as seen in them")  \
    REAL(closure_dt, "closure_dt", "time", "step of the central difference in the closure")        \
    REAL(closure_error, "closure_error", "1", "largest |dA/dt - (F - D + X)| / max D")             \
    REAL(closure_floor, "closure_floor", "1", "what rounding leaves of the closure error")         \
    BOUNDARIES(closure, "closure", "1", "|dA/dt - (F - D + X)| / max D")                           \
    BOUNDARIES(step_change, "step_change", "energy", "A1 - A0 over the step that follows")         \
    BOUNDARIES(step_dissipation, "step_dissipation", "energy", "-tau D")                           \
    BOUNDARIES(step_drive, "step_drive", "energy", "X of the step")                                \
    BOUNDARIES(step_minibatch, "step_minibatch", "energy", "part of X: the batch is not all")      \
    BOUNDARIES(step_momentum, "step_momentum", "energy", "part of X: gradients remembered")        \
    BOUNDARIES(step_decay, "step_decay", "energy", "part of X: weight decay")                      \
    BOUNDARIES(step_clipping, "step_clipping", "energy", "part of X: clipped gradients")           \
    BOUNDARIES(step_noise, "step_noise", "energy", "part of X: Langevin noise")                    \
    BOUNDARIES(step_statistics, "step_statistics", "energy", "part of X: batch statistics")        \
    BOUNDARIES(step_frame, "step_frame", "energy", "part of X: the loss's frame turns")            \
    BOUNDARIES(step_finite, "step_finite", "energy", "Q, what the finite step adds")               \
    BOUNDARIES(step_flux, "step_flux", "energy", "F1, exact flux of the step")                     \
    BOUNDARIES(step_preconditioner, "step_preconditioner", "energy",                               \
               "part of tau F: the preconditioner changes")                                        \
    BOUNDARIES(step_remainder, "step_remainder", "energy", "F1 - tau F, kernel remainder")         \
    REAL(step_mismatch, "step_mismatch", "1", "largest |left - right| / largest line")             \
    REAL(kink_share, "kink_share", "1", "largest |F1 - tau F| / largest |F1|")                     \
    REAL(has_kinks, "has_kinks", "1", "1: not twice differentiable, couplings are not measured")   \
    EDGES(coupling_s, "coupling_s", "nat", "boundaries of the shells of the couplings, ln lambda") \
    SCALES(coupling_modes, "coupling_modes", "1", "modes in each of them")                         \
    PAIRS(coupling, "coupling", "1/time", "couplings K between them, row by row")                  \
    PAIRS(coupling_pairs, "coupling_pairs", "1", "pairs of modes behind each K")                   \
    REAL(coupling_delta, "coupling_delta", "nat", "log-shift defect Delta of ln K")                \
    REAL(coupling_delta_tilt, "coupling_delta_tilt", "nat", "Delta, one common tilt removed")      \
    REAL(coupling_kappa, "coupling_kappa", "1", "that tilt: K grows as lambda^kappa")              \
    REAL(coupling_floor, "coupling_floor", "nat", "Delta of noise on the same shells")             \
    REAL(coupling_floor_tilt, "coupling_floor_tilt", "nat", "the same, tilt removed")              \
    REAL(coupling_cross, "coupling_cross", "nat^2", "squared split-half defect, sampling removed") \
    REAL(coupling_cross_error, "coupling_cross_error", "nat^2", "its standard error")              \
    REAL(coupling_cross_tilt, "coupling_cross_tilt", "nat^2", "the same, one common tilt removed") \
    REAL(coupling_cross_tilt_error, "coupling_cross_tilt_error", "nat^2", "its standard error")    \
    REAL(coupling_entries, "coupling_entries", "1", "pairs of shells in Delta")                    \
    REAL(coupling_split_entries, "coupling_split_entries", "1",                                    \
         "pairs of shells in the split halves")                                                    \
    REAL(coupling_shifted_tilt, "coupling_shifted_tilt", "nat",                                    \
         "Delta, tilt removed, shells shifted by half a width")                                    \
    REAL(coupling_shifted_cross_tilt, "coupling_shifted_cross_tilt", "nat^2",                      \
         "split-half defect of those, tilt removed")                                               \
    REAL(kernel_size, "kernel_size", "1/time", "|M|_F, root of the sum of squares of M")           \
    REAL(kernel_turn, "kernel_turn", "1/time^2", "|M'|_F of its tangent")                          \
    REAL(loss_decay, "loss_decay", "1/time", "-(d ln L/dt)")                                       \
    GATES(gain, "gain", "1", "largest singular value of dh_m/dh_l between block boundaries")       \
    BLOCK_PAIRS(influence, "influence", "1/time", "how fast the motion of block m turns J of l")   \
    BLOCKS(influence_row, "influence_row", "1", "row sums of the influence over loss_decay")       \
    BLOCK_PAIRS(overlap, "overlap", "1", "cosines between doubly centred block kernels")           \
    BLOCKS(overlap_row, "overlap_row", "1", "row sums of the overlaps")                            \
    BLOCKS(overlap_at, "overlap_at", "1", "mean overlap at distance 0, 1, ..")                     \
    REAL(gain_largest, "gain_largest", "1", "largest gain over all pairs of boundaries")           \
    REAL(influence_largest_row, "influence_largest_row", "1", "largest row sum of the influence")  \
    REAL(influence_mean_row, "influence_mean_row", "1", "mean row sum of the influence")           \
    REAL(influence_band, "influence_band", "1", "share of the diagonal and its neighbours")        \
    REAL(influence_uniform, "influence_uniform", "1", "that share for equal entries")              \
    REAL(overlap_largest_row, "overlap_largest_row", "1", "largest row sum of the overlaps")       \
    REAL(overlap_mean_row, "overlap_mean_row", "1", "mean row sum of the overlaps")                \
    REAL(overlap_decay, "overlap_decay", "block", "decay length of the overlaps")                  \
    REAL(block_samples, "block_samples", "1", "samples behind gains, influence and overlaps")

/** Number of quantities. */
rn_index rni_field_count(void);

/**
 * Gives a snapshot its arrays, carved from one block and filled with NaN; numbers become NaN too.
 * n_modes, n_boundaries (>= 1), n_scales and n_blocks are set.
 * @return RN_OK; RN_ERR_MEMORY, snapshot untouched
 */
RN_NODISCARD rn_status rni_snapshot_init(rn_snapshot *snapshot, rn_index n_modes,
                                         rn_index n_boundaries, rn_index n_scales,
                                         rn_index n_blocks);

/** Releases the arrays and zeroes the struct. NULL and an all-zero struct are allowed. */
void rni_snapshot_clear(rn_snapshot *snapshot);

/** The array behind a member such as &snapshot->flux, for those who fill it. */
double *rni_writable(const double *const *member);

/** Copies count numbers into it; NULL leaves what is there. */
void rni_snapshot_put(const double *const *member, const double *from, rn_index count);

#endif
