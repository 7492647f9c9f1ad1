#include "synthetic_run.h"

#include <math.h>
#include <renorm/run.h>
#include <stdio.h>
#include <string.h>

#include "backends/hdf5.h"
#include "check.h"
#include "core/memory.h"
#include "store/file.h"
#include "store/seal.h"

static const double ln2 = 0.69314718055994530942;

synthetic_run synthetic_defaults(void)
{
    return (synthetic_run){.n_snapshots = 8,
                           .square = 0.005,
                           .error = 0.001,
                           .entries = 52,
                           .per_shell = 6.0,
                           .gain = 2.0,
                           .influence = 0.1,
                           .growth = 1.5,
                           .burst = -1};
}

/* Configuration, manifest and metrics of a real run that measures nothing. */
static void write_frame(const synthetic_run *chosen, const char *path)
{
    const char *all[12] = {"model.depth=2",  "model.width=4",    "data.kind=sphere",
                           "data.n_train=4", "data.n_test=2",    "data.dimension=5",
                           "steps=1",        "measure.kind=none"};
    rn_index count = 8;
    rn_config *config = NULL;
    rn_run *run = NULL;
    for (int i = 0; i < 4 && chosen->settings[i]; i++)
        all[count++] = chosen->settings[i];
    assert_status(rn_config_load(NULL, count, all, &config), RN_OK);
    const rn_run_options options = {.folder = path, .n_threads = 1};
    assert_status(rn_run_execute(config, &options, NULL, &run), RN_OK);
    rn_run_destroy(run);
    rn_config_destroy(config);
}

#define REAL(key, number)                                                                          \
    {                                                                                              \
        .name = (key), .unit = "1", .reals = (const double[])                                      \
        {                                                                                          \
            (number)                                                                               \
        }                                                                                          \
    }
#define LIST(key, length, numbers)                                                                 \
    {                                                                                              \
        .name = (key), .unit = "1", .axes = "x", .rank = 1, .dims = {(length)}, .reals = (numbers) \
    }

static void write_snapshot(const synthetic_run *chosen, const char *path, int k)
{
    const int step = (1 << k) - 1;
    const double wobble = k % 2 ? 1.5 : 0.5; /* 1 on average over pairs of snapshots */
    double lambda[SYNTHETIC_MODES];
    double g[SYNTHETIC_MODES];
    double s[SYNTHETIC_BOUNDARIES];
    for (int u = 0; u < SYNTHETIC_MODES; u++) {
        lambda[u] = exp2(-(SYNTHETIC_MODES - 1 - u) / chosen->per_shell);
        g[u] = 0.1;
    }
    for (int i = 0; i < SYNTHETIC_BOUNDARIES; i++)
        s[i] = (i - SYNTHETIC_BOUNDARIES + 3) * ln2;
    const rni_hdf5_array arrays[] = {
        REAL("time", (double)step),
        REAL("learning_rate", 1.0),
        REAL("loss", 1.0 / (1.0 + step)),
        REAL("gradient_norm", 0.1),
        LIST("lambda", SYNTHETIC_MODES, lambda),
        LIST("g", SYNTHETIC_MODES, g),
        REAL("lambda_max", k + 1 < chosen->n_snapshots ? 1.0 : chosen->growth),
        REAL("lambda_floor", 1e-14),
        REAL("width", ln2),
        LIST("s", SYNTHETIC_BOUNDARIES, s),
        REAL("has_kinks", chosen->kinks),
        REAL("coupling_delta_tilt", isnan(chosen->square) ? (double)NAN : 0.2),
        REAL("coupling_kappa", 0.1),
        REAL("coupling_floor_tilt", 0.05),
        REAL("coupling_cross_tilt", chosen->square),
        REAL("coupling_cross_tilt_error", chosen->error * wobble),
        REAL("coupling_split_entries", (double)chosen->entries),
        REAL("coupling_shifted_cross_tilt", chosen->square),
        REAL("kernel_size", 2.0),
        REAL("kernel_turn", k == chosen->burst ? 1.0 : 0.1),
        REAL("loss_decay", 0.5),
        REAL("gain_largest", k == 0 ? chosen->gain : (double)NAN),
        REAL("influence_largest_row", k == 0 ? chosen->influence : (double)NAN),
    };
    const rni_hdf5_attribute attributes[] = {{.name = "format", .integer = 1},
                                             {.name = "step", .integer = step}};
    char file[RNI_PATH_SIZE];
    char name[32];
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    assert_status(rni_hdf5_build(2, attributes, (rn_index)(sizeof arrays / sizeof arrays[0]),
                                 arrays, &bytes, &n_bytes),
                  RN_OK);
    unsigned char *sealed = rni_alloc(n_bytes + RNI_SEAL_SIZE, 1);
    assert_non_null(sealed);
    memcpy(sealed, bytes, (size_t)n_bytes);
    rni_seal_make(rni_crc(0, bytes, n_bytes), sealed + n_bytes);
    (void)snprintf(name, sizeof name, "snapshots/%06d.h5", step);
    assert_status(rni_path_join(path, name, file), RN_OK);
    assert_status(rni_file_write(file, (const char *)sealed, n_bytes + RNI_SEAL_SIZE), RN_OK);
    rni_free(sealed);
    rni_free(bytes);
}

void synthetic_write(const synthetic_run *chosen, const char *path)
{
    write_frame(chosen, path);
    for (int k = 0; k < chosen->n_snapshots; k++)
        write_snapshot(chosen, path, k);
}

rn_folder *synthetic_open(const synthetic_run *chosen, const char *root, const char *name)
{
    char path[RNI_PATH_SIZE];
    rn_folder *folder = NULL;
    assert_status(rni_path_join(root, name, path), RN_OK);
    synthetic_write(chosen, path);
    assert_status(rn_folder_open(path, &folder), RN_OK);
    return folder;
}
