/*
 * Folders with damaged, cut, missing and foreign files: resuming names the file and what to do,
 * changes nothing, and works once the file is back.
 */
#include "check.h"

#include <dirent.h>
#include <renorm/run.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/hdf5.h"
#include "core/memory.h"
#include "core/reader.h"
#include "store/file.h"
#include "store/folder.h"
#include "store/seal.h"

static const char *const small[] = {"model.depth=2",       "model.width=6",
                                    "data.kind=sphere",    "data.n_train=6",
                                    "data.n_test=6",       "data.dimension=5",
                                    "measure.snapshots=4", "steps=30",
                                    "threads=1",           "output.checkpoint_every=5"};
#define N_SMALL ((rn_index)(sizeof small / sizeof small[0]))

/* Whole files, and tables of which the checkpoint vouches for the beginning. */
static const char *const names[] = {"config.yaml", "checkpoint.h5", "snapshots/000000.h5",
                                    "metrics.csv", "shells.csv",    "budget.csv"};
#define N_NAMES     ((int)(sizeof names / sizeof names[0]))
#define FIRST_TABLE 3

static char root[64];
static char whole[80];  /* an undisturbed run */
static char broken[80]; /* one stopped after step 17, two steps beyond its checkpoint */

static char *path_of(const char *folder, const char *name, char *path)
{
    assert_status(rni_path_join(folder, name, path), RN_OK);
    return path;
}

static char *read_whole(const char *folder, const char *name, rn_index *n_bytes)
{
    char path[RNI_PATH_SIZE];
    char *bytes = NULL;
    assert_status(rni_file_read(path_of(folder, name, path), 1 << 24, &bytes, n_bytes), RN_OK);
    return bytes;
}

static void put(const char *folder, const char *name, const char *bytes, rn_index n_bytes)
{
    char path[RNI_PATH_SIZE];
    assert_status(rni_file_write(path_of(folder, name, path), bytes, n_bytes), RN_OK);
}

static int count_asked;

static int stop_after_17(void *user)
{
    (void)user;
    return ++count_asked == 17;
}

static void execute(const char *folder, const rn_observer *observer, rn_status expected)
{
    rn_config *config = NULL;
    rn_run *run = NULL;
    const rn_run_options options = {.folder = folder};
    assert_status(rn_config_load(NULL, N_SMALL, small, &config), RN_OK);
    assert_status(rn_run_execute(config, &options, observer, &run), expected);
    rn_run_destroy(run);
    rn_config_destroy(config);
}

static int make_place(void **state)
{
    (void)state;
    const rn_observer observer = {.should_stop = stop_after_17};
    (void)snprintf(root, sizeof root, "renorm-damage-XXXXXX");
    if (!mkdtemp(root)) return -1;
    (void)snprintf(whole, sizeof whole, "%s/whole", root);
    (void)snprintf(broken, sizeof broken, "%s/broken", root);
    count_asked = 0;
    execute(whole, NULL, RN_OK);
    execute(broken, &observer, RN_INTERRUPTED);
    return 0;
}

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
        remove_tree(path_of(path, entry->d_name, inner));
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

