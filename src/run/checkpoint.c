/*
 * Writing and reading checkpoint.h5.
 */
#include "run/checkpoint.h"

#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "store/seal.h"

/* HDF5 keeps attributes below 64 KiB. */
#define MAX_CONFIG 60000

/* Numbers of rank 0, in the order of `reals` below. */
enum { TIME, INTEGRATOR_STEP, FIRST_LOSS, SCALE, N_REALS };
static const char *const real_names[N_REALS] = {"time", "integrator_step", "first_loss", "scale"};
static const char *const real_units[N_REALS] = {"time", "time", "energy", "1/time"};
static const char *const real_help[N_REALS] = {
    "learning time", "next step of the flow's integrator; 0: not chosen yet",
    "loss before the first step; 0: not known yet",
    "largest eigenvalue of the kernel at the start; 0: not needed"};

static const char *const integer_names[] = {"next", "threads", "config", "data"};
static const char *const integer_help[] = {"first step without a row in metrics.csv",
                                           "threads of the run", "CRC-64/XZ of config.yaml",
                                           "CRC-64/XZ of all samples"};
enum { NEXT, THREADS, CONFIG, DATA, N_INTEGERS };

static const char *const list_names[] = {"table_bytes", "table_crc", "snapshot_step",
                                         "snapshot_crc"};
static const char *const list_help[] = {
    "bytes of metrics.csv, shells.csv and budget.csv that belong to this checkpoint",
    "CRC-64/XZ of those bytes", "steps measured so far", "checksums of their files"};
static const char *const list_axes[] = {"table", "table", "snapshot", "snapshot"};
enum { TABLE_BYTES, TABLE_CRC, STEP, STEP_CRC, N_LISTS };

#define N_ARRAYS (N_REALS + N_INTEGERS + N_LISTS + 2 + RNI_SLOTS_MAX)

/* Checksums travel through HDF5 as the signed integers of the same bits. */
static rn_index from_crc(uint64_t crc)
{
    rn_index value = 0;
    memcpy(&value, &crc, sizeof value);
    return value;
}

static uint64_t to_crc(rn_index value)
{
    uint64_t crc = 0;
    memcpy(&crc, &value, sizeof crc);
    return crc;
}

static rni_hdf5_array make_list(int which, rn_index count, const rn_index *values)
{
    return (rni_hdf5_array){.name = list_names[which],
                            .unit = which == TABLE_BYTES ? "byte" : "1",
                            .help = list_help[which],
                            .axes = list_axes[which],
                            .rank = 1,
                            .dims = {count},
                            .integers = values};
}

/* ---- writing ------------------------------------------------------------------------------- */

/* The arrays, of which lists [2 x n_marks] holds steps and checksums. */
static rn_status write_arrays(rni_execution *x, rn_index next, const rni_store_extent *reached,
                              const rn_index *lists)
{
    const rn_train_state state = rn_trainer_state(x->stage.trainer);
    const char *config = x->config_text;
    const rn_index n_config = (rn_index)strlen(config);
    const double reals[N_REALS] = {state.time, state.integrator_step, state.first_loss, x->scale};
    const rn_index integers[N_INTEGERS] = {
        next, x->stage.n_threads, from_crc(rni_crc(0, config, n_config)), from_crc(x->data_crc)};
    double numbers[RNI_MEASURE_NUMBERS] = {0};
    const rn_index n_numbers = x->measure->save(x->measure_state, numbers);
    rn_index bytes[RNI_STORE_N_TABLES];
    rn_index crc[RNI_STORE_N_TABLES];
    for (int i = 0; i < RNI_STORE_N_TABLES; i++) {
        bytes[i] = reached->tables[i].n_bytes;
        crc[i] = from_crc(reached->tables[i].crc);
    }

    rni_hdf5_array arrays[N_ARRAYS];
    int count = 0;
    for (int i = 0; i < N_REALS; i++)
        arrays[count++] = (rni_hdf5_array){
            .name = real_names[i], .unit = real_units[i], .help = real_help[i], .reals = &reals[i]};
    for (int i = 0; i < N_INTEGERS; i++)
        arrays[count++] = (rni_hdf5_array){
            .name = integer_names[i], .help = integer_help[i], .integers = &integers[i]};
    arrays[count++] = make_list(TABLE_BYTES, RNI_STORE_N_TABLES, bytes);
    arrays[count++] = make_list(TABLE_CRC, RNI_STORE_N_TABLES, crc);
    arrays[count++] = make_list(STEP, reached->n_marks, lists);
    arrays[count++] = make_list(STEP_CRC, reached->n_marks, lists + reached->n_marks);
    arrays[count++] = (rni_hdf5_array){.name = "measurement",
                                       .help = "what the next measurement needs of earlier ones",
                                       .axes = "number",
                                       .rank = 1,
                                       .dims = {n_numbers},
                                       .reals = numbers};
    arrays[count++] = (rni_hdf5_array){.name = "theta",
                                       .help = "weights before the next step",
                                       .axes = "weight",
                                       .rank = 1,
                                       .dims = {x->stage.n_weights},
                                       .reals = rn_trainer_theta(x->stage.trainer)};
    for (int i = 0; i < rn_trainer_n_slots(x->stage.trainer); i++)
        arrays[count++] = (rni_hdf5_array){.name = rn_trainer_slot_name(x->stage.trainer, i),
                                           .help = "what the optimizer remembers of each weight",
                                           .axes = "weight",
                                           .rank = 1,
                                           .dims = {x->stage.n_weights},
                                           .reals = rn_trainer_slot(x->stage.trainer, i)};
    const rni_hdf5_attribute text = {.name = "config", .text = config};
    return rni_store_checkpoint(x->run->store, state.step, n_config < MAX_CONFIG ? 1 : 0, &text,
                                count, arrays);
}

