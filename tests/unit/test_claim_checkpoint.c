/*
 * Claims that are interrupted go on to the same bytes; what cannot be gone on with is refused and
 * left as it is.
 */
#include "check.h"

#include <math.h>
#include <renorm/claims.h>
#include <stdio.h>
#include <string.h>

#include "claim_folders.h"
#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "store/disk.h"
#include "store/seal.h"
#include "systems/claim.h"

/* A long sum in two pieces, and a run seen through the shells. */
typedef struct toy_settings {
    rn_index steps;
    double factor;
} toy_settings;
static const rni_option toy_options[] = {
    {.key = "steps", RNI_FIELD(toy_settings, steps), .initial = "20", .help = "h"},
    {.key = "factor", RNI_FIELD(toy_settings, factor), .initial = "0.9", .help = "h"},
};
static const rni_option_table toy_table = RNI_TABLE("settings", "a toy", toy_options, toy_settings);

static rn_status add_up(rn_claim *claim, const char *name, rn_index n_most, double *sum, double *x)
{
    const toy_settings *s = rni_claim_settings(claim);
    const rni_part parts[] = {{sum, 1}, {x, 2}};
    rn_index k = 0;
    RNI_TRY(rni_claim_recall(claim, name, n_most, 2, parts, &k));
    while (k < s->steps) {
        const rn_status status = rni_claim_advance(claim, k, s->steps);
        if (status == RN_INTERRUPTED && k > 0) RNI_TRY(rni_claim_keep(claim, name, k, 2, parts));
        RNI_CLAIM_TRY(status);
        x[0] = s->factor * x[0] + 0.1 * x[1];
        x[1] = cos(x[0] + (double)k);
        *sum += x[0];
        k++;
        if (k % 5 == 0) RNI_TRY(rni_claim_keep(claim, name, k, 2, parts));
    }
    return RN_OK;
}

static rn_status examine_toy(rn_claim *claim)
{
    double sums[2] = {0};
    double x[2] = {1.0, 0.5};
    double y[2] = {0.3, 0.1};
    const toy_settings *s = rni_claim_settings(claim);
    RNI_CLAIM_TRY(add_up(claim, "first", s->steps, &sums[0], x));
    RNI_CLAIM_TRY(add_up(claim, "second", s->steps, &sums[1], y));
    return rni_claim_state_mean(claim,
                                &(rni_statement){.key = "sum",
                                                 .quantity = "a sum",
                                                 .theory = 1.0,
                                                 .at_least = -INFINITY,
                                                 .at_most = INFINITY},
                                2, sums);
}

static const unsigned char toy_file[] =
    "seeds: 2\nlens: {steps: 12, model: {kind: linear}, data: {kind: sphere, n_train: 4, n_test: "
    "0},\n  measure: {snapshots: 3}}\n";
static const size_t toy_size = sizeof toy_file - 1;
static const rni_system toy = {
    .about = {.name = "toy", .title = "T", .paper = "P", .claim = "C", .mutation = "M"},
    .options = &toy_table,
    .file = toy_file,
    .file_size = &toy_size,
    .examine = examine_toy};

static claim_place numbered(const char *name, long number)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s-%ld", name, number);
    return in_claim_folders(text);
}

/* Leaves an unfinished toy in the folder. */
static void leave_unfinished(const char *folder)
{
    const rn_claim_options options = {.folder = folder};
    assert_status(work_claim(&toy, &options, 14, NULL), RN_INTERRUPTED);
    assert_message_has("-o");
    assert_true(has_checkpoint(folder));
}

static void stopped_anywhere_it_ends_with_the_same_bytes(void **state)
{
    (void)state;
    const claim_place plain = in_claim_folders("plain");
    const rn_claim_options undisturbed = {.folder = plain.path};
    rn_status status = RN_INTERRUPTED;
    assert_status(work_claim(&toy, &undisturbed, WITHOUT_STOP, NULL), RN_OK);
    assert_false(has_checkpoint(plain.path));
    long stop = 1;
    for (; status == RN_INTERRUPTED && stop < 300; stop++) {
        const claim_place folder = numbered("stop", stop);
        const rn_claim_options options = {.folder = folder.path};
        status = work_claim(&toy, &options, stop, NULL);
        assert_true(status == RN_INTERRUPTED || status == RN_OK);
        /* nothing is kept where nothing was worked out */
        assert_int_equal(has_checkpoint(folder.path), status == RN_INTERRUPTED && stop > 1);
        if (status == RN_INTERRUPTED)
            assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_OK);
        assert_same_claim(plain.path, folder.path);
        assert_same_file(plain.path, folder.path, "lens/metrics.csv");
        assert_false(has_checkpoint(folder.path));
        remove_tree(folder.path);
    }
    assert_status(status, RN_OK);
    assert_true(stop > 45); /* 40 steps, then those of the lens */
}

