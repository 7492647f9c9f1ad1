/*
 * A matrix-free measurement that is stopped after any of its products goes on from there, and ends
 * with the numbers of one that was not disturbed: as many products, the same bytes, no piece left.
 */
#include "check.h"

#include <dirent.h>
#include <renorm/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "store/file.h"

/* 60 rows. */
#define COMMON                                                                                     \
    "steps=2", "threads=1", "model.depth=2", "model.width=12", "data.kind=sphere",                 \
        "data.n_train=60", "data.n_test=0", "train.relative=true", "train.learning_rate=0.5",      \
        "measure.kind=matrix_free", "measure.snapshots=2"
enum { N_SETTINGS = 14 };
/* the accuracy is reached at a look, between 12 and all products */
static const char *const until_accurate[N_SETTINGS] = {
    COMMON, "measure.steps=60", "measure.accuracy=0.01", "measure.count_vectors=0"};
static const char *const counting[N_SETTINGS] = {COMMON, "measure.steps=14", "measure.accuracy=0",
                                                 "measure.count_vectors=3"};

static char root[64];

static int make_place(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "renorm-unfinished-XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

/* Says "stop" once, when it is asked for the n-th time; counts what it is asked. */
typedef struct caller {
    int n_asked;
    int stop_at;
    bool keeps_always;  /* after every product, and not only where it stops: the disk takes long */
    int n_kept;         /* products that a log line says were kept */
    const char *folder; /* looked into at every question; NULL: not */
    int n_most;         /* pieces there */
    bool is_cleared;    /* there were some, and then none */
} caller;

static int count_pieces(const char *folder)
{
    int n = 0;
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    for (const struct dirent *e = readdir(entries); e; e = readdir(entries))
        n += strncmp(e->d_name, "measuring-", 10) == 0;
    (void)closedir(entries);
    return n;
}

static int should_stop(void *user)
{
    caller *c = user;
    const int n_pieces = c->folder ? count_pieces(c->folder) : 0;
    if (n_pieces > c->n_most) c->n_most = n_pieces;
    c->is_cleared |= c->n_most > 0 && n_pieces == 0;
    return ++c->n_asked == c->stop_at;
}

static void hear(void *user, rn_log_level level, const char *text)
{
    (void)level;
    const char *said = strstr(text, "went on with ");
    if (said) ((caller *)user)->n_kept = (int)strtol(said + 13, NULL, 10);
}

static rn_status run_into(const char *const *settings, const char *folder, caller *c, rn_run **run)
{
    rn_config *config = NULL;
    const rn_observer observer = {.should_stop = should_stop, .log = hear, .user = c};
    const rn_run_options options = {.folder = folder, .n_threads = 1};
    const char *all[N_SETTINGS + 1];
    memcpy(all, settings, N_SETTINGS * sizeof *all);
    all[N_SETTINGS] = c->keeps_always ? "measure.keep_every=0" : "measure.keep_every=1e9";
    assert_status(rn_config_load(NULL, N_SETTINGS + 1, all, &config), RN_OK);
    const rn_status status = rn_run_execute(config, &options, &observer, run);
    rn_config_destroy(config);
    return status;
}

static void assert_same_snapshot(const char *folder, const char *other, const rn_run *run,
                                 rn_index k)
{
    char name[2][RNI_PATH_SIZE];
    char *bytes[2] = {NULL};
    rn_index n_bytes[2] = {0};
    const char *const folders[] = {folder, other};
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name[i], sizeof name[i], "%s/snapshots/%06d.h5", folders[i],
                       (int)rn_run_snapshot(run, k)->record.step);
        assert_status(rni_file_read(name[i], (rn_index)1 << 24, &bytes[i], &n_bytes[i]), RN_OK);
    }
    if (n_bytes[0] != n_bytes[1] || memcmp(bytes[0], bytes[1], (size_t)n_bytes[0]) != 0)
        fail_msg("%s differs from %s", name[0], name[1]);
    rni_free(bytes[0]);
    rni_free(bytes[1]);
}

/* A run that is stopped at some of its questions (0 ends them), and goes on; returns how often.
   n_before: products that a stop may lose, those before what it stops is begun. */
