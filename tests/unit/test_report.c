/*
 * The page: its data, what it replaces, what it does about folders that cannot be read, and which
 * points of a curve it keeps.
 */
#include "check.h"

#include <math.h>
#include <renorm/report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "report/data.h"
#include "report/page.h"
#include "store/file.h"

static const char *const small[] = {"model.depth=2",       "model.width=6", "data.kind=sphere",
                                    "data.n_train=6",      "data.n_test=4", "data.dimension=5",
                                    "measure.snapshots=2", "steps=4"};
#define N_SMALL ((rn_index)(sizeof small / sizeof small[0]))

static char root[64];
static char run_folder[RNI_PATH_SIZE];
static char page[RNI_PATH_SIZE];

static int make_run(void **state)
{
    (void)state;
    char hostile[80];
    rn_config *config = NULL;
    rn_run *run = NULL;
    (void)snprintf(root, sizeof root, "renorm-report-XXXXXX");
    if (!mkdtemp(root)) return -1;
    /* as a path this folder reads "...</script>..." */
    (void)snprintf(hostile, sizeof hostile, "%s/<", root);
    if (mkdir(hostile, (mode_t)0777) != 0) return -1;
    (void)snprintf(run_folder, sizeof run_folder, "%s/script><!--", hostile);
    (void)snprintf(page, sizeof page, "%s/page.html", root);
    const rn_run_options options = {.folder = run_folder};
    if (rn_config_load(NULL, N_SMALL, small, &config) != RN_OK) return -1;
    const rn_status status = rn_run_execute(config, &options, NULL, &run);
    rn_run_destroy(run);
    rn_config_destroy(config);
    return status == RN_OK ? 0 : -1;
}

