/*
 * A cell's run in its process: begun, or gone on with.
 */
#include "study/cell_work.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/status.h"
#include "store/file.h"

#define MAX_CONFIG ((rn_index)1 << 20)

static bool is_there(const char *folder, const char *name)
{
    char path[RNI_PATH_SIZE];
    struct stat found;
    return rni_path_join(folder, name, path) == RN_OK && stat(path, &found) == 0;
}

/* A run that was killed before it had a configuration has left no more than this. */
static void clean(const char *folder)
{
    char path[RNI_PATH_SIZE];
    if (rni_path_join(folder, ".config.yaml.part", path) == RN_OK) (void)unlink(path);
    if (rni_path_join(folder, "snapshots", path) == RN_OK) (void)rmdir(path);
}

/* The folder's run must be the one that is asked for. */
static rn_status check_config(const rni_cell_job *job)
{
    char path[RNI_PATH_SIZE];
    char *text = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(rni_path_join(job->folder, "config.yaml", path));
    RNI_TRY(rni_file_read(path, MAX_CONFIG, &text, &n_bytes));
    const bool is_same = strcmp(text, rn_config_text(job->config)) == 0;
    rni_free(text);
    if (is_same) return RN_OK;
    return rni_fail(RN_ERR_CONFIG,
                    "%s: found another configuration than the study's; it was changed: remove the "
                    "folder to do the cell anew",
                    path);
}

rn_status rni_cell_work(const void *user, const rn_observer *observer,
                        char *words) /* NOLINT(readability-non-const-parameter): an rni_work_fn */
{
    const rni_cell_job *job = user;
    rn_run *run = NULL;
    (void)words; /* the folder says it all */
    rn_status status = RN_OK;
    if (is_there(job->folder, "config.yaml")) {
        const rn_resume_options options = {.max_bytes = job->max_bytes};
        RNI_TRY(check_config(job));
        status = rn_run_resume(job->folder, &options, observer, &run);
    } else {
        const rn_run_options options = {
            .folder = job->folder, .n_threads = job->n_threads, .max_bytes = job->max_bytes};
        clean(job->folder);
        status = rn_run_execute(job->config, &options, observer, &run);
    }
    if (status >= 0) rn_run_destroy(run);
    return status;
}
