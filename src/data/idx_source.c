/*
 * Images and labels in IDX files: Fashion-MNIST as its package installs it, and any other files.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "backends/gzip.h"
#include "core/status.h"
#include "data/files.h"
#include "data/idx.h"

static rn_status open_idx(const char *path, rni_reader **reader, rni_array_head *head)
{
    rni_reader *opened = NULL;
    RNI_TRY(rni_gzip_open(path, &opened));
    const rn_status status = rni_idx_read_head(opened, head);
    if (status < 0) {
        rni_reader_close(opened);
        return status;
    }
    *reader = opened;
    return RN_OK;
}

/* --- fashion_mnist --------------------------------------------------------------------------- */

typedef struct fashion_settings {
    char *path;
    rni_prepare prepare;
} fashion_settings;

static const rni_option fashion_options[] = {
    {.key = "path",
     RNI_FIELD(fashion_settings, path),
     .initial = "/usr/share/datasets/fashion-mnist",
     .help = "folder with the four files of MNIST's naming, packed or not"},
    RNI_PREPARE_OPTIONS(fashion_settings, "128", "1000", "255", "standard"),
};

static const rni_option_table fashion_table = RNI_TABLE(
    "fashion_mnist", "28 x 28 images of ten kinds of clothing", fashion_options, fashion_settings);

static const char *const fashion_classes[] = {"T-shirt/top", "Trouser",   "Pullover", "Dress",
                                              "Coat",        "Sandal",    "Shirt",    "Sneaker",
                                              "Bag",         "Ankle boot"};

static rn_status open_fashion(const void *user, rni_role role, rn_data_part part,
                              rni_reader **reader, rni_array_head *head)
{
    enum { LONGEST_PATH = RNI_OPTION_MAX_TEXT + 64 };
    const fashion_settings *settings = user;
    const char *prefix = part == RN_DATA_TRAIN ? "train" : "t10k";
    const char *name = role == RNI_ROLE_INPUTS ? "images-idx3" : "labels-idx1";
    char path[LONGEST_PATH];
    struct stat status;
    (void)snprintf(path, sizeof path, "%s/%s-%s-ubyte", settings->path, prefix, name);
    if (stat(path, &status) != 0)
        (void)snprintf(path, sizeof path, "%s/%s-%s-ubyte.gz", settings->path, prefix, name);
    const rn_status opened = open_idx(path, reader, head);
    if (opened != RN_ERR_IO) return opened;
    return rni_fail(opened,
                    "%s; install the package dataset-fashion-mnist or set data.path to a folder "
                    "with its files",
                    rn_last_message());
}

static rn_status load_fashion(const void *settings, uint64_t seed, rn_data *data)
{
    const fashion_settings *chosen = settings;
    const rni_files files = {.name = "fashion_mnist",
                             .has_labels = true,
                             .has_test = true,
                             .open = open_fashion,
                             .user = chosen,
                             .class_names = fashion_classes,
                             .n_names = 10};
    return rni_files_load(&files, &chosen->prepare, seed, data);
}

const rni_data_source rni_source_fashion_mnist = {&fashion_table, load_fashion};

/* --- idx ------------------------------------------------------------------------------------- */

typedef struct idx_settings {
    char *inputs;
    char *labels;
    char *targets;
    char *test_inputs;
    char *test_labels;
    char *test_targets;
    rni_prepare prepare;
} idx_settings;

static const rni_option idx_options[] = {
    {.key = "inputs",
     RNI_FIELD(idx_settings, inputs),
     .help = "IDX file of the inputs, packed or not"},
    {.key = "labels",
     RNI_FIELD(idx_settings, labels),
     .initial = "",
     .help = "IDX file of the classes; empty: none"},
    {.key = "targets",
     RNI_FIELD(idx_settings, targets),
     .initial = "",
     .help = "IDX file of real targets; empty: one-hot from the labels"},
    {.key = "test_inputs",
     RNI_FIELD(idx_settings, test_inputs),
     .initial = "",
     .help = "IDX file of held-out inputs; empty: rows of the same file"},
    {.key = "test_labels",
     RNI_FIELD(idx_settings, test_labels),
     .initial = "",
     .help = "IDX file of held-out classes"},
    {.key = "test_targets",
     RNI_FIELD(idx_settings, test_targets),
     .initial = "",
     .help = "IDX file of held-out targets"},
    RNI_PREPARE_OPTIONS(idx_settings, "0", "0", "255", "standard"),
};

static rn_status check_idx(const void *settings)
{
    const idx_settings *chosen = settings;
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

static const rni_option_table idx_table = {.name = "idx",
                                           .help = "images and labels in IDX files",
                                           .options = idx_options,
                                           .n_options = sizeof idx_options / sizeof idx_options[0],
                                           .size = sizeof(idx_settings),
                                           .check = check_idx};

static rn_status open_any_idx(const void *user, rni_role role, rn_data_part part,
                              rni_reader **reader, rni_array_head *head)
{
    const idx_settings *chosen = user;
    const char *const paths[2][3] = {
        {chosen->inputs, chosen->targets, chosen->labels},
        {chosen->test_inputs, chosen->test_targets, chosen->test_labels}};
    return open_idx(paths[part][role], reader, head);
}

static rn_status load_idx(const void *settings, uint64_t seed, rn_data *data)
{
    const idx_settings *chosen = settings;
    const rni_files files = {.name = "idx",
                             .has_targets = chosen->targets[0] != '\0',
                             .has_labels = chosen->labels[0] != '\0',
                             .has_test = chosen->test_inputs[0] != '\0',
                             .open = open_any_idx,
                             .user = chosen};
    return rni_files_load(&files, &chosen->prepare, seed, data);
}

const rni_data_source rni_source_idx = {&idx_table, load_idx};
