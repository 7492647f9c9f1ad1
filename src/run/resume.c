/*
 * Going on with a run. Nothing in the folder changes until all of it has been checked.
 */
#include <renorm/run.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "backends/yaml.h"
#include "core/memory.h"
#include "core/reader.h"
#include "core/status.h"
#include "core/text.h"
#include "run/checkpoint.h"
#include "run/restore.h"
#include "store/seal.h"

/* Longest metrics.csv that holds nothing but its header, generously. */
#define EMPTY_TABLE 4096

/* Longest config.yaml, the limit of every configuration. */
#define MAX_CONFIG ((rn_index)1 << 20)

/* What the manifest says; a missing or damaged one only costs the wall times. */
typedef struct history {
    rn_index format;
    rn_index n_resumed;
    double train_s;
    double measure_s;
    int64_t start;
    bool is_done;
} history;

static bool is_there(const char *folder, const char *name)
{
    char path[RNI_PATH_SIZE];
    struct stat found;
    return rni_path_join(folder, name, path) == RN_OK && stat(path, &found) == 0;
}

static const char *find_text(const rni_node *root, const char *key)
{
    const rni_node *node = root && root->type == RNI_NODE_MAPPING ? rni_node_find(root, key) : NULL;
    return node && node->type == RNI_NODE_SCALAR ? node->text : "";
}

static rn_index find_integer(const rni_node *root, const char *key)
{
    rn_index value = 0;
    const char *text = find_text(root, key);
    return rni_integer_parse(text, (rn_index)strlen(text), &value) ? 0 : value;
}

static double find_real(const rni_node *root, const char *key)
{
    double value = 0.0;
    const char *text = find_text(root, key);
    return rni_real_parse(text, (rn_index)strlen(text), &value) || !(value > 0.0) ? 0.0 : value;
}

/* Seconds since 1970 of "2026-01-31T12:00:00Z"; 0 for anything else. */
static int64_t find_date(const rni_node *root, const char *key)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    const char *text = find_text(root, key);
    if (strlen(text) != sizeof form - 1) return 0;
    rn_index fields[6] = {0};
    int field = 0;
    for (size_t i = 0; i < sizeof form - 1; i++) {
        if (form[i] != 'd') {
            if (text[i] != form[i]) return 0;
            field++;
        } else {
            if (text[i] < '0' || text[i] > '9') return 0;
            fields[field] = 10 * fields[field] + (text[i] - '0');
        }
    }
    /* days from civil: years start in March, so that the leap day comes last */
    const rn_index month = (fields[1] + 9) % 12;
    const rn_index year = fields[0] - (fields[1] <= 2 ? 1 : 0);
    const rn_index day = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5
                         + fields[2] - 1 - 719468;
    return ((day * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5];
}

static rn_status read_history(const char *folder, history *out)
{
    char path[RNI_PATH_SIZE];
    rni_document *document = NULL;
    RNI_TRY(rni_path_join(folder, "manifest.yaml", path));
    if (!is_there(folder, "manifest.yaml")) return RN_OK;
    const rn_status status = rni_yaml_read(path, &document);
    if (status == RN_ERR_MEMORY) return status;
    const rni_node *root = status < 0 ? NULL : rni_document_root(document);
    const history found = {.format = find_integer(root, "format"),
                           .n_resumed = find_integer(root, "resumed"),
                           .train_s = find_real(root, "train_seconds"),
                           .measure_s = find_real(root, "measure_seconds"),
                           .start = find_date(root, "start"),
                           .is_done = strcmp(find_text(root, "outcome"), "done") == 0};
    rn_status result = RN_OK;
    if (found.format > RNI_STORE_FORMAT) {
        const char *version = find_text(root, "version");
        result = rni_fail(RN_ERR_UNSUPPORTED,
                          "%s: found format %" PRId64 ", this is renorm " RENORM_VERSION
                          " and reads format 1 to %d; the run was made by renorm %s: install that "
                          "version",
                          path, found.format, RNI_STORE_FORMAT,
                          rni_quote(version, (rn_index)strlen(version)).chars);
    }
    *out = found;
    rni_document_destroy(document);
    return result;
}

/* Without a checkpoint a run can begin anew if it had not recorded anything. */
static rn_status check_blank(const char *folder)
{
    char path[RNI_PATH_SIZE];
    char *text = NULL;
    rn_index n_bytes = 0;
    RNI_TRY(rni_path_join(folder, "metrics.csv", path));
    if (!is_there(folder, "metrics.csv")) return RN_OK;
    rn_status status = rni_file_read(path, EMPTY_TABLE, &text, &n_bytes);
    const char *end = status == RN_OK ? memchr(text, '\n', (size_t)n_bytes) : NULL;
    const bool is_blank = status == RN_OK && (!end || end + 1 == text + n_bytes);
    rni_free(text);
    if (is_blank) return RN_OK;
    if (status < 0 && status != RN_ERR_FORMAT) return status;
    return rni_fail(RN_ERR_FORMAT,
                    "%s/" RNI_CHECKPOINT_NAME ": the file is missing, though metrics.csv has rows",
                    folder);
}

/* Stands behind every message about a file that cannot be used. */
static rn_status advise(rn_status status, const char *folder)
{
    char message[RNI_MESSAGE_SIZE];
    if (status != RN_ERR_FORMAT && status != RN_ERR_IO) return status;
    (void)snprintf(message, sizeof message, "%.*s", RNI_MESSAGE_SIZE / 2, rn_last_message());
    return rni_fail(status,
                    "%s\nnothing was changed: restore the file from a copy, or repeat the run in a "
                    "new folder with renorm run %s/config.yaml -o NEW (the same settings give the "
                    "same bytes)",
                    message, folder);
}

