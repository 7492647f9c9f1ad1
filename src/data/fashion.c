/*
 * Fashion-MNIST as its package installs it, and any folder with MNIST's file names.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "core/status.h"
#include "data/files.h"

typedef struct fashion_settings {
    char *path;
    rni_prepare prepare;
} fashion_settings;

static const rni_option fashion_options[] = {
    {.key = "path",
     RNI_FIELD(fashion_settings, path),
     .initial = "/usr/share/datasets/fashion-mnist",
     .is_path = true,
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
    const rn_status opened = rni_idx_open(path, reader, head);
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
                             .n_classes = 10,
                             .class_names = fashion_classes,
                             .n_names = 10};
    return rni_files_load(&files, &chosen->prepare, seed, data);
}

const rni_data_source rni_source_fashion_mnist = {&fashion_table, load_fashion};
