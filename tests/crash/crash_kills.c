/*
 * Runs that are killed: at chosen system calls, at random moments, while they are resumed, and by
 * disks that are full. Whatever happens, what was recorded stays, and the resumed run ends with the
 * bytes of one that nothing happened to.
 *
 *     crash_kills [KILLS_PER_KIND [RANDOM_KILLS]]
 *
 * Every run lives in a child process; the parent only compares files, so that it never has threads.
 */
/* MAP_ANONYMOUS */
#define _DEFAULT_SOURCE    /* NOLINT(bugprone-reserved-identifier,cert-dcl*,readability-identifier-naming): \
                              the system's own switch */
#include "check.h"

#include <dirent.h>
#include <errno.h>
#include <renorm/run.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/reader.h"
#include "store/disk.h"
#include "store/file.h"

static int kills_per_kind = 2;
static int random_kills = 8;

static char root[64];

/* ---- what is run --------------------------------------------------------------------------- */

enum { N_DYNAMICS = 5, N_OWN = 5, MAX_EVENTS = 4096 };

static const char *const common[] = {"model.depth=2",       "model.width=6",
                                     "data.kind=sphere",    "data.n_train=6",
                                     "data.n_test=6",       "data.dimension=5",
                                     "measure.snapshots=4", "steps=12",
                                     "threads=2",           "output.checkpoint_every=5"};
#define N_COMMON ((rn_index)(sizeof common / sizeof common[0]))
/* batches of 4 of 6 samples: epochs end with a short one */
static const char *const dynamics[N_DYNAMICS][N_OWN] = {
    {"train.kind=gradient_descent"},
    {"train.kind=gradient_flow"},
    {"train.kind=sgd", "train.momentum=0.7", "train.schedule=cosine", "sampler.kind=reshuffled",
     "sampler.batch_size=4"},
    {"train.kind=svrg", "train.anchor_every=3", "train.temperature=0.001", "sampler.kind=distinct",
     "sampler.batch_size=4"},
    {"train.kind=inertial", "train.schedule=linear", "train.temperature=0.001",
     "sampler.kind=distinct", "sampler.batch_size=4"}};

/* Files, as kinds of writes are counted. */
typedef enum kind { CONFIG, MANIFEST, METRICS, SHELLS, BUDGET, SNAPSHOT, CHECKPOINT, N_KINDS } kind;
static const char *const kind_names[N_KINDS] = {"config.yaml",  "manifest.yaml", "metrics.csv",
                                                "shells.csv",   "budget.csv",    "snapshots/",
                                                "checkpoint.h5"};

/* The kind a path belongs to; N_KINDS: a folder or the lock. */
static kind kind_of(const char *path)
{
    for (int i = 0; i < N_KINDS; i++)
        if (strstr(path, kind_names[i])) return (kind)i;
    return strstr(path, "checkpoint") ? CHECKPOINT : N_KINDS;
}

/* What parent and child share. */
typedef struct shared {
    int n_events;
    kind kinds[MAX_EVENTS];
    rni_disk_act acts[MAX_EVENTS];
    rn_status status;
    char message[4096];
} shared;

static shared *common_memory;

/* ---- in the child -------------------------------------------------------------------------- */

typedef enum fate { LIVE, DIE, FULL } fate;

typedef struct plan {
    fate fate;
    int at; /* the event at which it happens */
} plan;

static int watch(void *user, rni_disk_act act, const char *path)
{
    const plan *p = user;
    const int event = common_memory->n_events++;
    if (event < MAX_EVENTS) {
        common_memory->kinds[event] = kind_of(path);
        common_memory->acts[event] = act;
    }
    if (p->fate == DIE && event == p->at) (void)kill(getpid(), SIGKILL);
    return p->fate == FULL && event >= p->at ? ENOSPC : 0;
}

static rn_status run_anew(const char *folder, int which)
{
    const char *settings[N_COMMON + N_OWN];
    rn_index n = N_COMMON;
    rn_config *config = NULL;
    rn_run *run = NULL;
    memcpy(settings, common, sizeof common);
    for (int i = 0; i < N_OWN && dynamics[which][i]; i++)
        settings[n++] = dynamics[which][i];
    rn_status status = rn_config_load(NULL, n, settings, &config);
    const rn_run_options options = {.folder = folder};
    if (status == RN_OK) status = rn_run_execute(config, &options, NULL, &run);
    rn_run_destroy(run);
    rn_config_destroy(config);
    return status;
}

static rn_status resume(const char *folder)
{
    rn_run *run = NULL;
    const rn_status status = rn_run_resume(folder, NULL, NULL, &run);
    rn_run_destroy(run);
    return status;
}

static bool has_config(const char *folder)
{
    char path[RNI_PATH_SIZE];
    struct stat found;
    return rni_path_join(folder, "config.yaml", path) == RN_OK && stat(path, &found) == 0;
}

