/*
 * Families of cells, opened and checked one after the other.
 */
#include "study/study_verdicts.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "store/file.h"
#include "study/study.h"

bool rni_study_is_axis(const char *key)
{
    return strcmp(key, "model.depth") == 0 || strcmp(key, "model.width") == 0;
}

/* Whether two points belong to one family. */
static bool are_kin(const rn_study *study, rn_index a, rn_index b)
{
    for (rn_index k = 0; k < study->n_keys; k++)
        if (!rni_study_is_axis(rn_study_key(study, k))
            && rni_study_choice(study, a, k) != rni_study_choice(study, b, k))
            return false;
    return true;
}

/* The folders of a family, opened. */
typedef struct opened {
    rn_folder *folders[RN_CHECK_MAX_RUNS];
    rn_index count;
} opened;

static rn_status open_cell(const rn_study *study, const char *folder, rn_index i, opened *to)
{
    char path[RNI_PATH_SIZE];
    char inside[sizeof "cells/" + sizeof(rn_study_cell)];
    rn_study_cell cell;
    RNI_TRY(rn_study_cell_get(study, i, &cell));
    (void)snprintf(inside, sizeof inside, "cells/%s", cell.name);
    RNI_TRY(rni_path_join(folder, inside, path));
    RNI_TRY(rn_folder_open(path, &to->folders[to->count]));
    to->count++;
    return RN_OK;
}

static rn_status open_family(const rn_study *study, const char *folder,
                             const rni_cell_state *states, rni_family *family, opened *to)
{
    rn_study_shape shape;
    rn_study_shape_get(study, &shape);
    for (rn_index i = 0; i < shape.n_cells; i++) {
        const rn_index point = i / shape.n_arms % shape.n_points;
        if (i % shape.n_arms != family->arm || states[i].outcome != RNI_CELL_DONE
            || !are_kin(study, point, family->point))
            continue;
        if (to->count < RN_CHECK_MAX_RUNS)
            RNI_TRY(open_cell(study, folder, i, to));
        else
            family->n_left_out++;
    }
    family->n_cells = to->count;
    return RN_OK;
}

/* Opens, checks and hands on one family. `to` is empty before and after. */
static rn_status judge(const rn_study *study, const char *folder, const rni_cell_state *states,
                       rni_family *family, opened *to, rni_family_taker take, void *user)
{
    rn_check *check = NULL;
    rn_status status = open_family(study, folder, states, family, to);
    if (status == RN_OK && to->count > 0)
        status = rn_check_create(to->count, (const rn_folder *const *)to->folders, &check);
    if (status == RN_OK) {
        /* runs come first, the family of several last */
        family->said = check ? rn_check_get(check, rn_check_count(check) - 1) : NULL;
        status = take(user, family);
    }
    rn_check_destroy(check);
    for (rn_index i = 0; i < to->count; i++)
        rn_folder_close(to->folders[i]);
    to->count = 0;
    return status;
}

rn_status rni_study_verdicts(const rn_study *study, const char *folder,
                             const rni_cell_state *states, rni_family_taker take, void *user)
{
    rn_study_shape shape;
    rn_study_shape_get(study, &shape);
    opened *to = rni_alloc_zero(1, sizeof *to);
    if (!to) return rni_fail(RN_ERR_MEMORY, "no memory for the verdicts of a study");
    rn_status status = RN_OK;
    for (rn_index p = 0; p < shape.n_points && status == RN_OK; p++) {
        bool is_first = true;
        for (rn_index q = 0; q < p && is_first; q++)
            is_first = !are_kin(study, p, q);
        for (rn_index a = 0; a < shape.n_arms && is_first && status == RN_OK; a++) {
            rni_family family = {.arm = a, .point = p};
            status = judge(study, folder, states, &family, to, take, user);
        }
    }
    rni_free(to);
    return status;
}
