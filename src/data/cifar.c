/*
 * CIFAR-10 and CIFAR-100 in their binary version (Krizhevsky, "Learning multiple layers of features
 * from tiny images", 2009): records of one label (CIFAR-100: coarse, then fine) and 3072 bytes, the
 * red, green and blue planes of a 32 x 32 image, each row by row.
 */
#include <stdio.h>

#include "core/status.h"
#include "data/files.h"
#include "data/records.h"

enum { PIXELS = 3 * 32 * 32, MOST_FILES = 5 };

typedef struct cifar_settings {
    char *path;
    int set;
    rni_prepare prepare;
} cifar_settings;

static const char *const set_words[] = {"cifar10", "cifar100", "cifar100_coarse", NULL};

/* What a set looks like, in the order of set_words. */
static const struct {
    rn_index n_labels; /* bytes in front of the pixels */
    rn_index label;    /* which of them */
    rn_index n_classes;
} sets[] = {{1, 0, 10}, {2, 1, 100}, {2, 0, 20}};

static const rni_option options[] = {
    {.key = "path",
     RNI_FIELD(cifar_settings, path),
     .is_path = true,
     .help = "folder with data_batch_1.bin .. data_batch_5.bin and test_batch.bin, or train.bin "
             "and test.bin"},
    {.key = "set",
     RNI_FIELD(cifar_settings, set),
     .choices = set_words,
     .initial = "cifar10",
     .help = "10 classes, 100, or the 20 coarse ones of the latter's images"},
    RNI_PREPARE_OPTIONS(cifar_settings, "128", "1000", "255", "standard"),
};

static const rni_option_table table =
    RNI_TABLE("cifar", "32 x 32 colour images of CIFAR-10 or CIFAR-100, binary version", options,
              cifar_settings);

static const char *const classes[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                      "dog",      "frog",       "horse", "ship", "truck"};

/* The files of a part: [n] names. */
static rn_index name_files(const cifar_settings *settings, rn_data_part part, const char **names)
{
    static const char *const batches[] = {"data_batch_1.bin", "data_batch_2.bin",
                                          "data_batch_3.bin", "data_batch_4.bin",
                                          "data_batch_5.bin"};
    const bool is_ten = settings->set == 0;
    if (!is_ten || part == RN_DATA_HELD_OUT) {
        names[0] = is_ten ? "test_batch.bin" : part == RN_DATA_TRAIN ? "train.bin" : "test.bin";
        return 1;
    }
    for (rn_index i = 0; i < MOST_FILES; i++)
        names[i] = batches[i];
    return MOST_FILES;
}

static rn_status open_files(const cifar_settings *settings, rn_index n, const char *const *names,
                            rni_reader **files)
{
    enum { LONGEST_PATH = RNI_OPTION_MAX_TEXT + 32 };
    char path[LONGEST_PATH];
    for (rn_index i = 0; i < n; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", settings->path, names[i]);
        RNI_TRY(rni_file_open(path, &files[i]));
    }
    return RN_OK;
}

static rn_status open_cifar(const void *user, rni_role role, rn_data_part part, rni_reader **reader,
                            rni_array_head *head)
{
    const cifar_settings *settings = user;
    const rn_index n_labels = sets[settings->set].n_labels;
    const bool is_label = role == RNI_ROLE_LABELS;
    const rni_column column = {.record = n_labels + PIXELS,
                               .first = is_label ? sets[settings->set].label : n_labels,
                               .count = is_label ? 1 : PIXELS};
    const char *names[MOST_FILES];
    rni_reader *files[MOST_FILES] = {NULL};
    rn_index n_records = 0;
    const rn_index n = name_files(settings, part, names);
    rn_status status = open_files(settings, n, names, files);
    if (status == RN_OK) status = rni_records_wrap(n, files, column, reader, &n_records);
    for (rn_index i = 0; i < n && status < 0; i++)
        rni_reader_close(files[i]);
    if (status < 0) return status;
    *head = (rni_array_head){.element = {.kind = RNI_ELEMENT_UNSIGNED, .n_bytes = 1},
                             .rank = is_label ? 1 : 4,
                             .shape = {n_records, 3, 32, 32}};
    return RN_OK;
}

static rn_status load(const void *settings, uint64_t seed, rn_data *data)
{
    const cifar_settings *chosen = settings;
    const rni_files files = {.name = "cifar",
                             .has_labels = true,
                             .has_test = true,
                             .open = open_cifar,
                             .user = chosen,
                             .n_classes = sets[chosen->set].n_classes,
                             .class_names = chosen->set == 0 ? classes : NULL,
                             .n_names = 10};
    return rni_files_load(&files, &chosen->prepare, seed, data);
}

const rni_data_source rni_source_cifar = {&table, load};
