/*
 * Files and folders of a run: whole or not at all, and every refusal in words.
 */
#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "remove_tree.h"
#include "store/file.h"

/* A folder of our own for each test, removed afterwards. */
static char place[64];

static int make_place(void **state)
{
    (void)state;
    (void)snprintf(place, sizeof place, "renorm-test-XXXXXX");
    return mkdtemp(place) ? 0 : -1;
}

static int remove_place(void **state)
{
    (void)state;
    remove_tree(place);
    return 0;
}

static int count_entries(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder))
        count++; /* NOLINT(concurrency-mt-unsafe): one thread */
    (void)closedir(folder);
    return count - 2;
}

static char *inside(const char *name)
{
    static char path[RNI_PATH_SIZE];
    assert_status(rni_path_join(place, name, path), RN_OK);
    return path;
}

static void assert_content(const char *path, const char *expected)
{
    char text[256] = "";
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    const size_t n_read = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    assert_int_equal(n_read, strlen(expected));
    assert_string_equal(text, expected);
}

static void a_file_is_replaced_whole_and_leaves_no_traces(void **state)
{
    (void)state;
    const char *path = inside("a.txt");
    assert_status(rni_file_write(path, "first", 5), RN_OK);
    assert_content(path, "first");
    assert_status(rni_file_write(path, "", 0), RN_OK);
    assert_content(path, "");
    assert_status(rni_file_write(path, "second one", 10), RN_OK);
    assert_content(path, "second one");
    assert_int_equal(count_entries(place), 1);
}

