/*
 * Data sets from CSV tables: some columns are targets or the class, the others inputs.
 */
#include <string.h>

#include "backends/gzip.h"
#include "core/memory.h"
#include "core/status.h"
#include "data/csv.h"
#include "data/prepare.h"

typedef struct csv_settings {
    char *path;
    bool has_header;
    char *targets;
    char *label;
    rni_prepare prepare;
} csv_settings;

static const rni_option options[] = {
    {.key = "path",
     RNI_FIELD(csv_settings, path),
     .is_path = true,
     .help = "CSV file, packed or not"},
    {.key = "header",
     RNI_FIELD(csv_settings, has_header),
     .initial = "true",
     .help = "the first line holds names"},
    {.key = "targets",
     RNI_FIELD(csv_settings, targets),
     .initial = "",
     .help = "target columns, names or numbers from 1, between commas; empty: one-hot from the "
             "label"},
    {.key = "label",
     RNI_FIELD(csv_settings, label),
     .initial = "",
     .help = "column of the class, an integer from 0; empty: none"},
    RNI_PREPARE_OPTIONS(csv_settings, "0", "0", "1", "standard"),
};

static rn_status check(const void *settings)
{
    const csv_settings *chosen = settings;
    if (!chosen->targets[0] && !chosen->label[0])
        return rni_fail(RN_ERR_CONFIG, "found neither targets nor label, expected one of them");
    if (chosen->targets[0] && chosen->prepare.is_centred)
        return rni_fail(RN_ERR_CONFIG, "found centred = true with targets, expected a label only");
    return RN_OK;
}

static const rni_option_table csv_table = {.name = "csv",
                                           .help = "columns of a numeric table",
                                           .options = options,
                                           .n_options = sizeof options / sizeof options[0],
                                           .size = sizeof(csv_settings),
                                           .check = check};

/* What every column is for. */
typedef enum use { USE_INPUT, USE_TARGET, USE_LABEL } use;

typedef struct layout {
    use *uses;       /* [n_columns], owned */
    rn_index *order; /* [n_columns] place of a target among the targets, owned */
    rn_index n_inputs;
    rn_index n_targets;
    rn_index label; /* column, -1: none */
} layout;

static rn_status mark(const rni_csv *csv, const char *path, const char *name, use wanted,
                      layout *plan)
{
    const rn_index column = rni_csv_find(csv, name);
    const rni_quoted quoted = rni_quote(name, (rn_index)strlen(name));
    if (column < 0)
        return rni_fail(RN_ERR_CONFIG,
                        "%s: found no column %s, expected a name of the first line or a number "
                        "from 1 to %" PRId64,
                        path, quoted.chars, csv->n_columns);
    if (plan->uses[column] != USE_INPUT)
        return rni_fail(RN_ERR_CONFIG, "%s: found column %s twice among targets and label", path,
                        quoted.chars);
    plan->uses[column] = wanted;
    plan->n_inputs--;
    if (wanted == USE_LABEL)
        plan->label = column;
    else
        plan->order[column] = plan->n_targets++;
    return RN_OK;
}

/* Marks the columns of "a,b,3". `names` is cut into words. */
static rn_status mark_targets(const rni_csv *csv, const char *path, char *names, layout *plan)
{
    for (char *name = names; name && names[0];) {
        char *comma = strchr(name, ',');
        if (comma) *comma = '\0';
        RNI_TRY(mark(csv, path, name, USE_TARGET, plan));
        name = comma ? comma + 1 : NULL;
    }
    return RN_OK;
}

static rn_status mark_all(const rni_csv *csv, const csv_settings *chosen, char *names, layout *plan)
{
    RNI_TRY(mark_targets(csv, chosen->path, names, plan));
    if (chosen->label[0]) RNI_TRY(mark(csv, chosen->path, chosen->label, USE_LABEL, plan));
    if (plan->n_inputs > 0) return RN_OK;
    return rni_fail(RN_ERR_CONFIG, "%s: found no column left for inputs", chosen->path);
}