/* The configuration, once its bytes are known to be those the run was started with. */
static rn_status load(rni_execution *x, const rni_checkpoint *checkpoint, bool has_place,
                      rn_config **config)
{
    char path[RNI_PATH_SIZE];
    const char *folder = rni_store_path(x->run->store);
    const char *text = x->config_text;
    if (!text) return rni_fail(RN_ERR_INTERNAL, "%s: config.yaml was not read", folder);
    if (has_place && rni_crc(0, text, (rn_index)strlen(text)) != checkpoint->config_crc)
        return rni_fail(RN_ERR_FORMAT,
                        "%s/config.yaml: found other bytes than the run was started with; put the "
                        "file back (its text is also the attribute 'config' of %s/%s); for other "
                        "settings start a new run",
                        folder, folder, RNI_CHECKPOINT_NAME);
    RNI_TRY(rni_path_join(folder, "config.yaml", path));
    const rn_status status = rn_config_load(path, 0, NULL, config);
    if (status == RN_ERR_CONFIG) /* a mistake of a person's file; this one renorm wrote */
        return rni_fail_within(RN_ERR_FORMAT, "the settings of the run are damaged");
    return status;
}

/* Everything read and checked; *has_place: there is a checkpoint to go on from. */
static rn_status look(rni_execution *x, rn_config **config, rni_checkpoint *checkpoint,
                      bool *has_place)
{
    const char *folder = rni_store_path(x->run->store);
    history before = {0};
    RNI_TRY(read_history(folder, &before));
    *has_place = is_there(folder, RNI_CHECKPOINT_NAME);
    rn_status status =
        *has_place ? rni_checkpoint_read(x->run->store, checkpoint) : check_blank(folder);
    if (status == RN_OK) status = load(x, checkpoint, *has_place, config);
    if (status < 0) return advise(status, folder);
    x->config = *config;
    x->scale = checkpoint->scale;
    RNI_TRY(rni_execution_set_up(x, checkpoint->n_threads));
    x->run->summary.folder = folder;
    x->run->summary.is_resumed = 1;
    x->run->summary.train_s = before.train_s;
    x->run->summary.measure_s = before.measure_s;
    x->manifest = (rni_manifest){.seed = x->top->seed,
                                 .start = before.start ? before.start : (int64_t)time(NULL),
                                 .n_resumed = before.n_resumed + 1,
                                 .earlier_train_s = before.train_s,
                                 .earlier_measure_s = before.measure_s,
                                 .scaling = rn_data_get_scaling(x->stage.data)};
    if (*has_place) RNI_TRY(advise(rni_restore(x, checkpoint), folder));
    x->run->summary.was_done = before.is_done && *has_place && checkpoint->next > x->top->steps;
    return RN_OK;
}

static rn_status go_on(rni_execution *x, const rni_checkpoint *checkpoint, bool has_place)
{
    rni_store_extent extent = {.n_marks = checkpoint->n_marks, .marks = checkpoint->marks};
    memcpy(extent.tables, checkpoint->tables, sizeof extent.tables);
    RNI_TRY(rni_store_continue(x->run->store, &extent));
    if (x->run->summary.was_done) return RN_OK;
    if (!has_place) RNI_TRY(rni_execution_begin(x));
    return rni_execution_perform(x);
}

static rn_status resume(rni_execution *x, rn_config **config)
{
    rni_checkpoint checkpoint = {0};
    bool has_place = false;
    rn_status status = look(x, config, &checkpoint, &has_place);
    if (status == RN_OK) status = go_on(x, &checkpoint, has_place);
    rni_checkpoint_clear(&checkpoint);
    return status;
}

static rn_status read_text(const char *folder, char **text)
{
    char path[RNI_PATH_SIZE];
    rn_index n_bytes = 0;
    RNI_TRY(rni_path_join(folder, "config.yaml", path));
    if (is_there(folder, "config.yaml")) return rni_file_read(path, MAX_CONFIG, text, &n_bytes);
    if (is_there(folder, RNI_CHECKPOINT_NAME))
        return advise(rni_fail(RN_ERR_IO,
                               "%s: found no such file; its text is also the attribute 'config' of "
                               "%s/%s",
                               path, folder, RNI_CHECKPOINT_NAME),
                      folder);
    return rni_fail(RN_ERR_IO,
                    "%s: found no config.yaml, expected the folder of a run; if the run was "
                    "killed before it began, remove the folder and start it again",
                    folder);
}

rn_status rn_run_resume(const char *folder, const rn_resume_options *options,
                        const rn_observer *observer, rn_run **out)
{
    const rn_resume_options chosen = options ? *options : (rn_resume_options){0};
    if (!folder || !out || chosen.max_bytes < 0)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_run_resume: a NULL argument, or a limit of %" PRId64
                        " bytes, expected >= 0",
                        chosen.max_bytes);
    rn_run *run = rni_alloc_zero(1, sizeof *run);
    if (!run) return rni_fail(RN_ERR_MEMORY, "rn_run_resume: no memory");
    rni_execution x = {.observer = observer, .run = run, .max_bytes = chosen.max_bytes};
    rn_config *config = NULL;
    char *text = NULL;
    rn_status status = rni_store_open(folder, &run->store);
    if (status == RN_OK) status = read_text(folder, &text);
    x.config_text = text;
    if (status == RN_OK) status = resume(&x, &config);
    rni_execution_clear(&x);
    rn_config_destroy(config);
    rni_free(text);
    if (status < 0) {
        rn_run_destroy(run);
        return status;
    }
    *out = run;
    return status;
}
