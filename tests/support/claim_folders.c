#include "claim_folders.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "core/memory.h"
#include "core/reader.h"
#include "remove_tree.h"
#include "systems/claim.h"

static char root[64];

int claim_folders_setup(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "%s/renorm-claims-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

int claim_folders_teardown(void **state)
{
    (void)state;
    remove_tree(root);
    return 0;
}

claim_place in_claim_folders(const char *name)
{
    claim_place it;
    (void)snprintf(it.path, sizeof it.path, "%s/%s", root, name);
    return it;
}

typedef struct patience {
    long asked;
    long most;
} patience;

static int is_spent(void *user)
{
    patience *p = user;
    return ++p->asked >= p->most;
}

rn_status work_claim(const rni_system *system, const rn_claim_options *options, long n, long *asked)
{
    patience p = {.most = n};
    const rn_observer observer = {.should_stop = is_spent, .user = &p};
    rn_claim *claim = NULL;
    const rn_status status = rni_claim_execute(system, options, &observer, &claim);
    rn_claim_destroy(claim);
    if (asked) *asked = p.asked;
    return status;
}

void assert_same_file(const char *folder, const char *other, const char *name)
{
    char path[300];
    char *a = NULL;
    char *b = NULL;
    rn_index n_a = 0;
    rn_index n_b = 0;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_status(rni_file_read(path, 1 << 26, &a, &n_a), RN_OK);
    (void)snprintf(path, sizeof path, "%s/%s", other, name);
    assert_status(rni_file_read(path, 1 << 26, &b, &n_b), RN_OK);
    assert_int_equal(n_a, n_b);
    assert_memory_equal(a, b, (size_t)n_a);
    rni_free(a);
    rni_free(b);
}

void assert_same_claim(const char *folder, const char *other)
{
    static const char *const names[] = {"claim.csv", "values.csv", "curves.csv", "notes.txt",
                                        "config.yaml"};
    for (int i = 0; i < 5; i++)
        assert_same_file(folder, other, names[i]);
}

bool has_checkpoint(const char *folder)
{
    char path[300];
    (void)snprintf(path, sizeof path, "%s/" RNI_CLAIM_CHECKPOINT, folder);
    return access(path, F_OK) == 0;
}
