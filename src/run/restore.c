/*
 * Reading back; see the header.
 */
#include "run/restore.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "core/status.h"
#include "core/text.h"
#include "run/field.h"
#include "store/seal.h"

/* ---- metrics --------------------------------------------------------------------------------- */

/* One cell of a table: NaN where it is empty. */
static const char *parse_cell(const char *text, rn_index length, double *value)
{
    *value = (double)NAN;
    if (length == 0) return NULL;
    if (length == 3 && memcmp(text, "inf", 3) == 0) *value = (double)INFINITY;
    if (length == 4 && memcmp(text, "-inf", 4) == 0) *value = -(double)INFINITY;
    return isinf(*value) ? NULL : rni_real_parse(text, length, value);
}

/* One line without its end. */
static const char *parse_record(const char *line, rn_index length, rn_record *record)
{
    double cells[RNI_RECORD_COLUMNS] = {0};
    const char *const end = line + length;
    for (int i = 0; i < RNI_RECORD_COLUMNS; i++) {
        const char *stop = memchr(line, ',', (size_t)(end - line));
        if (!stop) stop = end;
        if ((stop == end) != (i == RNI_RECORD_COLUMNS - 1)) return "it has another number of cells";
        const char *wrong = i == 0 ? rni_integer_parse(line, stop - line, &record->step)
                                   : parse_cell(line, stop - line, &cells[i]);
        if (wrong) return wrong;
        line = stop + 1;
    }
    record->time = cells[1];
    record->learning_rate = cells[2];
    record->loss = cells[3];
    record->accuracy = cells[4];
    record->held_out_loss = cells[5];
    record->held_out_accuracy = cells[6];
    record->gradient_norm = cells[7];
    return NULL;
}

static rn_status parse_metrics(rn_run *run, const char *path, const char *text, rn_index n_bytes)
{
    const char *const end = text + n_bytes;
    for (rn_index number = 1; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop) stop = end;
        rn_record record = {0};
        const char *wrong = number == 1 ? NULL : parse_record(text, stop - text, &record);
        if (wrong)
            return rni_fail(RN_ERR_FORMAT, "%s:%" PRId64 ": found a line renorm does not write: %s",
                            path, number, wrong);
        if (number > 1) RNI_TRY(rni_record_keep(run, &record));
        text = stop + 1;
    }
    return RN_OK;
}

