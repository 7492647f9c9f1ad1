/*
 * Data sets from array files of the caller: IDX, npy, and npz archives of npy entries. One struct
 * of settings and one loader serve the three; they differ in how a file is opened.
 */
#include <string.h>

#include "backends/gzip.h"
#include "backends/zip.h"
#include "core/status.h"
#include "data/files.h"
#include "data/idx.h"
#include "data/npy.h"

typedef struct array_settings {
    char *path; /* npz: the archive */
    char *inputs;
    char *labels;
    char *targets;
    char *test_inputs;
    char *test_labels;
    char *test_targets;
    rni_prepare prepare;
} array_settings;

/* The lines of the files; `thing` says what a name stands for. */
#define FILE_OPTIONS(thing, are_files)                                                             \
    {.key = "labels",                                                                              \
     .is_path = (are_files),                                                                       \
     RNI_FIELD(array_settings, labels),                                                            \
     .initial = "",                                                                                \
     .help = thing " of the classes, integers from 0; empty: none"},                               \
        {.key = "targets",                                                                         \
         .is_path = (are_files),                                                                   \
         RNI_FIELD(array_settings, targets),                                                       \
         .initial = "",                                                                            \
         .help = thing " of real targets; empty: one-hot from the labels"},                        \
        {.key = "test_inputs",                                                                     \
         .is_path = (are_files),                                                                   \
         RNI_FIELD(array_settings, test_inputs),                                                   \
         .initial = "",                                                                            \
         .help = thing " of held-out inputs; empty: other rows of the inputs"},                    \
        {.key = "test_labels",                                                                     \
         .is_path = (are_files),                                                                   \
         RNI_FIELD(array_settings, test_labels),                                                   \
         .initial = "",                                                                            \
         .help = thing " of held-out classes"},                                                    \
    {                                                                                              \
        .key = "test_targets", .is_path = (are_files), RNI_FIELD(array_settings, test_targets),    \
        .initial = "", .help = thing " of held-out targets"                                        \
    }

static const rni_option idx_options[] = {
    {.key = "inputs",
     RNI_FIELD(array_settings, inputs),
     .is_path = true,
     .help = "IDX file of the inputs, packed or not"},
    FILE_OPTIONS("IDX file", true),
    RNI_PREPARE_OPTIONS(array_settings, "0", "0", "255", "standard"),
};

static const rni_option npy_options[] = {
    {.key = "inputs",
     RNI_FIELD(array_settings, inputs),
     .is_path = true,
     .help = "npy file of the inputs, axis 0 counts samples; packed or not"},
    FILE_OPTIONS("npy file", true),
    RNI_PREPARE_OPTIONS(array_settings, "0", "0", "1", "none"),
};

static const rni_option npz_options[] = {
    {.key = "path", RNI_FIELD(array_settings, path), .is_path = true, .help = "npz archive"},
    {.key = "inputs",
     RNI_FIELD(array_settings, inputs),
     .initial = "inputs",
     .help = "array of the inputs, axis 0 counts samples"},
    FILE_OPTIONS("array", false),
    RNI_PREPARE_OPTIONS(array_settings, "0", "0", "1", "none"),
};

static rn_status check(const void *settings)
{
    const array_settings *chosen = settings;
    const bool has_test = chosen->test_inputs[0] != '\0';
    const bool has_labels = chosen->labels[0] != '\0';
    const bool has_targets = chosen->targets[0] != '\0';
    if (!has_labels && !has_targets)
        return rni_fail(RN_ERR_CONFIG, "found neither labels nor targets, expected one of them");
    if ((has_test && has_labels) != (chosen->test_labels[0] != '\0')
        || (has_test && has_targets) != (chosen->test_targets[0] != '\0'))
        return rni_fail(RN_ERR_CONFIG, "found test files that do not match the training files, "
                                       "expected test_inputs with test_labels or test_targets");
    return RN_OK;
}