static int stop_anywhere(const char *const *settings, const char *kind, const int *stops,
                         int n_before)
{
    char whole[RNI_PATH_SIZE];
    rn_run *expected = NULL;
    caller quiet = {.folder = whole, .keeps_always = true};
    assert_status(rni_path_join(root, kind, whole), RN_OK);
    assert_status(run_into(settings, whole, &quiet, &expected), RN_OK);
    assert_true(quiet.is_cleared); /* behind the first measurement, before the run ends */
    int n_went_on = 0;
    for (int i = 0; stops[i] > 0 && stops[i] <= quiet.n_asked; i++) {
        const int stop_at = stops[i];
        char name[32];
        char path[RNI_PATH_SIZE];
        rn_run *run = NULL;
        caller c = {.stop_at = stop_at, .keeps_always = i % 5 == 0};
        (void)snprintf(name, sizeof name, "%s%d", kind, stop_at);
        assert_status(rni_path_join(root, name, path), RN_OK);
        const rn_status status = run_into(settings, path, &c, &run);
        rn_run_destroy(run);
        run = NULL;
        if (status == RN_OK) continue; /* it was asked behind the last step */
        assert_status(status, RN_INTERRUPTED);
        const bool is_kept = count_pieces(path) > 0;
        caller again = {0};
        const rn_observer observer = {.should_stop = should_stop, .log = hear, .user = &again};
        assert_status(rn_run_resume(path, NULL, &observer, &run), RN_OK);
        assert_true((again.n_kept > 0) == is_kept);
        n_went_on += is_kept;
        /* nothing is done twice that took longer than keep_every: a question per product, and few
           beside */
        const int n_twice = c.keeps_always ? 0 : n_before;
        assert_in_range(stop_at + again.n_asked, 1, quiet.n_asked + n_twice + 2);
        assert_int_equal(rn_run_n_snapshots(run), rn_run_n_snapshots(expected));
        for (rn_index k = 0; k < rn_run_n_snapshots(run); k++)
            assert_same_snapshot(path, whole, expected, k);
        assert_int_equal(count_pieces(path), 0);
        rn_run_destroy(run);
    }
    print_message("%s: %d products, asked %d times, gone on with %d times\n", kind,
                  (int)rn_run_snapshot(expected, 0)->lanczos_steps, quiet.n_asked, n_went_on);
    const double n_products = rn_run_snapshot(expected, 0)->lanczos_steps;
    assert_true(n_products > 12.0 && n_products < 60.0);
    rn_run_destroy(expected);
    return n_went_on;
}

static void stopped_after_any_product_it_ends_the_same(void **state)
{
    (void)state;
    static const int stops[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,  12,  13,  14,
                                15, 19, 26, 33, 40, 47, 54, 68, 82, 96, 110, 138, 166, 0};
    assert_true(stop_anywhere(until_accurate, "accurate", stops, 0) > 15);
}

/* Three times 14 products come behind those of the error and the tangent. */
static void stopped_while_it_counts_it_ends_the_same(void **state)
{
    (void)state;
    static const int stops[] = {27, 28, 29, 30, 31, 36, 42,  43,  44, 50,
                                56, 57, 58, 64, 70, 71, 100, 120, 0};
    assert_true(stop_anywhere(counting, "counting", stops, 28) > 12);
}

static rn_status resume(const char *path, int stop_at, int *n_asked)
{
    caller c = {.stop_at = stop_at};
    rn_run *run = NULL;
    const rn_observer observer = {.should_stop = should_stop, .log = hear, .user = &c};
    const rn_status status = rn_run_resume(path, NULL, &observer, &run);
    *n_asked += c.n_asked;
    rn_run_destroy(run);
    return status;
}

/* Stopped amid the products with the tangent, and again at the question that comes behind them all,
   a run has kept the tangent twice: some rows as they were found, then all of them, made symmetric.
 */
static void rows_kept_before_and_after_they_are_symmetric_go_together(void **state)
{
    (void)state;
    enum { AMID = 20, BEHIND = 29 }; /* 14 of the error, 14 of the tangent, and it */
    char whole[RNI_PATH_SIZE];
    char path[RNI_PATH_SIZE];
    rn_run *expected = NULL;
    rn_run *run = NULL;
    caller quiet = {0};
    caller c = {.stop_at = AMID};
    int n_asked = 0;
    assert_status(rni_path_join(root, "whole", whole), RN_OK);
    assert_status(run_into(counting, whole, &quiet, &expected), RN_OK);
    assert_status(rni_path_join(root, "twice", path), RN_OK);
    assert_status(run_into(counting, path, &c, &run), RN_INTERRUPTED);
    rn_run_destroy(run); /* it holds the folder */
    assert_status(resume(path, BEHIND - AMID, &n_asked), RN_INTERRUPTED);
    assert_status(resume(path, 0, &n_asked), RN_OK);
    print_message("asked %d times in one go, %d in three\n", quiet.n_asked, AMID + n_asked);
    assert_in_range(AMID + n_asked, 1, quiet.n_asked + 2);
    for (rn_index k = 0; k < rn_run_n_snapshots(expected); k++)
        assert_same_snapshot(path, whole, expected, k);
    rn_run_destroy(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stopped_after_any_product_it_ends_the_same, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(stopped_while_it_counts_it_ends_the_same, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(rows_kept_before_and_after_they_are_symmetric_go_together,
                                        make_place, remove_place)};
    return cmocka_run_group_tests_name("unfinished measurements", tests, NULL, NULL);
}