/* Starts or resumes a run in a child. */
static pid_t start(const char *folder, int which, plan p)
{
    common_memory->n_events = 0;
    common_memory->status = RN_ERR_INTERNAL;
    const bool is_resumed = has_config(folder);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child > 0) return child;
    rni_disk_watch(watch, &p);
    common_memory->status = is_resumed ? resume(folder) : run_anew(folder, which);
    (void)snprintf(common_memory->message, sizeof common_memory->message, "%s", rn_last_message());
    _exit(0);
}

/* True when it was killed. */
static bool wait_for(pid_t child)
{
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL) return true;
    if (!WIFEXITED(how)) fail_msg("the run ended with signal %d", WTERMSIG(how));
    return false;
}

/* ---- in the parent ------------------------------------------------------------------------- */

static void remove_tree(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder) {
        (void)unlink(path);
        return;
    }
    const struct dirent *entry = NULL;
    while ((entry = readdir(folder))) { /* NOLINT(concurrency-mt-unsafe): one thread */
        char inner[RNI_PATH_SIZE];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        assert_status(rni_path_join(path, entry->d_name, inner), RN_OK);
        remove_tree(inner);
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

static char *path_of(const char *folder, const char *name, char *path)
{
    assert_status(rni_path_join(folder, name, path), RN_OK);
    return path;
}

typedef enum strictness { WHOLE, PREFIX, EQUAL } strictness;

/* One file against the undisturbed run's. WHOLE: equal if it is there; PREFIX: its beginning. */
static void compare(const char *folder, const char *reference, const char *name, strictness how)
{
    char path[RNI_PATH_SIZE];
    char *found = NULL;
    char *expected = NULL;
    rn_index n_found = 0;
    rn_index n_expected = 0;
    struct stat exists;
    if (how != EQUAL && stat(path_of(folder, name, path), &exists) != 0) return;
    assert_status(rni_file_read(path_of(folder, name, path), 1 << 24, &found, &n_found), RN_OK);
    assert_status(rni_file_read(path_of(reference, name, path), 1 << 24, &expected, &n_expected),
                  RN_OK);
    const bool is_good = (how == PREFIX ? n_found <= n_expected : n_found == n_expected)
                         && memcmp(found, expected, (size_t)n_found) == 0;
    if (!is_good) fail_msg("%s/%s is not that of an undisturbed run", folder, name);
    rni_free(found);
    rni_free(expected);
}

/* All snapshots of `listed` compared; how many there are. No leftover may stay in the end. */
static int compare_snapshots(const char *listed, const char *folder, const char *reference,
                             strictness how)
{
    char path[RNI_PATH_SIZE];
    int count = 0;
    DIR *inside = opendir(path_of(listed, "snapshots", path));
    if (!inside) return 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(inside))) { /* NOLINT(concurrency-mt-unsafe): one thread */
        char name[300];
        if (entry->d_name[0] == '.') {
            if (how == EQUAL && strstr(entry->d_name, ".part")) fail_msg("%s stays", entry->d_name);
            continue;
        }
        (void)snprintf(name, sizeof name, "snapshots/%s", entry->d_name);
        compare(folder, reference, name, how);
        count++;
    }
    (void)closedir(inside);
    return count;
}

/* After a kill: nothing that stands there is wrong, tables are beginnings of the whole ones. */
static void assert_sound(const char *folder, const char *reference)
{
    compare(folder, reference, "config.yaml", WHOLE);
    for (int i = METRICS; i <= BUDGET; i++)
        compare(folder, reference, kind_names[i], PREFIX);
    (void)compare_snapshots(folder, folder, reference, WHOLE);
}

static void assert_complete(const char *folder, const char *reference)
{
    static const kind whole[] = {CONFIG, METRICS, SHELLS, BUDGET, CHECKPOINT};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        compare(folder, reference, kind_names[whole[i]], EQUAL);
    const int n_expected = compare_snapshots(reference, folder, reference, EQUAL);
    assert_int_equal(compare_snapshots(folder, folder, reference, EQUAL), n_expected);
    assert_int_equal(n_expected, 4);
}

/* Goes on, or starts again where nothing had been written, to the end. */
static void finish(const char *folder, int which, const char *reference)
{
    assert_sound(folder, reference);
    if (!has_config(folder)) remove_tree(folder);
    assert_false(wait_for(start(folder, which, (plan){.fate = LIVE})));
    if (common_memory->status != RN_OK)
        fail_msg("status %d: %s", common_memory->status, common_memory->message);
    assert_complete(folder, reference);
    remove_tree(folder);
}

static uint64_t seed = 88172645463325252u;
static int draw(int below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (int)(seed % (uint64_t)below);
}

static char references[N_DYNAMICS][96];
static shared calls[N_DYNAMICS]; /* what the undisturbed runs do to the disk */
static double run_s[N_DYNAMICS];