static void stopped_again_and_again_a_system_of_ours_ends_with_the_same_bytes(void **state)
{
    (void)state;
    const char *const overrides[] = {"settings.epochs=200",
                                     "settings.langevin_epochs=200",
                                     "settings.rates=[0.06,0.03,0.015]",
                                     "settings.steps=210000",
                                     "settings.learning_rate=0.05",
                                     "settings.batch=20",
                                     "settings.theorem_steps=110000"};
    /* without a lens, which asks at every step */
    const claim_place own = in_claim_folders("own.yaml");
    assert_status(rni_file_write(own.path, "seeds: 2\n", 9), RN_OK);
    const claim_place plain = in_claim_folders("undisturbed");
    const claim_place disturbed = in_claim_folders("disturbed");
    rn_claim_options options = {
        .config = own.path, .n_overrides = 7, .overrides = overrides, .folder = plain.path};
    const rni_system *system = rni_system_find("equilibrium");
    assert_status(work_claim(system, &options, WITHOUT_STOP, NULL), RN_OK);
    options.folder = disturbed.path;
    rn_status status = RN_INTERRUPTED;
    int parts = 0;
    for (; status == RN_INTERRUPTED && parts < 100; parts++)
        status = work_claim(system, &options, 3, NULL);
    assert_status(status, RN_OK);
    assert_true(parts > 10);
    assert_same_claim(plain.path, disturbed.path);
}

static void a_folder_of_another_configuration_is_refused(void **state)
{
    (void)state;
    const claim_place at = in_claim_folders("other");
    const char *const folder = at.path;
    const char *const overrides[] = {"settings.factor=0.8"};
    leave_unfinished(folder);
    rn_claim_options options = {.folder = folder, .n_overrides = 1, .overrides = overrides};
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_CONFIG);
    assert_message_has("found '  factor: 0.9', expected '  factor: 0.8'");
    options = (rn_claim_options){.folder = folder, .is_mutated = 1};
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_CONFIG);
    assert_message_has("--mutate");
    options = (rn_claim_options){.folder = folder, .n_seeds = 3};
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_CONFIG);
    options = (rn_claim_options){.folder = folder};
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_OK);
    /* and a finished one is never written to again */
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_IO);
    assert_message_has("not empty");
}

static void a_folder_in_use_is_refused(void **state)
{
    (void)state;
    const claim_place at = in_claim_folders("used");
    const char *const folder = at.path;
    const rn_claim_options options = {.folder = folder};
    rni_lock *lock = NULL;
    leave_unfinished(folder);
    assert_status(rni_lock_take(folder, &lock), RN_OK);
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_IO);
    rni_lock_release(lock);
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_OK);
}

static void write_bytes(const char *path, const char *bytes, rn_index n_bytes)
{
    assert_status(rni_file_write(path, bytes, n_bytes), RN_OK);
}

/* Any flipped byte and any truncation; and sealed bytes that promise too much. */
static void damage_is_refused_with_what_to_do(void **state)
{
    (void)state;
    const claim_place at = in_claim_folders("damaged");
    const char *const folder = at.path;
    const rn_claim_options options = {.folder = folder};
    char *bytes = NULL;
    rn_index n = 0;
    leave_unfinished(folder);
    const claim_place file = in_claim_folders("damaged/" RNI_CLAIM_CHECKPOINT);
    assert_status(rni_file_read(file.path, 1 << 20, &bytes, &n), RN_OK);
    for (rn_index i = 0; i < n; i += 1 + n / 60) {
        bytes[i] = (char)(bytes[i] ^ 4);
        write_bytes(file.path, bytes, n);
        assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_FORMAT);
        assert_message_has("remove the folder");
        bytes[i] = (char)(bytes[i] ^ 4);
        write_bytes(file.path, bytes, i);
        assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_FORMAT);
    }
    const rn_index n_inside = n - RNI_SEAL_SIZE;
    for (rn_index i = 0; i + 8 <= n_inside; i++) { /* whoever makes a file can seal it */
        char kept[8];
        memcpy(kept, bytes + i, sizeof kept);
        memset(bytes + i, i % 2 ? 0x7f : 0xff, sizeof kept);
        rni_seal_make(rni_crc(0, bytes, n_inside), (unsigned char *)bytes + n_inside);
        write_bytes(file.path, bytes, n);
        rn_claim_options other = options;
        const rn_status status = work_claim(&toy, &other, 1, NULL);
        assert_true(status == RN_INTERRUPTED || status < 0);
        memcpy(bytes + i, kept, sizeof kept);
    }
    rni_seal_make(rni_crc(0, bytes, n_inside), (unsigned char *)bytes + n_inside);
    memcpy(bytes + 24, "9.9.9", 6); /* the version */
    rni_seal_make(rni_crc(0, bytes, n_inside), (unsigned char *)bytes + n_inside);
    write_bytes(file.path, bytes, n);
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_ERR_UNSUPPORTED);
    assert_message_has("9.9.9");
    rni_free(bytes);
}