/* Lets files grow to at most n_bytes: the same short write as on a full disk. */
static void limit_file_size(rlim_t n_bytes)
{
    struct rlimit limit = {0};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = n_bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_write_that_does_not_fit_keeps_the_old_file(void **state)
{
    (void)state;
    const char *path = inside("a.txt");
    char big[8192];
    memset(big, 'x', sizeof big);
    assert_status(rni_file_write(path, "old", 3), RN_OK);
    limit_file_size(4096);
    const rn_status status = rni_file_write(path, big, sizeof big);
    limit_file_size(RLIM_INFINITY);
    assert_status(status, RN_ERR_IO);
    assert_message_has("a.txt");
    assert_content(path, "old");
    assert_int_equal(count_entries(place), 1);
}

static void an_append_that_does_not_fit_leaves_no_torn_line(void **state)
{
    (void)state;
    const char *path = inside("m.csv");
    rni_appender *appender = NULL;
    assert_status(rni_appender_create(path, &appender), RN_OK);
    assert_status(rni_appender_add(appender, "step,loss\n", 10), RN_OK);
    limit_file_size(14);
    const rn_status status = rni_appender_add(appender, "1,0.25\n", 7);
    limit_file_size(RLIM_INFINITY);
    assert_status(status, RN_ERR_IO);
    assert_message_has("m.csv");
    assert_content(path, "step,loss\n");
    assert_status(rni_appender_add(appender, "1,0.5\n", 6), RN_OK);
    assert_status(rni_appender_sync(appender), RN_OK);
    assert_content(path, "step,loss\n1,0.5\n");
    rni_appender_destroy(appender);
    rni_appender_destroy(NULL);
}

static void an_appender_never_takes_over_an_existing_file(void **state)
{
    (void)state;
    const char *path = inside("m.csv");
    rni_appender *appender = NULL;
    assert_status(rni_file_write(path, "kept", 4), RN_OK);
    assert_status(rni_appender_create(path, &appender), RN_ERR_IO);
    assert_null(appender);
    assert_content(path, "kept");
}

static void a_folder_is_made_with_the_folders_above_it(void **state)
{
    (void)state;
    assert_status(rni_folder_create(inside("runs/deep/er")), RN_OK);
    assert_status(rni_folder_create(inside("runs/deep/er")), RN_OK);
    assert_status(rni_folder_create(inside("runs/deep/er/")), RN_OK);
    assert_status(rni_file_write(inside("runs/deep/er/x"), "x", 1), RN_OK);
    assert_status(rni_folder_create(inside("runs/deep/er")), RN_ERR_IO);
    assert_message_has("not empty");
    assert_message_has("choose another name");
    assert_status(rni_folder_create(inside("runs/deep/er/x")), RN_ERR_IO);
    assert_message_has("is a file");
    assert_status(rni_folder_create(inside("runs/deep/er/x/y")), RN_ERR_IO);
    assert_message_has("is a file, not a folder");
}

static void a_free_name_is_found_beside_taken_ones(void **state)
{
    (void)state;
    char parent[RNI_PATH_SIZE];
    char path[RNI_PATH_SIZE];
    (void)snprintf(parent, sizeof parent, "%s", inside("runs"));
    assert_status(rni_folder_create_free(parent, "demo", path), RN_OK);
    assert_string_equal(path, inside("runs/demo"));
    assert_status(rni_folder_create_free(parent, "demo", path), RN_OK);
    assert_string_equal(path, inside("runs/demo-2"));
    assert_status(rni_folder_create_free(parent, "demo", path), RN_OK);
    assert_string_equal(path, inside("runs/demo-3"));
}

static void refusals_name_the_file_and_the_reason(void **state)
{
    (void)state;
    assert_status(rni_file_write(inside("absent/a.txt"), "x", 1), RN_ERR_IO);
    assert_message_has("absent/a.txt");
    assert_message_has("No such file or directory");
    assert_status(rni_file_write(inside(""), "x", 1), RN_ERR_ARGUMENT);
    assert_status(rni_file_write(place, "x", 1), RN_ERR_IO);
    assert_message_has("directory");
    char name[RNI_PATH_SIZE];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    char path[RNI_PATH_SIZE];
    assert_status(rni_path_join(place, name, path), RN_ERR_ARGUMENT);
    assert_status(rni_folder_create_free(place, name, path), RN_ERR_ARGUMENT);
}

static void a_folder_without_permission_is_refused(void **state)
{
    (void)state;
    /* The superuser ignores modes, so it acts as an ordinary user meanwhile. */
    const uid_t self = geteuid();
    const uid_t ordinary = self == 0 ? 65534 : self;
    assert_int_equal(chmod(place, 0500), 0);
    assert_int_equal(chown(place, ordinary, (gid_t)-1), 0);
    assert_int_equal(seteuid(ordinary), 0);
    const rn_status written = rni_file_write(inside("a.txt"), "x", 1);
    const bool says_why = strstr(rn_last_message(), "Permission denied");
    const rn_status made = rni_folder_create(inside("runs/demo"));
    assert_int_equal(seteuid(self), 0);
    assert_int_equal(chmod(place, 0700), 0);
    assert_status(written, RN_ERR_IO);
    assert_true(says_why);
    assert_status(made, RN_ERR_IO);
    assert_message_has("choose a folder you may write to");
}

static void survives_every_allocation_failure(void **state)
{
    (void)state;
    const char *path = inside("m.csv");
    rn_status status = RN_ERR_MEMORY;
    rni_appender *appender = NULL;
    for (long fault = 1; status == RN_ERR_MEMORY; fault++) {
        (void)rni_fail_allocation(fault);
        status = rni_appender_create(path, &appender);
    }
    (void)rni_fail_allocation(0);
    assert_status(status, RN_OK);
    rni_appender_destroy(appender);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(a_file_is_replaced_whole_and_leaves_no_traces),
        HERE(a_write_that_does_not_fit_keeps_the_old_file),
        HERE(an_append_that_does_not_fit_leaves_no_torn_line),
        HERE(an_appender_never_takes_over_an_existing_file),
        HERE(a_folder_is_made_with_the_folders_above_it),
        HERE(a_free_name_is_found_beside_taken_ones),
        HERE(refusals_name_the_file_and_the_reason),
        HERE(a_folder_without_permission_is_refused),
        HERE(survives_every_allocation_failure),
    };
    (void)signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