static int remove_run(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

static char *read_page(void)
{
    char *bytes = NULL;
    rn_index n_bytes = 0;
    assert_status(rni_file_read(page, (rn_index)1 << 26, &bytes, &n_bytes), RN_OK);
    assert_int_equal(strlen(bytes), n_bytes);
    return bytes;
}

static int count(const char *text, const char *part)
{
    int found = 0;
    while ((text = strstr(text, part))) {
        found++;
        text += strlen(part);
    }
    return found;
}

typedef struct heard {
    int n_warnings;
    char last[RNI_MESSAGE_SIZE];
} heard;

static void listen(void *user, rn_log_level level, const char *text)
{
    heard *all = user;
    if (level == RN_LOG_WARNING) all->n_warnings++;
    (void)snprintf(all->last, sizeof all->last, "%s", text);
}

static void texts_cannot_break_out_of_the_page(void **state)
{
    (void)state;
    const char *const folders[] = {run_folder};
    assert_status(rn_report_write(1, folders, page, NULL, NULL), RN_OK);
    char *text = read_page();
    assert_int_equal(strncmp(text, RNI_PAGE_MARK, strlen(RNI_PAGE_MARK)), 0);
    assert_int_equal(count(text, "</script>"), 3); /* data, D3, program */
    assert_int_equal(count(text, "<script"), 3);
    assert_non_null(strstr(text, "\\u003c/script>\\u003c!--"));
    assert_non_null(strstr(text, "Redistributions in binary form")); /* D3's licence */
    rni_free(text);
}

static void the_same_folders_give_the_same_bytes(void **state)
{
    (void)state;
    const char *const folders[] = {run_folder, run_folder};
    assert_status(rn_report_write(2, folders, page, NULL, NULL), RN_OK);
    char *first = read_page();
    assert_status(rn_report_write(2, folders, page, NULL, NULL), RN_OK);
    char *second = read_page();
    assert_string_equal(first, second);
    rni_free(first);
    rni_free(second);
}

static void an_unreadable_folder_is_left_out_visibly(void **state)
{
    (void)state;
    const char *const folders[] = {run_folder, "no/such/folder"};
    heard all = {0};
    rn_index n_left_out = -1;
    const rn_observer observer = {.log = listen, .user = &all};
    assert_status(rn_report_write(2, folders, page, &observer, &n_left_out), RN_OK);
    assert_int_equal(n_left_out, 1);
    assert_int_equal(all.n_warnings, 1);
    assert_non_null(strstr(all.last, "no/such/folder"));
    char *text = read_page();
    assert_non_null(strstr(text, "\"left_out\":[{\"folder\":\"no/such/folder\""));
    rni_free(text);

    n_left_out = -1;
    assert_status(rn_report_write(1, folders + 1, page, &observer, &n_left_out), RN_ERR_IO);
    assert_int_equal(n_left_out, -1);
    assert_message_has("no/such/folder");
}

static void only_a_page_is_replaced(void **state)
{
    (void)state;
    const char *const folders[] = {run_folder};
    assert_status(rni_file_write(page, "my notes", 8), RN_OK);
    assert_status(rn_report_write(1, folders, page, NULL, NULL), RN_ERR_IO);
    assert_message_has("not replaced");
    char *text = read_page();
    assert_string_equal(text, "my notes");
    rni_free(text);
    assert_status(rni_file_write(page, "", 0), RN_OK);
    assert_status(rn_report_write(1, folders, page, NULL, NULL), RN_OK);
    assert_status(rn_report_write(1, folders, root, NULL, NULL), RN_ERR_IO);
    assert_message_has("is a folder");
    assert_status(rn_report_write(1, folders, "no/such/place.html", NULL, NULL), RN_ERR_IO);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    const char *const folders[] = {run_folder};
    assert_status(rn_report_write(0, folders, page, NULL, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_report_write(RN_REPORT_MAX_RUNS + 1, folders, page, NULL, NULL),
                  RN_ERR_ARGUMENT);
    assert_status(rn_report_write(1, NULL, page, NULL, NULL), RN_ERR_ARGUMENT);
    assert_status(rn_report_write(1, folders, NULL, NULL, NULL), RN_ERR_ARGUMENT);
}

/* A falling curve of 20,000 steps with one spike: thinned, and the spike is still there. */
static void thinning_keeps_extremes_and_ends(void **state)
{
    (void)state;
    enum { N = 20000, SPIKE = 12345, HELD_OUT = 7777, LOST = 15000 };
    rn_record *records = rni_alloc(N, sizeof *records);
    unsigned char *keep = rni_alloc(N, 1);
    for (rn_index i = 0; i < N; i++)
        records[i] =
            (rn_record){.step = i, .loss = 1.0 / (1.0 + (double)i), .held_out_loss = (double)NAN};
    records[SPIKE].loss = 5.0;
    records[SPIKE + 1].loss = -5.0;
    records[HELD_OUT].held_out_loss = 1.0;
    records[LOST].loss = (double)NAN;
    const rn_index n_kept = rni_report_thin(N, records, keep);
    assert_true(n_kept > 300 && n_kept <= 1504);
    assert_true(keep[0] && keep[N - 1] && keep[SPIKE] && keep[SPIKE + 1] && keep[HELD_OUT]
                && keep[LOST]);
    rn_index counted = 0;
    for (rn_index i = 0; i < N; i++)
        counted += keep[i];
    assert_int_equal(counted, n_kept);
    assert_int_equal(rni_report_thin(1500, records, keep), 1500);
    rni_free(records);
    rni_free(keep);
}

static void every_failed_allocation_leaves_nothing_behind(void **state)
{
    (void)state;
    const char *const folders[] = {run_folder};
    long n_allocations = 0;
    (void)rni_fail_allocation(0);
    assert_status(rn_report_write(1, folders, page, NULL, NULL), RN_OK);
    n_allocations = rni_fail_allocation(0);
    assert_true(n_allocations > 20);
    for (long nth = 1; nth <= n_allocations; nth++) {
        const rn_index before = rni_memory_bytes();
        (void)rni_fail_allocation(nth);
        const rn_status status = rn_report_write(1, folders, page, NULL, NULL);
        (void)rni_fail_allocation(0);
        /* in the child that reads a snapshot it looks like a damaged file */
        if (status != RN_ERR_FORMAT) assert_status(status, RN_ERR_MEMORY);
        assert_int_equal(rni_memory_bytes(), before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_cannot_break_out_of_the_page),
        cmocka_unit_test(the_same_folders_give_the_same_bytes),
        cmocka_unit_test(an_unreadable_folder_is_left_out_visibly),
        cmocka_unit_test(only_a_page_is_replaced),
        cmocka_unit_test(wrong_arguments_are_refused),
        cmocka_unit_test(thinning_keeps_extremes_and_ends),
        cmocka_unit_test(every_failed_allocation_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, make_run, remove_run);
}
