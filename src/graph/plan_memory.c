/*
 * Where intermediates live. A storage is alive from the first to the last step that touches it.
 * Storages are placed in order of decreasing size, each at the lowest offset where it overlaps no
 * storage that is alive at the same time (greedy by size); the arena's length is then known
 * before anything runs. Offsets are multiples of a cache line. Wanted storages live throughout.
 *
 * A result takes the place of an operand of the same size that dies in the same step; the two
 * are then placed as one, alive as long as both.
 */
#include <stdlib.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "graph/planner.h"

#define LINE ((rn_index)(RNI_ALIGNMENT / sizeof(double)))

/* One stretch of the arena: a storage with all heirs. */
typedef struct stretch {
    int storage; /* the eldest */
    int first, last;
    rn_index size, offset;
} stretch;

static void touch(rni_storage *storage, int step)
{
    if (storage->first > step) storage->first = step;
    if (storage->last < step) storage->last = step;
}

static void find_lifetimes(rn_plan *plan)
{
    for (int i = 0; i < plan->n_storages; i++) {
        plan->storages[i].first = plan->n_steps;
        plan->storages[i].last = -1;
    }
    for (int s = 0; s < plan->n_steps; s++) {
        const bool is_last = s + 1 == plan->n_steps;
        const int end_in = is_last ? plan->n_in : plan->steps[s + 1].first_in;
        const int end_out = is_last ? plan->n_out : plan->steps[s + 1].first_out;
        for (int k = plan->steps[s].first_in; k < end_in; k++)
            touch(&plan->storages[plan->in[k].storage], s);
        for (int k = plan->steps[s].first_out; k < end_out; k++)
            touch(&plan->storages[plan->out[k].storage], s);
    }
    for (int i = 0; i < plan->n_storages; i++)
        if (plan->storages[i].is_wanted) {
            plan->storages[i].first = 0;
            plan->storages[i].last = plan->n_steps;
        }
}

static void choose_heirs(rni_planner *p)
{
    for (int i = 0; i < p->n_in_place; i++) {
        const rni_in_place *chance = &p->in_place[i];
        rni_storage *operand = &p->plan->storages[chance->operand];
        rni_storage *result = &p->plan->storages[chance->result];
        if (operand->kind != RNI_STORAGE_ARENA || operand->is_wanted || result->is_wanted
            || operand->size != result->size || operand->last != chance->step || operand->heir >= 0
            || result->parent >= 0)
            continue;
        operand->heir = chance->result;
        result->parent = chance->operand;
    }
}

static int by_size(const void *left, const void *right)
{
    const stretch *a = left;
    const stretch *b = right;
    if (a->size != b->size) return a->size > b->size ? -1 : 1;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return a->storage < b->storage ? -1 : a->storage > b->storage;
}

static int by_offset(const void *left, const void *right)
{
    const stretch *a = *(const stretch *const *)left;
    const stretch *b = *(const stretch *const *)right;
    if (a->offset != b->offset) return a->offset < b->offset ? -1 : 1;
    return a->storage < b->storage ? -1 : a->storage > b->storage;
}

/* Lowest offset for `one` beside those placed already; `rivals` is work space. */
static bool place(stretch *all, int n_placed, stretch *one, const stretch **rivals)
{
    int n_rivals = 0;
    for (int i = 0; i < n_placed; i++)
        if (all[i].first <= one->last && one->first <= all[i].last) rivals[n_rivals++] = &all[i];
    qsort(rivals, (size_t)n_rivals, sizeof(const stretch *), by_offset);
    one->offset = 0;
    for (int i = 0; i < n_rivals; i++) {
        rn_index end = 0;
        if (rivals[i]->offset >= one->offset + one->size) break; /* the gap before it suffices */
        if (!rni_size_add(rivals[i]->offset, rivals[i]->size, &end)) return false;
        one->offset = rni_max(one->offset, end);
    }
    return true;
}

static int list_stretches(const rn_plan *plan, stretch *all)
{
    int n = 0;
    for (int i = 0; i < plan->n_storages; i++) {
        const rni_storage *eldest = &plan->storages[i];
        if (eldest->kind != RNI_STORAGE_ARENA || eldest->parent >= 0) continue;
        stretch one = {.storage = i, .first = eldest->first, .last = eldest->last};
        one.size = rni_ceil_div(eldest->size, LINE) * LINE;
        for (int heir = eldest->heir; heir >= 0; heir = plan->storages[heir].heir)
            one.last = plan->storages[heir].last;
        all[n++] = one;
    }
    return n;
}

rn_status rni_plan_memory(rni_planner *p)
{
    rn_plan *plan = p->plan;
    find_lifetimes(plan);
    choose_heirs(p);
    stretch *all = rni_alloc(plan->n_storages, sizeof *all);
    const stretch **rivals = rni_alloc(plan->n_storages, sizeof(const stretch *));
    rn_status status = RN_OK;
    if (!all || !rivals) {
        status = rni_plan_out_of_memory();
        goto done;
    }

    const int n = list_stretches(plan, all);
    qsort(all, (size_t)n, sizeof *all, by_size);
    for (int i = 0; i < n; i++) {
        rn_index end = 0;
        if (!place(all, i, &all[i], rivals) || !rni_size_add(all[i].offset, all[i].size, &end)
            || end > RN_SIZE_MAX / (rn_index)sizeof(double)) {
            status = rni_fail(RN_ERR_SHAPE,
                              "rn_plan_create: the plan needs more than 2^48 bytes with %" PRId64
                              " samples; plan fewer samples at a time",
                              plan->n_samples);
            goto done;
        }
        plan->arena_size = rni_max(plan->arena_size, end);
        for (int s = all[i].storage; s >= 0; s = plan->storages[s].heir)
            plan->storages[s].offset = all[i].offset;
    }
done:
    rni_free(all);
    rni_free(rivals);
    return status;
}