static rn_status check_table(rn_run *run, rni_store_table table, rni_extent expected)
{
    char path[RNI_PATH_SIZE];
    char *bytes = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(rni_path_join(rni_store_path(run->store), rni_store_table_name(table), path));
    RNI_TRY(rni_file_read(path, RNI_STORE_MAX_BYTES, &bytes, &n_bytes));
    rn_status status = RN_OK;
    if (expected.n_bytes < 0 || n_bytes < expected.n_bytes)
        status = rni_fail(RN_ERR_FORMAT,
                          "%s: found %" PRId64 " bytes, expected at least the %" PRId64
                          " that the checkpoint counted: the file was cut",
                          path, n_bytes, expected.n_bytes);
    else if (rni_crc(0, bytes, expected.n_bytes) != expected.crc)
        status = rni_fail(RN_ERR_FORMAT,
                          "%s: its first %" PRId64 " bytes are not those the checkpoint counted: "
                          "the file is damaged or was changed",
                          path, expected.n_bytes);
    else if (table == RNI_STORE_METRICS)
        status = parse_metrics(run, path, bytes, expected.n_bytes);
    rni_free(bytes);
    return status;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static rn_status read_length(rni_hdf5_image *image, const char *name, rn_index *length)
{
    int rank = 0;
    rn_index dims[RNI_HDF5_RANK_MAX] = {0};
    RNI_TRY(rni_hdf5_shape(image, name, &rank, dims));
    if (rank != 1 || dims[0] < 1)
        return rni_fail(RN_ERR_FORMAT, "array '%s' is no list of numbers", name);
    *length = dims[0];
    return RN_OK;
}

/* Fills a snapshot from its image; quantities the file does not have stay NaN. */
static rn_status fill_snapshot(rni_hdf5_image *image, rn_index step, rn_snapshot *snapshot)
{
    rn_index n_modes = 0;
    rn_index n_boundaries = 0;
    rn_index n_scales = 0;
    rn_index n_blocks = 0;
    RNI_TRY(read_length(image, "lambda", &n_modes));
    RNI_TRY(read_length(image, "s", &n_boundaries));
    /* absent without couplings, and in folders of earlier versions */
    if (read_length(image, "coupling_modes", &n_scales) < 0) n_scales = 0;
    if (read_length(image, "overlap_row", &n_blocks) < 0) n_blocks = 0; /* likewise */
    RNI_TRY(rni_snapshot_init(snapshot, n_modes, n_boundaries, n_scales, n_blocks));
    snapshot->record.step = step;
    for (rn_index i = 0; i < rni_field_count(); i++) {
        rn_index count = 0;
        int rank = 0;
        rn_index dims[RNI_HDF5_RANK_MAX] = {0};
        const char *name = rn_snapshot_field(i)->name;
        const double *values = rn_snapshot_values(snapshot, i, &count);
        if (count == 0 || rni_hdf5_shape(image, name, &rank, dims) < 0) continue;
        RNI_TRY(rni_hdf5_read_reals(image, name, count, rni_writable(&values)));
    }
    return RN_OK;
}

static rn_status read_snapshot(rn_run *run, const rni_store_mark *mark, rn_snapshot *snapshot)
{
    char name[RNI_STORE_NAME_SIZE];
    uint64_t crc = 0;
    rni_hdf5_image *image = NULL;
    rni_store_snapshot_name(mark->step, name);
    RNI_TRY(rni_store_read(run->store, name, &image, &crc));
    rn_status status = RN_OK;
    if (crc != mark->crc)
        status = rni_fail(RN_ERR_FORMAT, "it is not the file that the checkpoint counted");
    if (status == RN_OK) status = fill_snapshot(image, mark->step, snapshot);
    rni_hdf5_close(image);
    if (status == RN_OK) return RN_OK;
    rni_snapshot_clear(snapshot);
    return rni_fail_within(status, "%s/%s", rni_store_path(run->store), name);
}

/* The record of a step; NULL: none. */
static const rn_record *find_record(const rn_run *run, rn_index step)
{
    rn_index low = 0;
    rn_index high = run->n_records;
    while (low < high) {
        const rn_index middle = low + (high - low) / 2;
        if (run->records[middle].step < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low < run->n_records && run->records[low].step == step ? &run->records[low] : NULL;
}

/* A measurement that wrote no file: its record is all there is. */
static rn_status make_bare(const rn_run *run, rn_index step, rn_snapshot *snapshot)
{
    const rn_record *record = find_record(run, step);
    if (!record)
        return rni_fail(RN_ERR_FORMAT, "%s/metrics.csv: found no row for step %" PRId64,
                        rni_store_path(run->store), step);
    RNI_TRY(rni_snapshot_init(snapshot, 0, 1, 0, 0));
    snapshot->record = *record;
    return RN_OK;
}

/* Reads or makes the snapshot of a step, and counts it as the run did. */
static rn_status restore_snapshot(rni_execution *x, rn_index step, const rni_store_mark *mark)
{
    rn_snapshot snapshot = {0};
    RNI_TRY(mark ? read_snapshot(x->run, mark, &snapshot) : make_bare(x->run, step, &snapshot));
    rn_status status = rni_cadence_note(&x->cadence, &snapshot);
    if (status < 0)
        status = rni_fail(RN_ERR_FORMAT,
                          "%s/" RNI_CHECKPOINT_NAME ": found a snapshot at step %" PRId64
                          ", where the settings in config.yaml ask for none",
                          rni_store_path(x->run->store), step);
    if (status == RN_OK) status = rni_record_keep_snapshot(x->run, &snapshot);
    if (status < 0) rni_snapshot_clear(&snapshot);
    return status;
}

/* Steps with a file and scheduled steps, in order. */
static rn_status restore_snapshots(rni_execution *x, const rni_checkpoint *c)
{
    const rni_cadence *cadence = &x->cadence;
    rn_index n_used = 0;
    for (;;) {
        const rni_store_mark *mark = n_used < c->n_marks ? &c->marks[n_used] : NULL;
        const bool has_step =
            cadence->next < cadence->n_steps && cadence->steps[cadence->next] < c->next;
        if (!mark && !has_step) return RN_OK;
        if (mark && has_step && mark->step > cadence->steps[cadence->next]) mark = NULL;
        if (mark) n_used++;
        const rn_index step = mark ? mark->step : cadence->steps[cadence->next];
        RNI_TRY(restore_snapshot(x, step, mark));
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

static rn_status check_slots(const rni_execution *x, const rni_checkpoint *c)
{
    const rn_trainer *trainer = x->stage.trainer;
    bool has_slots = c->n_slots == rn_trainer_n_slots(trainer);
    for (int i = 0; i < c->n_slots && has_slots; i++)
        has_slots = strcmp(c->slot_names[i], rn_trainer_slot_name(trainer, i)) == 0;
    if (has_slots) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s/%s: found %d vectors of an optimizer, expected the %d that "
                    "train.kind in config.yaml remembers",
                    rni_store_path(x->run->store), RNI_CHECKPOINT_NAME, c->n_slots,
                    rn_trainer_n_slots(trainer));
}

static rn_status check_fit(const rni_execution *x, const rni_checkpoint *c)
{
    const char *folder = rni_store_path(x->run->store);
    if (c->n_weights != x->stage.n_weights || c->state.step != rni_min(c->next, x->top->steps)
        || c->next > x->top->steps + 1)
        return rni_fail(RN_ERR_FORMAT,
                        "%s/%s: found %" PRId64 " weights at step %" PRId64 ", expected %" PRId64
                        " weights and at most step %" PRId64,
                        folder, RNI_CHECKPOINT_NAME, c->n_weights, c->state.step,
                        x->stage.n_weights, x->top->steps);
    RNI_TRY(check_slots(x, c));
    const bool is_done = c->next > x->top->steps; /* needs no samples any more */
    if (!is_done && x->data_crc != c->data_crc)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: the samples are not those the run was started with; put the data "
                        "files back that config.yaml names",
                        folder);
    return RN_OK;
}

static rn_status restore_trainer(rni_execution *x, const rni_checkpoint *c)
{
    rn_trainer *trainer = x->stage.trainer;
    rn_train_state state = c->state;
    state.seed = (uint64_t)x->top->seed;
    RNI_TRY(rn_trainer_set_state(trainer, &state, c->theta));
    for (int i = 0; i < c->n_slots; i++)
        RNI_TRY(rn_trainer_set_slot(trainer, i, c->slots + i * c->n_weights));
    return RN_OK;
}

rn_status rni_restore(rni_execution *x, const rni_checkpoint *checkpoint)
{
    RNI_TRY(check_fit(x, checkpoint));
    for (int i = 0; i < RNI_STORE_N_TABLES; i++)
        RNI_TRY(check_table(x->run, (rni_store_table)i, checkpoint->tables[i]));
    RNI_TRY(restore_snapshots(x, checkpoint));
    x->first_step = checkpoint->next;
    x->first_measured = x->run->n_snapshots;
    x->run->summary.n_steps = checkpoint->state.step;
    x->run->summary.n_steps_before = checkpoint->state.step;
    RNI_TRY(x->measure->restore(x->measure_state, checkpoint->n_numbers, checkpoint->numbers));
    return restore_trainer(x, checkpoint);
}
