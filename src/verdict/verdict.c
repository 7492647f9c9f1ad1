/*
 * A check: every run by itself, then the families.
 */
#include <renorm/check.h>

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "verdict/verdict.h"

struct rn_check {
    rni_subject *subjects; /* [capacity] */
    rn_index count;
};

const char *rn_conclusion_text(rn_conclusion conclusion)
{
    switch (conclusion) {
    case RN_CONCLUSION_POWER_LAW: return "renormalizes, power law";
    case RN_CONCLUSION_NO_LAW: return "renormalizes, no power law";
    case RN_CONCLUSION_DOES_NOT: return "does not renormalize";
    case RN_CONCLUSION_CANNOT_TELL: break;
    }
    return "cannot tell";
}

static void start(rni_subject *subject, const char *name, const char *path, rn_index n_runs)
{
    (void)snprintf(subject->name, sizeof subject->name, "%s", name);
    (void)snprintf(subject->path, sizeof subject->path, "%s", path);
    subject->shown = (rn_check_subject){
        .name = subject->name, .path = subject->path, .n_runs = n_runs, .lines = subject->lines};
}

static rn_status check_run(const rn_folder *folder, rni_subject *subject, rni_run_numbers *numbers)
{
    start(subject, rn_folder_name(folder), rn_folder_path(folder), 1);
    rni_check_propagation(folder, subject, numbers);
    RNI_TRY(rni_check_evolution(folder, subject, numbers));
    rni_check_couplings(folder, subject, numbers);
    const rn_status status = rni_check_law(folder, subject, numbers);
    if (status < 0) return status;
    rni_check_conclude(subject);
    return RN_OK;
}

/* One of each for every run. */
typedef struct work {
    rni_run_numbers *numbers;
    rn_index *family;
} work;

/* The family `which`, if it has two runs or more. */
static rn_status check_family(rn_index n, const rn_folder *const *folders, const work *w,
                              rn_index which, rn_check *check)
{
    const rni_run_numbers *of[RN_CHECK_MAX_RUNS];
    char name[RN_CHECK_TEXT];
    rn_index count = 0;
    for (rn_index i = 0; i < n; i++)
        if (w->family[i] == which) of[count++] = &w->numbers[i];
    if (count < 2) return RN_OK;
    rni_subject *subject = &check->subjects[check->count++];
    rni_check_family_name(n, folders, w->family, which, name);
    start(subject, name, "", count);
    subject->shown.is_family = 1;
    rn_status status = rni_check_propagation_of(count, of, subject);
    if (status == RN_OK) status = rni_check_evolution_of(count, of, subject);
    if (status < 0) return status;
    rni_check_couplings_of(count, of, subject);
    rni_check_law_of(count, of, subject);
    rni_check_conclude(subject);
    return RN_OK;
}

static rn_status check_all(rn_index n, const rn_folder *const *folders, rn_check *check, work *w)
{
    for (rn_index i = 0; i < n; i++)
        RNI_TRY(check_run(folders[i], &check->subjects[check->count++], &w->numbers[i]));
    rni_check_families(n, folders, w->family);
    for (rn_index which = 0; which < n; which++)
        RNI_TRY(check_family(n, folders, w, which, check));
    return RN_OK;
}

rn_status rn_check_create(rn_index n_folders, const rn_folder *const *folders, rn_check **out)
{
    if (n_folders < 1 || n_folders > RN_CHECK_MAX_RUNS || !folders || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_check_create: a NULL argument, or %" PRId64 " runs, expected 1 .. %d",
                        n_folders, RN_CHECK_MAX_RUNS);
    for (rn_index i = 0; i < n_folders; i++)
        if (!folders[i])
            return rni_fail(RN_ERR_ARGUMENT, "rn_check_create: folder %" PRId64 " is NULL", i);
    rn_check *check = rni_alloc_zero(1, sizeof *check);
    work w = {.numbers = rni_alloc_zero(n_folders, sizeof *w.numbers),
              .family = rni_alloc_zero(n_folders, sizeof *w.family)};
    /* a family has two runs at least: at most half as many families as runs */
    if (check) check->subjects = rni_alloc_zero(n_folders + n_folders / 2, sizeof *check->subjects);
    rn_status status = RN_ERR_MEMORY;
    if (check && check->subjects && w.numbers && w.family)
        status = check_all(n_folders, folders, check, &w);
    else
        (void)rni_fail(status, "rn_check_create: no memory for %" PRId64 " runs", n_folders);
    rni_free(w.numbers);
    rni_free(w.family);
    if (status < 0)
        rn_check_destroy(check);
    else
        *out = check;
    return status;
}

void rn_check_destroy(rn_check *check)
{
    if (!check) return;
    rni_free(check->subjects);
    rni_free(check);
}

rn_index rn_check_count(const rn_check *check)
{
    return check ? check->count : 0;
}

const rn_check_subject *rn_check_get(const rn_check *check, rn_index i)
{
    return check && i >= 0 && i < check->count ? &check->subjects[i].shown : NULL;
}