rn_status rni_checkpoint_write(rni_execution *x, rn_index next)
{
    if (!x->run->store) return RN_OK;
    RNI_TRY(rni_store_sync(x->run->store));
    const rni_store_extent reached = rni_store_reached(x->run->store);
    rn_index *lists = rni_alloc(2 * reached.n_marks, sizeof *lists);
    if (!lists) return rni_fail(RN_ERR_MEMORY, "rn_run_execute: no memory for a checkpoint");
    for (rn_index i = 0; i < reached.n_marks; i++) {
        lists[i] = reached.marks[i].step;
        lists[reached.n_marks + i] = from_crc(reached.marks[i].crc);
    }
    const rn_status status = write_arrays(x, next, &reached, lists);
    rni_free(lists);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------- */

static rn_status read_scalars(rni_hdf5_image *image, rni_checkpoint *c)
{
    double reals[N_REALS] = {0};
    rn_index integers[N_INTEGERS] = {0};
    for (int i = 0; i < N_REALS; i++)
        RNI_TRY(rni_hdf5_read_reals(image, real_names[i], 1, &reals[i]));
    for (int i = 0; i < N_INTEGERS; i++)
        RNI_TRY(rni_hdf5_read_integers(image, integer_names[i], 1, &integers[i]));
    c->state.time = reals[TIME];
    c->state.integrator_step = reals[INTEGRATOR_STEP];
    c->state.first_loss = reals[FIRST_LOSS];
    c->scale = reals[SCALE];
    c->next = integers[NEXT];
    c->config_crc = to_crc(integers[CONFIG]);
    c->data_crc = to_crc(integers[DATA]);
    if (c->next < 0 || integers[THREADS] < 1 || integers[THREADS] > RNI_POOL_MAX_THREADS)
        return rni_fail(RN_ERR_FORMAT, "found next %" PRId64 ", threads %" PRId64, c->next,
                        integers[THREADS]);
    c->n_threads = (int)integers[THREADS];
    return rni_hdf5_read_integer(image, "step", &c->state.step);
}

/* The length of an array of one axis. */
static rn_status read_length(rni_hdf5_image *image, const char *name, rn_index *count)
{
    int rank = 0;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    RNI_TRY(rni_hdf5_shape(image, name, &rank, dims));
    if (rank != 1) return rni_fail(RN_ERR_FORMAT, "array '%s' has %d axes, expected 1", name, rank);
    *count = dims[0];
    return RN_OK;
}

static rn_status read_tables(rni_hdf5_image *image, rni_checkpoint *c)
{
    rn_index bytes[RNI_STORE_N_TABLES] = {0};
    rn_index crc[RNI_STORE_N_TABLES] = {0};
    RNI_TRY(rni_hdf5_read_integers(image, list_names[TABLE_BYTES], RNI_STORE_N_TABLES, bytes));
    RNI_TRY(rni_hdf5_read_integers(image, list_names[TABLE_CRC], RNI_STORE_N_TABLES, crc));
    for (int i = 0; i < RNI_STORE_N_TABLES; i++)
        c->tables[i] = (rni_extent){.n_bytes = bytes[i], .crc = to_crc(crc[i])};
    return RN_OK;
}

static rn_status read_marks(rni_hdf5_image *image, rni_checkpoint *c)
{
    RNI_TRY(read_length(image, list_names[STEP], &c->n_marks));
    c->marks = rni_alloc(c->n_marks, sizeof *c->marks);
    rn_index *lists = rni_alloc(2 * c->n_marks, sizeof *lists);
    if (!c->marks || !lists) {
        rni_free(lists);
        return rni_fail(RN_ERR_MEMORY, "no memory for a list of snapshots");
    }
    rn_status status = rni_hdf5_read_integers(image, list_names[STEP], c->n_marks, lists);
    if (status == RN_OK)
        status =
            rni_hdf5_read_integers(image, list_names[STEP_CRC], c->n_marks, lists + c->n_marks);
    for (rn_index i = 0; i < c->n_marks && status == RN_OK; i++)
        c->marks[i] = (rni_store_mark){.step = lists[i], .crc = to_crc(lists[c->n_marks + i])};
    rni_free(lists);
    return status;
}

static rn_status read_weights(rni_hdf5_image *image, rni_checkpoint *c)
{
    RNI_TRY(read_length(image, "measurement", &c->n_numbers));
    if (c->n_numbers > RNI_MEASURE_NUMBERS)
        return rni_fail(RN_ERR_FORMAT, "array 'measurement' has %" PRId64 " numbers, at most %d",
                        c->n_numbers, RNI_MEASURE_NUMBERS);
    RNI_TRY(rni_hdf5_read_reals(image, "measurement", c->n_numbers, c->numbers));
    RNI_TRY(read_length(image, "theta", &c->n_weights));
    c->theta = rni_alloc(c->n_weights, sizeof *c->theta);
    if (!c->theta)
        return rni_fail(RN_ERR_MEMORY, "no memory for %" PRId64 " weights", c->n_weights);
    return rni_hdf5_read_reals(image, "theta", c->n_weights, c->theta);
}

/* The vectors of the optimizer; none in folders of earlier versions. */
static rn_status read_slots(rni_hdf5_image *image, rni_checkpoint *c)
{
    int rank = 0;
    rn_index size = 0;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    if (!rni_size_mul(RNI_SLOTS_MAX, c->n_weights, &size))
        return rni_fail(RN_ERR_FORMAT, "array 'theta' is too long");
    for (int i = 0; rni_slot_names[i]; i++) {
        const char *name = rni_slot_names[i];
        if (rni_hdf5_shape(image, name, &rank, dims) < 0) continue;
        if (c->n_slots == RNI_SLOTS_MAX)
            return rni_fail(RN_ERR_FORMAT, "more than %d vectors of an optimizer", RNI_SLOTS_MAX);
        if (!c->slots) c->slots = rni_alloc(size, sizeof *c->slots);
        if (!c->slots) return rni_fail(RN_ERR_MEMORY, "no memory for an optimizer's vectors");
        RNI_TRY(
            rni_hdf5_read_reals(image, name, c->n_weights, c->slots + c->n_slots * c->n_weights));
        c->slot_names[c->n_slots++] = name;
    }
    return RN_OK;
}

rn_status rni_checkpoint_read(const rni_store *store, rni_checkpoint *out)
{
    rni_hdf5_image *image = NULL;
    rni_checkpoint read = {0};
    RNI_TRY(rni_store_read(store, RNI_CHECKPOINT_NAME, &image, NULL));
    rn_status status = read_scalars(image, &read);
    if (status == RN_OK) status = read_tables(image, &read);
    if (status == RN_OK) status = read_marks(image, &read);
    if (status == RN_OK) status = read_weights(image, &read);
    if (status == RN_OK) status = read_slots(image, &read);
    rni_hdf5_close(image);
    if (status < 0) {
        rni_checkpoint_clear(&read);
        return rni_fail_within(status, "%s/" RNI_CHECKPOINT_NAME, rni_store_path(store));
    }
    *out = read;
    return RN_OK;
}

void rni_checkpoint_clear(rni_checkpoint *checkpoint)
{
    rni_free(checkpoint->theta);
    rni_free(checkpoint->slots);
    rni_free(checkpoint->marks);
    *checkpoint = (rni_checkpoint){0};
}
