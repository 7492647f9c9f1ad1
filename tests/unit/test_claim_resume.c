/*
 * Every system goes on to the same bytes after it was stopped, at tiny scale. Where it was stopped
 * does not matter: what it goes on from is a checkpoint that was written before.
 */
#include "check.h"

#include <stdio.h>

#include "claim_folders.h"
#include "core/memory.h"
#include "store/file.h"

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

static claim_place config;

static int make_folders(void **state)
{
    if (claim_folders_setup(state) != 0) return -1;
    config = in_claim_folders("own.yaml");
    return rni_file_write(config.path, "seeds: 2\n", 9) == RN_OK ? 0 : -1; /* and no lens */
}

static rn_status work(const tiny *system, const char *folder, long most, long *asked)
{
    rn_claim_options options = {
        .folder = folder, .config = config.path, .overrides = system->overrides};
    while (options.n_overrides < MOST && system->overrides[options.n_overrides])
        options.n_overrides++;
    return work_claim(rni_system_find(system->name), &options, most, asked);
}

/* Stopped twice, in the first and in the last third of its work. */
static void a_stopped_system_ends_with_the_same_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < N_SYSTEMS; i++) {
        const tiny *system = &systems[i];
        char name[64];
        long asked = 0;
        (void)snprintf(name, sizeof name, "%s-parts", system->name);
        const claim_place whole = in_claim_folders(system->name);
        const claim_place parts = in_claim_folders(name);
        assert_status(work(system, whole.path, WITHOUT_STOP, &asked), RN_OK);
        assert_true(asked > 3);
        const long stop = asked < 6 ? 2 : asked / 3;
        assert_status(work(system, parts.path, stop, NULL), RN_INTERRUPTED);
        assert_true(has_checkpoint(parts.path));
        assert_status(work(system, parts.path, stop, NULL), RN_INTERRUPTED);
        assert_status(work(system, parts.path, WITHOUT_STOP, &asked), RN_OK);
        assert_false(has_checkpoint(parts.path));
        assert_same_claim(whole.path, parts.path);
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
            status = work(&systems[i], NULL, WITHOUT_STOP, NULL);
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
    return cmocka_run_group_tests(tests, make_folders, claim_folders_teardown);
}
