/*
 * The peak of the process's memory: what is held after setting up, what the measurement keeps,
 * the largest work space of one operation, and what program and libraries take.
 */
#include <math.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "run/cost.h"
#include "run/process.h"
#include "run/scale.h"

/* What libraries come to hold while they work, whatever the run: HDF5, SUNDIALS, the C library's
   own lists, stacks of threads. Measured with the smallest runs. */
#define LIBRARIES_AT_WORK ((rn_index)9 << 19)

/* Where the system does not say how large the process is: seen on x86-64. */
#define USUAL_BASE ((rn_index)24 << 20)

/* Factor memory tried under a limit: from the kernel's default down. */
#define MOST_FACTORS  ((rn_index)1 << 30)
#define LEAST_FACTORS ((rn_index)1 << 16)

/* Vectors of all weights beside the trainer's: before the step, its velocity, and a checkpoint
   with its image. */
#define VECTORS 5

#define MIB 1048576.0

rni_cost_base rni_cost_look(void)
{
    const rn_index now = rni_process_bytes();
    const rn_index foreign = now > 0 ? rni_max(0, now - rni_memory_bytes()) : USUAL_BASE;
    return (rni_cost_base){.bytes = foreign + LIBRARIES_AT_WORK,
                           .peak_bytes = rni_process_peak_bytes()};
}

static rn_status evaluate_once(const rni_stage *stage)
{
    rn_evaluation found;
    if (stage->train.labels) RNI_TRY(rn_trainer_evaluate(stage->trainer, &stage->train, &found));
    if (stage->held_out.n_samples > 0)
        RNI_TRY(rn_trainer_evaluate(stage->trainer, &stage->held_out, &found));
    return RN_OK;
}

/* What finding lambda_max(0) takes, gone before the measurement's own memory is there. */
static rn_index scale_bytes(const rni_stage *stage)
{
    return rn_dynamics_needs_scale(stage->dynamics) ? rni_scale_bytes(stage) : 0;
}

/* Vectors of all weights in a checkpoint beside theta, with their image, and what a step is made
   of: lines, and three roots of preconditioners with work space. */
static rn_index count_vectors(const rn_trainer *trainer)
{
    rn_index n = 2 * (rn_index)rn_trainer_n_slots(trainer);
    if (rn_trainer_is_preconditioned(trainer)) n += 4;
    for (int line = 0; line < RN_N_STEP_LINES; line++)
        n += rn_trainer_has_line(trainer, (rn_step_line)line);
    return n;
}

/* Everything but the work space, which depends on the kernel's limit. */
static rn_status count_held(const rni_cost_input *input, rn_cost_summary *s)
{
    const rn_index every = rni_cost_record_every(input->output, input->stage);
    const rn_index n_records = input->top->steps / every + 1;
    RNI_TRY(evaluate_once(input->stage));
    s->base_bytes = input->base.bytes;
    s->set_up_bytes = rni_memory_bytes()
                      + (VECTORS + count_vectors(input->stage->trainer)) * input->stage->n_weights
                            * (rn_index)sizeof(double);
    /* a list that grows by doubling: half of it unused, or the old one still there */
    s->history_bytes = (rn_index)(1.5 * (double)n_records * (double)sizeof(rn_record));
    return RN_OK;
}

static rn_status count_measure(const rni_cost_input *input, rn_cost_summary *s)
{
    rni_measure_bytes found = {0};
    const rn_index history = s->history_bytes;
    if (input->measure->bytes)
        RNI_TRY(input->measure->bytes(input->measure_settings, input->stage, &found));
    s->kept_bytes = found.kept;
    s->matrix_bytes = found.matrices;
    s->work_bytes = found.work;
    s->peak_bytes = s->base_bytes + s->set_up_bytes + history + found.kept + found.work
                    + input->n_snapshots * found.snapshot;
    const rn_index early = s->base_bytes + s->set_up_bytes + scale_bytes(input->stage);
    s->peak_bytes = rni_max(s->peak_bytes, early);
    /* reading the data may have taken more than anything that follows */
    const rn_index reached = rni_process_peak_bytes();
    if (reached > input->base.peak_bytes) s->peak_bytes = rni_max(s->peak_bytes, reached);
    return RN_OK;
}

static rn_status refuse(const rni_cost_input *input, rn_index max_bytes, const rn_cost_summary *s)
{
    const rni_stage *stage = input->stage;
    const double rest = (double)(s->base_bytes + s->set_up_bytes + s->history_bytes);
    /* matrices and the eigensolver's work grow with n^2 */
    const double room = fmax((double)max_bytes - rest, 0.0);
    const double share = sqrt(room / fmax((double)s->peak_bytes - rest, 1.0));
    const rn_index n_samples = (rn_index)(share * (double)stage->train.n_samples);
    if (s->matrix_bytes > 0 && n_samples >= 1)
        return rni_fail(RN_ERR_CONFIG,
                        "this run needs %.1f MiB at its peak, of which %.1f MiB are kernel "
                        "matrices of %" PRId64 " rows, and may take %.1f MiB; use at most about "
                        "%" PRId64 " of the %" PRId64
                        " training samples, measure.kind=none, or --memory %.0fM",
                        (double)s->peak_bytes / MIB, (double)s->matrix_bytes / MIB, stage->n_rows,
                        (double)max_bytes / MIB, n_samples, stage->train.n_samples,
                        ceil((double)s->peak_bytes / MIB));
    if (input->measure->is_matrix_free)
        return rni_fail(
            RN_ERR_CONFIG,
            "this run needs %.1f MiB at its peak, of which %.1f MiB are the Lanczos "
            "basis and gradients, and may take %.1f MiB; use fewer measure.steps, fewer "
            "samples, measure.flux=false, or --memory %.0fM",
            (double)s->peak_bytes / MIB, (double)s->work_bytes / MIB, (double)max_bytes / MIB,
            ceil((double)s->peak_bytes / MIB));
    return rni_fail(RN_ERR_CONFIG,
                    "this run needs %.1f MiB at its peak, of which %.1f MiB are program, data, "
                    "network and trainer, and may take %.1f MiB; use fewer samples, a smaller "
                    "network, or --memory %.0fM",
                    (double)s->peak_bytes / MIB, rest / MIB, (double)max_bytes / MIB,
                    ceil((double)s->peak_bytes / MIB));
}

rn_status rni_cost_memory(const rni_cost_input *input, rn_index max_bytes, rn_cost_summary *s)
{
    rn_cost_summary found = *s;
    found.factor_bytes = MOST_FACTORS;
    RNI_TRY(count_held(input, &found));
    RNI_TRY(count_measure(input, &found));
    while (max_bytes > 0 && found.peak_bytes > max_bytes && found.factor_bytes > LEAST_FACTORS) {
        found.factor_bytes /= 2;
        RNI_TRY(rn_kernel_limit_memory(input->stage->kernel, found.factor_bytes));
        RNI_TRY(count_measure(input, &found));
    }
    if (max_bytes > 0 && found.peak_bytes > max_bytes) return refuse(input, max_bytes, &found);
    *s = found;
    return RN_OK;
}