static rn_status plan_columns(const rni_csv *csv, const csv_settings *chosen, layout *plan)
{
    plan->n_inputs = csv->n_columns;
    plan->label = -1;
    plan->uses = rni_alloc_zero(csv->n_columns, sizeof *plan->uses);
    plan->order = rni_alloc_zero(csv->n_columns, sizeof *plan->order);
    if (!plan->uses || !plan->order) return rni_fail(RN_ERR_MEMORY, "%s: no memory", chosen->path);
    char *names = rni_copy_text(chosen->targets);
    if (!names) return rni_fail(RN_ERR_MEMORY, "%s: no memory", chosen->path);
    const rn_status status = mark_all(csv, chosen, names, plan);
    rni_free(names);
    return status;
}

/* Classes of the label column. */
static rn_status count_classes(const rni_csv *csv, const char *path, rn_index column,
                               rn_index *n_classes)
{
    double *labels = rni_alloc(csv->n_rows, sizeof *labels);
    if (!labels) return rni_fail(RN_ERR_MEMORY, "%s: no memory", path);
    for (rn_index row = 0; row < csv->n_rows; row++)
        labels[row] = csv->values[row * csv->n_columns + column];
    const rn_status status = rni_prepare_check_labels(path, csv->n_rows, labels, n_classes);
    rni_free(labels);
    return status;
}

static void place_row(const double *values, rn_index n_columns, const layout *plan, rn_index slot,
                      rn_data *data)
{
    double *input = data->inputs + slot * data->input_size;
    double *target = data->targets + slot * data->target_size;
    for (rn_index column = 0; column < n_columns; column++) {
        switch (plan->uses[column]) {
        case USE_INPUT: *input++ = values[column]; break;
        case USE_TARGET: target[plan->order[column]] = values[column]; break;
        case USE_LABEL: data->labels[slot] = (rn_index)values[column]; break;
        }
    }
}

static rn_status choose_and_place(const rni_csv *csv, const csv_settings *chosen,
                                  const layout *plan, uint64_t seed, rn_data *data)
{
    rn_index *slots = rni_alloc(csv->n_rows, sizeof *slots);
    if (!slots) return rni_fail(RN_ERR_MEMORY, "%s: no memory", chosen->path);
    const rn_status status = rni_prepare_choose(&chosen->prepare, seed, RN_DATA_TRAIN, csv->n_rows,
                                                data->n_train + data->n_held_out, 0, slots);
    for (rn_index row = 0; status == RN_OK && row < csv->n_rows; row++)
        if (slots[row] >= 0)
            place_row(csv->values + row * csv->n_columns, csv->n_columns, plan, slots[row], data);
    rni_free(slots);
    return status;
}

static rn_status fill(const rni_csv *csv, const csv_settings *chosen, const layout *plan,
                      uint64_t seed, rn_data *data)
{
    rn_index n_train = 0;
    rn_index n_test = 0;
    rn_index n_classes = 0;
    RNI_TRY(rni_prepare_count(&chosen->prepare, chosen->path, csv->n_rows, -1, &n_train, &n_test));
    if (plan->label >= 0) RNI_TRY(count_classes(csv, chosen->path, plan->label, &n_classes));
    const bool is_one_hot = plan->n_targets == 0;
    const rn_index target_size = is_one_hot ? n_classes : plan->n_targets;
    if (n_classes > target_size)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %" PRId64 " classes, expected at most %" PRId64
                        ", one per target",
                        chosen->path, n_classes, target_size);
    RNI_TRY(
        rni_data_reserve(data, n_train, n_test, 1, &plan->n_inputs, target_size, plan->label >= 0));
    RNI_TRY(choose_and_place(csv, chosen, plan, seed, data));
    if (is_one_hot) rni_prepare_one_hot(&chosen->prepare, data);
    return rni_prepare_scale(&chosen->prepare, data);
}

static rn_status load_csv(const void *settings, uint64_t seed, rn_data *data)
{
    const csv_settings *chosen = settings;
    rni_reader *reader = NULL;
    rni_csv csv = {0};
    layout plan = {0};
    RNI_TRY(rni_gzip_open(chosen->path, &reader));
    rn_status status = rni_csv_read(reader, chosen->has_header, &csv);
    rni_reader_close(reader);
    if (status == RN_OK) status = plan_columns(&csv, chosen, &plan);
    if (status == RN_OK) status = fill(&csv, chosen, &plan, seed, data);
    rni_free(plan.uses);
    rni_free(plan.order);
    rni_csv_clear(&csv);
    return status;
}

const rni_data_source rni_source_csv = {&csv_table, load_csv};