static void memory_may_fail_anywhere(void **state)
{
    (void)state;
    const claim_place plain = in_claim_folders("memory-plain");
    const claim_place at = in_claim_folders("memory");
    const claim_place lens = in_claim_folders("memory/lens");
    const char *const folder = at.path;
    rn_claim_options options = {.folder = plain.path};
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_OK);
    options.folder = folder;
    leave_unfinished(folder);
    const rn_index bytes = rni_memory_bytes();
    rn_status status = RN_ERR_MEMORY;
    long fault = 1;
    for (; status != RN_OK && fault < 20000; fault += fault < 200 ? 1 : 23) {
        (void)rni_fail_allocation(fault);
        status = work_claim(&toy, &options, WITHOUT_STOP, NULL);
        (void)rni_fail_allocation(0);
        assert_true(status == RN_OK || status == RN_ERR_MEMORY);
        assert_int_equal(rni_memory_bytes(), bytes);
        assert_int_equal(has_checkpoint(folder), status != RN_OK);
        /* the lens is a run's folder with rules of its own */
        remove_tree(lens.path);
        if (status == RN_OK) break;
    }
    assert_status(status, RN_OK);
    assert_true(fault > 50);
    assert_same_claim(plain.path, folder);
}

/* A disk on which the nth act fails. */
typedef struct bad_disk {
    long act;
    long bad;
} bad_disk;

static int fail_at(void *user, rni_disk_act act, const char *path)
{
    bad_disk *disk = user;
    (void)act;
    (void)path;
    return ++disk->act == disk->bad ? 28 : 0; /* ENOSPC */
}

static void writing_may_fail_anywhere(void **state)
{
    (void)state;
    const claim_place plain = in_claim_folders("disk-plain");
    rn_claim_options options = {.folder = plain.path, .is_mutated = 1}; /* no lens */
    rn_status status = RN_ERR_IO;
    assert_status(work_claim(&toy, &options, WITHOUT_STOP, NULL), RN_OK);
    long bad = 1;
    for (; status == RN_ERR_IO && bad < 1000; bad++) {
        const claim_place folder = numbered("disk", bad);
        bad_disk disk = {.bad = bad};
        options.folder = folder.path;
        rni_disk_watch(fail_at, &disk);
        status = work_claim(&toy, &options, WITHOUT_STOP, NULL);
        rni_disk_watch(NULL, NULL);
        assert_true(status == RN_OK || status == RN_ERR_IO);
        if (status == RN_OK) break;
        const rn_status again = work_claim(&toy, &options, WITHOUT_STOP, NULL);
        /* an act that fails behind the last one leaves a finished claim */
        assert_true(again == RN_OK || (again == RN_ERR_IO && !has_checkpoint(folder.path)));
        assert_same_claim(plain.path, folder.path);
        remove_tree(folder.path);
    }
    assert_status(status, RN_OK);
    assert_true(bad > 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stopped_anywhere_it_ends_with_the_same_bytes),
        cmocka_unit_test(stopped_again_and_again_a_system_of_ours_ends_with_the_same_bytes),
        cmocka_unit_test(a_folder_of_another_configuration_is_refused),
        cmocka_unit_test(a_folder_in_use_is_refused),
        cmocka_unit_test(damage_is_refused_with_what_to_do),
        cmocka_unit_test(memory_may_fail_anywhere),
        cmocka_unit_test(writing_may_fail_anywhere),
    };
    return cmocka_run_group_tests(tests, claim_folders_setup, claim_folders_teardown);
}
