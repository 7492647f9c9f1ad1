/*
 * Loading a set of array files: heads first, so that everything is known and checked before the
 * first large allocation; then labels, which decide the number of classes; then the chosen rows.
 */
#include "data/files.h"

#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

/* One part while it is loaded. */
typedef struct pool {
    rni_reader *inputs;
    rni_array_head head;
    rn_index *slots; /* [head.shape[0]] */
} pool;

typedef struct loader {
    const rni_files *files;
    const rni_prepare *prepare;
    rn_data *data;
    int n_pools; /* 1: held-out samples come from the training files */
    pool pools[2];
    double *labels[2]; /* [rows of the pool], as read */
    rn_index n_classes;
    rn_index target_size;
} loader;

/* --- heads ----------------------------------------------------------------------------------- */

static bool is_same_sample(const rni_array_head *left, const rni_array_head *right)
{
    if (left->rank != right->rank) return false;
    for (int axis = 1; axis < left->rank; axis++)
        if (left->shape[axis] != right->shape[axis]) return false;
    return true;
}

static rn_status open_pools(loader *load)
{
    for (int part = 0; part < load->n_pools; part++) {
        pool *now = &load->pools[part];
        RNI_TRY(load->files->open(load->files->user, RNI_ROLE_INPUTS, (rn_data_part)part,
                                  &now->inputs, &now->head));
    }
    if (load->n_pools == 2 && !is_same_sample(&load->pools[0].head, &load->pools[1].head))
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found samples of another shape than in %s, expected the same",
                        load->pools[1].inputs->name, load->pools[0].inputs->name);
    return RN_OK;
}

static rn_status choose_rows(loader *load, uint64_t seed, rn_index *n_train, rn_index *n_test)
{
    const rn_index n_rows = load->pools[0].head.shape[0];
    const rn_index n_test_rows = load->n_pools == 2 ? load->pools[1].head.shape[0] : -1;
    RNI_TRY(
        rni_prepare_count(load->prepare, load->files->name, n_rows, n_test_rows, n_train, n_test));
    for (int part = 0; part < load->n_pools; part++) {
        pool *now = &load->pools[part];
        now->slots = rni_alloc(now->head.shape[0], sizeof *now->slots);
        if (!now->slots) return rni_fail(RN_ERR_MEMORY, "%s: no memory", load->files->name);
        rn_index n_chosen = part == 0 ? *n_train : *n_test;
        if (load->n_pools == 1) n_chosen = *n_train + *n_test;
        RNI_TRY(rni_prepare_choose(load->prepare, seed, (rn_data_part)part, now->head.shape[0],
                                   n_chosen, part == 0 ? 0 : *n_train, now->slots));
    }
    return RN_OK;
}

/* --- labels and targets ---------------------------------------------------------------------- */

static rn_status open_beside(const loader *load, rni_role role, int part, rni_reader **reader,
                             rni_array_head *head)
{
    const pool *now = &load->pools[part];
    RNI_TRY(load->files->open(load->files->user, role, (rn_data_part)part, reader, head));
    if (head->shape[0] == now->head.shape[0]) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: found %" PRId64 " rows, expected %" PRId64 " as in %s; the files do not "
                    "belong together",
                    (*reader)->name, head->shape[0], now->head.shape[0], now->inputs->name);
}

static rn_status read_open_labels(loader *load, int part, rni_reader *reader,
                                  const rni_array_head *head)
{
    if (rni_array_row_size(head) != 1)
        return rni_fail(RN_ERR_FORMAT, "%s: found %" PRId64 " labels per row, expected one",
                        reader->name, rni_array_row_size(head));
    load->labels[part] = rni_alloc(head->shape[0], sizeof *load->labels[part]);
    if (!load->labels[part]) return rni_fail(RN_ERR_MEMORY, "%s: no memory", reader->name);
    RNI_TRY(rni_array_read(reader, head, NULL, load->labels[part]));
    return rni_prepare_check_labels(reader->name, head->shape[0], load->labels[part],
                                    &load->n_classes);
}

static rn_status read_labels(loader *load)
{
    for (int part = 0; part < load->n_pools; part++) {
        rni_reader *reader = NULL;
        rni_array_head head = {0};
        rn_status status = open_beside(load, RNI_ROLE_LABELS, part, &reader, &head);
        if (status == RN_OK) status = read_open_labels(load, part, reader, &head);
        rni_reader_close(reader);
        if (status < 0) return status;
    }
    if (load->files->n_classes > 0 && load->n_classes > load->files->n_classes)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found label %" PRId64 ", expected 0 to %" PRId64
                        "; the file is of another kind or damaged",
                        load->files->name, load->n_classes - 1, load->files->n_classes - 1);
    load->target_size = rni_max(load->n_classes, load->files->n_classes);
    return RN_OK;
}

