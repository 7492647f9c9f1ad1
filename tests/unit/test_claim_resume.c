/*
 * Every system goes on to the same bytes after it was stopped, at tiny scale. Where it was stopped
 * does not matter: what it goes on from is a checkpoint that was written before.
 */
#include "check.h"

#include <renorm/claims.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "store/file.h"
#include "systems/claim.h"

enum { MOST = 12 };

typedef struct tiny {
    const char *name;
    const char *overrides[MOST];
} tiny;

static const tiny systems[] = {
    {"spectral_shells",
     {"settings.modes=4", "settings.cells=100", "settings.exponents=[2.0]", "settings.folds=2"}},
    {"limiting_dynamics",
     {"settings.steps=10000", "settings.rates=[0.5,0.1]", "settings.momenta=[0,0.9]",
      "settings.features=2", "settings.samples=16", "settings.batch=4", "settings.exponents=[3.0]",
      "settings.modes=[16]", "settings.exponent_rate=1.0", "settings.exact_modes=1000",
      "settings.net_steps=20000", "settings.net_samples=32"}},
    {"grsd", {"settings.depths=[1,2]", "settings.lazy_modes=200"}},
    {"phase_retrieval",
     {"settings.dimension=300", "settings.exponents=[2.0]", "settings.end=5",
      "settings.sgd_end=0.5", "settings.sgd_batch=4", "settings.small=10",
      "settings.slow_dimensions=[100,200]", "settings.escape_dimensions=[30,60]",
      "settings.escape_draws=1"}},
    {"equilibrium",
     {"settings.epochs=100", "settings.langevin_epochs=100", "settings.rates=[0.06,0.03,0.015]",
      "settings.learning_rate=0.05", "settings.batch=20", "settings.steps=2000",
      "settings.theorem_steps=2000"}},
    {"mean_field",
     {"settings.steps=1000", "settings.particles=[2,4]", "settings.widths=[2,4,8]",
      "settings.net_steps=200", "settings.replicas=1"}},
    {"onsager", {"settings.trajectories=20", "settings.walk_steps=1000"}},
    {"unhinged", {"settings.classes=2", "settings.per_class=2", "settings.width=2", "seeds=4"}},
};
enum { N_SYSTEMS = sizeof systems / sizeof systems[0] };

static char scratch[64];
static char config[128];

static int make_scratch(void **state)
{
    (void)state;
    (void)snprintf(scratch, sizeof scratch, "%s/renorm-resume-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (!mkdtemp(scratch)) return -1;
    (void)snprintf(config, sizeof config, "%s/own.yaml", scratch);
    return rni_file_write(config, "seeds: 2\n", 9) == RN_OK ? 0 : -1; /* and no lens */
}

static int remove_scratch(void **state)
{
    (void)state;
    remove_tree(scratch);
    return 0;
}

/* Stops at the nth time it is asked. */
typedef struct patience {
    long asked;
    long most;
} patience;

static int is_spent(void *user)
{
    patience *p = user;
    return ++p->asked >= p->most;
}

static rn_status work(const tiny *system, const char *folder, long most, long *asked)
{
    patience p = {.most = most};
    const rn_observer observer = {.should_stop = is_spent, .user = &p};
    rn_claim_options options = {.folder = folder, .config = config};
    rn_claim *claim = NULL;
    options.overrides = system->overrides;
    while (options.n_overrides < MOST && system->overrides[options.n_overrides])
        options.n_overrides++;
    const rn_status status = rn_claim_execute(system->name, &options, &observer, &claim);
    rn_claim_destroy(claim);
    if (asked) *asked = p.asked;
    return status;
}

static void assert_same(const char *folder, const char *other)
{
    static const char *const names[] = {"claim.csv", "values.csv", "curves.csv", "notes.txt",
                                        "config.yaml"};
    for (int i = 0; i < 5; i++) {
        char path[300];
        char *a = NULL;
        char *b = NULL;
        rn_index n_a = 0;
        rn_index n_b = 0;
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_status(rni_file_read(path, 1 << 26, &a, &n_a), RN_OK);
        (void)snprintf(path, sizeof path, "%s/%s", other, names[i]);
        assert_status(rni_file_read(path, 1 << 26, &b, &n_b), RN_OK);
        assert_int_equal(n_a, n_b);
        assert_memory_equal(a, b, (size_t)n_a);
        rni_free(a);
        rni_free(b);
    }
}

/* Stopped twice, in the first and in the last third of its work. */
static void a_stopped_system_ends_with_the_same_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < N_SYSTEMS; i++) {
        const tiny *system = &systems[i];
        char whole[128];
        char parts[128];
        char kept[160];
        long asked = 0;
        (void)snprintf(whole, sizeof whole, "%s/%s", scratch, system->name);
        (void)snprintf(parts, sizeof parts, "%s/%s-parts", scratch, system->name);
        (void)snprintf(kept, sizeof kept, "%s/" RNI_CLAIM_CHECKPOINT, parts);
        assert_status(work(system, whole, 1L << 40, &asked), RN_OK);
        assert_true(asked > 3);
        const long stop = asked < 6 ? 2 : asked / 3;
        assert_status(work(system, parts, stop, NULL), RN_INTERRUPTED);
        assert_int_equal(access(kept, F_OK), 0);
        assert_status(work(system, parts, stop, NULL), RN_INTERRUPTED);
        assert_status(work(system, parts, 1L << 40, &asked), RN_OK);
        assert_int_not_equal(access(kept, F_OK), 0);
        assert_same(whole, parts);
    }
}

/* An allocation fails here and there, further apart the more there are: a message, and no leak. */
static void a_system_without_memory_says_so_and_leaks_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < N_SYSTEMS; i++) {
        const rn_index bytes = rni_memory_bytes();
        rn_status status = RN_ERR_MEMORY;
        long fault = 1;
        for (; status == RN_ERR_MEMORY; fault = 3 * fault + i) {
            (void)rni_fail_allocation(fault);
            status = work(&systems[i], NULL, 1L << 40, NULL);
            (void)rni_fail_allocation(0);
            const char *const words = rn_last_message();
            if (status != RN_OK && (status != RN_ERR_MEMORY || !words[0]))
                fail_msg("%s, allocation %ld: %s", systems[i].name, fault, words);
            assert_int_equal(rni_memory_bytes(), bytes);
        }
        assert_true(fault > 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_system_without_memory_says_so_and_leaks_nothing),
        cmocka_unit_test(a_stopped_system_ends_with_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