static int remove_place(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

static rn_status resume(const char *folder)
{
    rn_run *run = NULL;
    const rn_status status = rn_run_resume(folder, NULL, NULL, &run);
    if (status < 0) assert_null(run);
    rn_run_destroy(run);
    return status;
}

/* Every file of the broken folder, to see that nothing changes and to put things back. */
static char *kept[N_NAMES];
static rn_index n_kept[N_NAMES];

static int keep_files(void **state)
{
    (void)state;
    for (int i = 0; i < N_NAMES; i++)
        kept[i] = read_whole(broken, names[i], &n_kept[i]);
    return 0;
}

static int restore_files(void **state)
{
    (void)state;
    for (int i = 0; i < N_NAMES; i++) {
        put(broken, names[i], kept[i], n_kept[i]);
        rni_free(kept[i]);
    }
    return 0;
}

static void assert_untouched(int but)
{
    for (int i = 0; i < N_NAMES; i++) {
        rn_index n_bytes = 0;
        if (i == but) continue;
        char *bytes = read_whole(broken, names[i], &n_bytes);
        assert_int_equal(n_bytes, n_kept[i]);
        assert_memory_equal(bytes, kept[i], (size_t)n_bytes);
        rni_free(bytes);
    }
}

/* Resuming refuses, names the file, says what to do and leaves every byte. */
static void assert_refused(int which, const char *what)
{
    const rn_status status = resume(broken);
    if (status != RN_ERR_FORMAT && status != RN_ERR_IO)
        fail_msg("%s: %s: status %d", names[which], what, status);
    assert_message_has(names[which]);
    assert_message_has("nothing was changed");
    assert_message_has("renorm run");
    assert_untouched(which);
}

/* The first of the bytes of a file that the checkpoint vouches for, and how many there are. */
static rn_index vouched(int which)
{
    rni_hdf5_image *image = NULL;
    rn_index bytes[RNI_STORE_N_TABLES] = {0};
    if (which < FIRST_TABLE) return n_kept[which];
    const rn_index n_inside = n_kept[1] - RNI_SEAL_SIZE;
    assert_status(rni_hdf5_open((const unsigned char *)kept[1], n_inside, &image), RN_OK);
    assert_status(rni_hdf5_read_integers(image, "table_bytes", RNI_STORE_N_TABLES, bytes), RN_OK);
    rni_hdf5_close(image);
    return bytes[which - FIRST_TABLE];
}

static void a_flipped_bit_is_found_wherever_it_is(void **state)
{
    (void)state;
    for (int which = 0; which < N_NAMES; which++) {
        const rn_index n = vouched(which);
        const rn_index n_places = check_cases(24);
        for (rn_index k = 0; k <= n_places; k++) {
            /* both ends, the seal, and evenly in between */
            const rn_index at = k == 0 ? n - RNI_SEAL_SIZE : (n - 1) * (k - 1) / (n_places - 1);
            char *damaged = rni_alloc(n_kept[which], 1);
            memcpy(damaged, kept[which], (size_t)n_kept[which]);
            damaged[at] = (char)(damaged[at] ^ (1 << (k % 8)));
            put(broken, names[which], damaged, n_kept[which]);
            rni_free(damaged);
            assert_refused(which, "a flipped bit");
        }
        put(broken, names[which], kept[which], n_kept[which]);
    }
}

static void a_cut_or_missing_file_is_found(void **state)
{
    (void)state;
    for (int which = 0; which < N_NAMES; which++) {
        char path[RNI_PATH_SIZE];
        const rn_index n = vouched(which);
        const rn_index lengths[] = {0, 1, n / 2, n - RNI_SEAL_SIZE, n - 1};
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            put(broken, names[which], kept[which], lengths[k]);
            assert_refused(which, "a cut file");
        }
        assert_int_equal(unlink(path_of(broken, names[which], path)), 0);
        const rn_status status = resume(broken);
        assert_true(status == RN_ERR_FORMAT || status == RN_ERR_IO);
        assert_message_has(names[which]);
        assert_untouched(which);
        put(broken, names[which], kept[which], n_kept[which]);
    }
}

static void rows_beyond_the_checkpoint_do_not_matter(void **state)
{
    (void)state;
    const int metrics = FIRST_TABLE;
    const rn_index n = vouched(metrics);
    assert_true(n < n_kept[metrics]);
    char *damaged = rni_alloc(n_kept[metrics], 1);
    memcpy(damaged, kept[metrics], (size_t)n_kept[metrics]);
    memset(damaged + n, 0, (size_t)(n_kept[metrics] - n));
    put(broken, names[metrics], damaged, n_kept[metrics]);
    rni_free(damaged);
    assert_status(resume(broken), RN_OK);
    for (int i = 0; i < N_NAMES; i++) {
        rn_index n_found = 0;
        rn_index n_expected = 0;
        char *found = read_whole(broken, names[i], &n_found);
        char *expected = read_whole(whole, names[i], &n_expected);
        assert_int_equal(n_found, n_expected);
        assert_memory_equal(found, expected, (size_t)n_found);
        rni_free(found);
        rni_free(expected);
    }
}

static void a_sealed_file_of_a_newer_format_names_its_version(void **state)
{
    (void)state;
    const rni_hdf5_attribute attributes[] = {{.name = "format", .integer = 2},
                                             {.name = "step", .integer = 3},
                                             {.name = "writer", .text = "renorm 9.8.7"}};
    unsigned char *bytes = NULL;
    rn_index n_bytes = 0;
    assert_status(rni_hdf5_build(3, attributes, 0, NULL, &bytes, &n_bytes), RN_OK);
    bytes = rni_resize(bytes, n_bytes, n_bytes + RNI_SEAL_SIZE, 1);
    rni_seal_make(rni_crc(0, bytes, n_bytes), bytes + n_bytes);
    put(broken, names[1], (const char *)bytes, n_bytes + RNI_SEAL_SIZE);
    rni_free(bytes);
    assert_status(resume(broken), RN_ERR_UNSUPPORTED);
    assert_message_has("renorm 9.8.7': install that version");
    assert_untouched(1);
}

static void the_checksum_is_the_published_one(void **state)
{
    (void)state;
    /* the check value of CRC-64/XZ */
    const uint64_t all = rni_crc(0, "123456789", 9);
    assert_true(all == 0x995dc9bbdf1939faULL);
    assert_true(rni_crc(rni_crc(0, "1234", 4), "56789", 5) == all);
}

#define KEPT(test) cmocka_unit_test_setup_teardown(test, keep_files, restore_files)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_the_published_one),
        KEPT(a_flipped_bit_is_found_wherever_it_is),
        KEPT(a_cut_or_missing_file_is_found),
        KEPT(a_sealed_file_of_a_newer_format_names_its_version),
        KEPT(rows_beyond_the_checkpoint_do_not_matter),
    };
    return cmocka_run_group_tests(tests, make_place, remove_place);
}