/* Visits the target files: the first time for their width, the second for their numbers. */
static rn_status visit_targets(loader *load, bool is_reading)
{
    for (int part = 0; part < load->n_pools; part++) {
        rni_reader *reader = NULL;
        rni_array_head head = {0};
        rn_status status = open_beside(load, RNI_ROLE_TARGETS, part, &reader, &head);
        if (status == RN_OK && is_reading)
            status = rni_array_read(reader, &head, load->pools[part].slots, load->data->targets);
        if (status == RN_OK && part == 0) load->target_size = rni_array_row_size(&head);
        if (status == RN_OK && rni_array_row_size(&head) != load->target_size)
            status =
                rni_fail(RN_ERR_FORMAT, "%s: found %" PRId64 " targets per row, expected %" PRId64,
                         reader->name, rni_array_row_size(&head), load->target_size);
        rni_reader_close(reader);
        if (status < 0) return status;
    }
    return RN_OK;
}

static rn_status measure_targets(loader *load)
{
    if (load->files->has_labels) RNI_TRY(read_labels(load));
    if (load->files->has_targets) RNI_TRY(visit_targets(load, false));
    if (load->n_classes <= load->target_size) return RN_OK;
    return rni_fail(RN_ERR_FORMAT,
                    "%s: found %" PRId64 " classes among the labels, expected at most %" PRId64
                    ", one per target",
                    load->files->name, load->n_classes, load->target_size);
}

/* --- everything ------------------------------------------------------------------------------ */

static void place_labels(const loader *load)
{
    for (int part = 0; part < load->n_pools; part++) {
        const pool *now = &load->pools[part];
        for (rn_index row = 0; row < now->head.shape[0]; row++)
            if (now->slots[row] >= 0)
                load->data->labels[now->slots[row]] = (rn_index)load->labels[part][row];
    }
}

static rn_status reserve(const loader *load, rn_index n_train, rn_index n_test)
{
    const rni_array_head *head = &load->pools[0].head;
    const rn_index one = 1;
    const bool is_vector = head->rank == 1; /* one number per sample */
    return rni_data_reserve(load->data, n_train, n_test, is_vector ? 1 : head->rank - 1,
                            is_vector ? &one : head->shape + 1, load->target_size,
                            load->files->has_labels);
}

static rn_status read_inputs(const loader *load)
{
    for (int part = 0; part < load->n_pools; part++) {
        const pool *now = &load->pools[part];
        RNI_TRY(rni_array_read(now->inputs, &now->head, now->slots, load->data->inputs));
    }
    return rni_prepare_scale(load->prepare, load->data);
}

static rn_status make_targets(loader *load)
{
    const rni_files *files = load->files;
    if (files->has_labels) place_labels(load);
    if (files->class_names && load->target_size <= files->n_names)
        load->data->class_names = files->class_names;
    if (files->has_targets) return visit_targets(load, true);
    rni_prepare_one_hot(load->prepare, load->data);
    return RN_OK;
}

static rn_status load_all(loader *load, uint64_t seed)
{
    rn_index n_train = 0;
    rn_index n_test = 0;
    RNI_TRY(open_pools(load));
    RNI_TRY(choose_rows(load, seed, &n_train, &n_test));
    RNI_TRY(measure_targets(load));
    RNI_TRY(reserve(load, n_train, n_test));
    RNI_TRY(read_inputs(load));
    return make_targets(load);
}

rn_status rni_files_load(const rni_files *files, const rni_prepare *prepare, uint64_t seed,
                         rn_data *data)
{
    if (!files->has_targets && !files->has_labels)
        return rni_fail(RN_ERR_CONFIG, "%s: found neither targets nor labels, expected one",
                        files->name);
    if (files->has_targets && prepare->is_centred)
        return rni_fail(RN_ERR_CONFIG,
                        "%s: found centred = true with targets of their own, "
                        "expected labels",
                        files->name);
    loader load = {.files = files, .prepare = prepare, .data = data};
    load.n_pools = files->has_test && prepare->n_test > 0 ? 2 : 1;
    const rn_status status = load_all(&load, seed);
    for (int part = 0; part < 2; part++) {
        rni_reader_close(load.pools[part].inputs);
        rni_free(load.pools[part].slots);
        rni_free(load.labels[part]);
    }
    return status;
}
