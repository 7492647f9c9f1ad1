/*
 * The page: read the folders, gather the numbers, put them between the embedded halves.
 */
#include <renorm/report.h>

#include <stdio.h>

#include "core/memory.h"
#include "core/status.h"
#include "report/data.h"
#include "report/page.h"
#include "report/page_file.h"

static const rni_page_halves halves = {rni_page_head, rni_page_tail, &rni_page_head_size,
                                       &rni_page_tail_size};

typedef struct left_out {
    const char *folder;
    char *message; /* owned */
} left_out;

typedef struct gathering {
    rni_json *json;
    const rn_observer *observer;
    left_out left_out[RN_REPORT_MAX_RUNS];
    rn_index n_left_out;
    rn_folder *folders[RN_REPORT_MAX_RUNS]; /* owned */
    rn_index n_folders;
} gathering;

/* Keeps the message of a folder that could not be read. */
static rn_status leave_out(gathering *g, const char *folder)
{
    char *message = rni_copy_text(rn_last_message());
    if (!message) return rni_fail(RN_ERR_MEMORY, "rn_report_write: no memory for a message");
    g->left_out[g->n_left_out++] = (left_out){.folder = folder, .message = message};
    if (g->observer && g->observer->log)
        g->observer->log(g->observer->user, RN_LOG_WARNING, message);
    return RN_OK;
}

/* Opens the folders that can be read: g->folders. */
static rn_status open_folders(gathering *g, rn_index n_folders, const char *const *folders)
{
    rn_status worst = RN_OK;
    for (rn_index i = 0; i < n_folders; i++) {
        const rn_status status = rn_folder_open(folders[i], &g->folders[g->n_folders]);
        if (status == RN_ERR_MEMORY) return status;
        if (status < 0) {
            worst = status;
            RNI_TRY(leave_out(g, folders[i]));
            continue;
        }
        g->n_folders++;
    }
    if (g->n_folders > 0) return RN_OK;
    return rni_fail(worst, "%s", g->left_out[g->n_left_out - 1].message);
}

static rn_status gather_runs(gathering *g)
{
    rn_check *check = NULL;
    RNI_TRY(rn_check_create(g->n_folders, (const rn_folder *const *)g->folders, &check));
    rni_report_check(g->json, check);
    rn_check_destroy(check);
    rni_json_list(g->json, "runs");
    for (rn_index i = 0; i < g->n_folders; i++)
        RNI_TRY(rni_report_run(g->json, g->folders[i]));
    rni_json_close(g->json);
    return RN_OK;
}

static rn_status gather(gathering *g, rn_index n_folders, const char *const *folders, rni_text *out)
{
    g->json = rni_json_create();
    if (!g->json) return rni_fail(RN_ERR_MEMORY, "rn_report_write: no memory");
    rni_json_integer(g->json, "format", 1);
    rni_json_text(g->json, "version", RENORM_VERSION);
    rni_report_fields(g->json);
    RNI_TRY(open_folders(g, n_folders, folders));
    RNI_TRY(gather_runs(g));
    rni_json_list(g->json, "left_out");
    for (rn_index i = 0; i < g->n_left_out; i++) {
        rni_json_object(g->json, NULL);
        rni_json_text(g->json, "folder", g->left_out[i].folder);
        rni_json_text(g->json, "message", g->left_out[i].message);
        rni_json_close(g->json);
    }
    rni_json_close(g->json);
    return rni_json_write(g->json, out);
}

rn_status rn_report_write(rn_index n_folders, const char *const *folders, const char *path,
                          const rn_observer *observer, rn_index *n_left_out)
{
    if (!folders || !path || n_folders < 1 || n_folders > RN_REPORT_MAX_RUNS)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_report_write: a NULL argument, or %" PRId64
                        " folders, expected 1 .. %d",
                        n_folders, RN_REPORT_MAX_RUNS);
    RNI_TRY(rni_page_check_target(path, RNI_PAGE_MARK, "renorm report"));
    gathering g = {.observer = observer};
    rni_text data = {0};
    rn_status status = gather(&g, n_folders, folders, &data);
    if (status == RN_OK) status = rni_page_write(path, &halves, &data);
    rni_text_clear(&data);
    rni_json_destroy(g.json);
    for (rn_index i = 0; i < g.n_left_out; i++)
        rni_free(g.left_out[i].message);
    for (rn_index i = 0; i < g.n_folders; i++)
        rn_folder_close(g.folders[i]);
    if (status == RN_OK && n_left_out) *n_left_out = g.n_left_out;
    return status;
}