static double seconds_now(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int make_place(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "renorm-crash-XXXXXX");
    if (!mkdtemp(root)) return -1;
    common_memory =
        mmap(NULL, sizeof(shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (common_memory == MAP_FAILED) return -1;
    for (int which = 0; which < N_DYNAMICS; which++) {
        (void)snprintf(references[which], sizeof references[which], "%s/whole-%d", root, which);
        const double before = seconds_now();
        if (wait_for(start(references[which], which, (plan){.fate = LIVE}))) return -1;
        run_s[which] = seconds_now() - before;
        if (common_memory->status != RN_OK || common_memory->n_events > MAX_EVENTS) {
            print_error("%s: %d events\n", common_memory->message, common_memory->n_events);
            return -1;
        }
        calls[which] = *common_memory;
    }
    return 0;
}

static int remove_place(void **state)
{
    (void)state;
    remove_tree(root);
    return munmap(common_memory, sizeof(shared));
}

/* ---- the tests ----------------------------------------------------------------------------- */

/* Event number i (counted round and round) of that kind. */
static int find_event(const shared *in, kind wanted, int i)
{
    int n_found = 0;
    for (int event = 0; event < in->n_events; event++)
        n_found += in->kinds[event] == wanted;
    if (n_found == 0) fail_msg("no write to %s", kind_names[wanted]);
    i %= n_found > 0 ? n_found : 1;
    for (int event = 0; event < in->n_events; event++)
        if (in->kinds[event] == wanted && i-- == 0) return event;
    return -1;
}

static void killed_at_every_kind_of_write_a_run_resumes_to_the_byte(void **state)
{
    (void)state;
    char folder[80];
    (void)snprintf(folder, sizeof folder, "%s/r", root);
    for (int wanted = 0; wanted < N_KINDS; wanted++) {
        int n_killed = 0;
        for (int i = 0; n_killed < kills_per_kind; i++) {
            const int which = i % N_DYNAMICS;
            const int at =
                find_event(&calls[which], (kind)wanted, kills_per_kind < 10 ? draw(999) : i);
            assert_true(wait_for(start(folder, which, (plan){.fate = DIE, .at = at})));
            n_killed++;
            assert_sound(folder, references[which]);
            /* while it is resumed, again and again; a late moment may come after the end */
            for (int again = draw(3); again > 0 && has_config(folder); again--) {
                n_killed += wait_for(start(folder, which, (plan){.fate = DIE, .at = draw(40)}))
                            && common_memory->kinds[common_memory->n_events - 1] == (kind)wanted;
                assert_sound(folder, references[which]);
            }
            finish(folder, which, references[which]);
        }
        print_message("%3d kills while writing %s\n", n_killed, kind_names[wanted]);
    }
}

static void killed_at_random_moments_a_run_resumes_to_the_byte(void **state)
{
    (void)state;
    char folder[80];
    int n_killed = 0;
    (void)snprintf(folder, sizeof folder, "%s/r", root);
    for (int i = 0; n_killed < random_kills; i++) {
        const int which = i % N_DYNAMICS;
        for (int again = 1 + draw(2); again > 0; again--) {
            if (!has_config(folder)) remove_tree(folder);
            const pid_t child = start(folder, which, (plan){.fate = LIVE});
            const int64_t wait_ns = (int64_t)(1e9 * run_s[which] * draw(1000) / 1000.0);
            const struct timespec pause = {.tv_sec = wait_ns / 1000000000,
                                           .tv_nsec = wait_ns % 1000000000};
            (void)nanosleep(&pause, NULL);
            (void)kill(child, SIGKILL);
            n_killed += wait_for(child);
            assert_sound(folder, references[which]);
        }
        finish(folder, which, references[which]);
    }
    print_message("%3d kills at random moments\n", n_killed);
}

static void on_a_full_disk_a_run_says_so_and_resumes_to_the_byte(void **state)
{
    (void)state;
    char folder[80];
    (void)snprintf(folder, sizeof folder, "%s/r", root);
    for (int wanted = 0; wanted < N_KINDS; wanted++) {
        for (int i = 0; i < kills_per_kind; i++) {
            const int which = i % N_DYNAMICS;
            const int at =
                find_event(&calls[which], (kind)wanted, kills_per_kind < 10 ? draw(999) : i);
            assert_false(wait_for(start(folder, which, (plan){.fate = FULL, .at = at})));
            assert_int_equal(common_memory->status, RN_ERR_IO);
            if (!strstr(common_memory->message, "free some space"))
                fail_msg("not said: %s", common_memory->message);
            if (!strstr(common_memory->message, "renorm resume") && at > 60)
                fail_msg("not said: %s", common_memory->message);
            finish(folder, which, references[which]);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc > 1) kills_per_kind = (int)strtol(argv[1], NULL, 10);
    if (argc > 2) random_kills = (int)strtol(argv[2], NULL, 10);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_at_every_kind_of_write_a_run_resumes_to_the_byte),
        cmocka_unit_test(killed_at_random_moments_a_run_resumes_to_the_byte),
        cmocka_unit_test(on_a_full_disk_a_run_says_so_and_resumes_to_the_byte),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