#define ARRAY_TABLE(table_name, table_help, array)                                                 \
    {                                                                                              \
        .name = (table_name), .help = (table_help), .options = (array),                            \
        .n_options = sizeof(array) / sizeof((array)[0]), .size = sizeof(array_settings),           \
        .check = check                                                                             \
    }

static const rni_option_table idx_table =
    ARRAY_TABLE("idx", "arrays in IDX files, as of MNIST", idx_options);
static const rni_option_table npy_table = ARRAY_TABLE("npy", "arrays in npy files", npy_options);
static const rni_option_table npz_table =
    ARRAY_TABLE("npz", "arrays in an npz archive", npz_options);

/* The name of a file or entry. */
static const char *find_name(const array_settings *chosen, rni_role role, rn_data_part part)
{
    const bool is_train = part == RN_DATA_TRAIN;
    switch (role) {
    case RNI_ROLE_INPUTS: return is_train ? chosen->inputs : chosen->test_inputs;
    case RNI_ROLE_TARGETS: return is_train ? chosen->targets : chosen->test_targets;
    case RNI_ROLE_LABELS: return is_train ? chosen->labels : chosen->test_labels;
    }
    return "";
}

/* Reads the head of an opened stream, or closes it. */
static rn_status finish(rni_reader *opened, rn_status (*read_head)(rni_reader *, rni_array_head *),
                        rni_reader **reader, rni_array_head *head)
{
    const rn_status status = read_head(opened, head);
    if (status < 0) {
        rni_reader_close(opened);
        return status;
    }
    *reader = opened;
    return RN_OK;
}

rn_status rni_idx_open(const char *path, rni_reader **reader, rni_array_head *head)
{
    rni_reader *opened = NULL;
    RNI_TRY(rni_gzip_open(path, &opened));
    return finish(opened, rni_idx_read_head, reader, head);
}

static rn_status open_idx(const void *user, rni_role role, rn_data_part part, rni_reader **reader,
                          rni_array_head *head)
{
    return rni_idx_open(find_name(user, role, part), reader, head);
}

static rn_status open_npy(const void *user, rni_role role, rn_data_part part, rni_reader **reader,
                          rni_array_head *head)
{
    rni_reader *opened = NULL;
    RNI_TRY(rni_gzip_open(find_name(user, role, part), &opened));
    return finish(opened, rni_npy_read_head, reader, head);
}

static rn_status open_npz(const void *user, rni_role role, rn_data_part part, rni_reader **reader,
                          rni_array_head *head)
{
    const array_settings *chosen = user;
    rni_reader *opened = NULL;
    rni_text entry = {0};
    rni_text_add(&entry, "%s.npy", find_name(chosen, role, part));
    rn_status status = entry.is_broken ? rni_fail(RN_ERR_MEMORY, "%s: no memory", chosen->path)
                                       : rni_zip_open(chosen->path, rni_text_get(&entry), &opened);
    rni_text_clear(&entry);
    RNI_TRY(status);
    return finish(opened, rni_npy_read_head, reader, head);
}

static rn_status load(const array_settings *chosen, rni_files files, uint64_t seed, rn_data *data)
{
    files.has_targets = chosen->targets[0] != '\0';
    files.has_labels = chosen->labels[0] != '\0';
    files.has_test = chosen->test_inputs[0] != '\0';
    files.user = chosen;
    return rni_files_load(&files, &chosen->prepare, seed, data);
}

static rn_status load_idx(const void *settings, uint64_t seed, rn_data *data)
{
    return load(settings, (rni_files){.name = "idx", .open = open_idx}, seed, data);
}

static rn_status load_npy(const void *settings, uint64_t seed, rn_data *data)
{
    return load(settings, (rni_files){.name = "npy", .open = open_npy}, seed, data);
}

static rn_status load_npz(const void *settings, uint64_t seed, rn_data *data)
{
    return load(settings, (rni_files){.name = "npz", .open = open_npz}, seed, data);
}

const rni_data_source rni_source_idx = {&idx_table, load_idx};
const rni_data_source rni_source_npy = {&npy_table, load_npy};
const rni_data_source rni_source_npz = {&npz_table, load_npz};
