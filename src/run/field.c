/*
 * The table of quantities and the memory of a snapshot.
 */
#include "run/field.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"
#include "store/image.h"

typedef enum axis {
    AXIS_NONE,
    AXIS_MODE,
    AXIS_SHELL,
    AXIS_BOUNDARY,
    AXIS_SCALE,
    AXIS_EDGE,
    AXIS_PAIR,
    AXIS_BLOCK,
    AXIS_BLOCK_PAIR,
    AXIS_GATE
} axis;

typedef struct field {
    rn_field shown;
    axis axis;
    size_t offset; /* of the number, or of the pointer to the array, in rn_snapshot */
} field;

#define REAL(member, name, unit, help)                                                             \
    {{name, unit, "", help}, AXIS_NONE, offsetof(rn_snapshot, member)},
#define MODES(member, name, unit, help)                                                            \
    {{name, unit, "mode", help}, AXIS_MODE, offsetof(rn_snapshot, member)},
#define SHELLS(member, name, unit, help)                                                           \
    {{name, unit, "shell", help}, AXIS_SHELL, offsetof(rn_snapshot, member)},
#define BOUNDARIES(member, name, unit, help)                                                       \
    {{name, unit, "boundary", help}, AXIS_BOUNDARY, offsetof(rn_snapshot, member)},
#define SCALES(member, name, unit, help)                                                           \
    {{name, unit, "scale", help}, AXIS_SCALE, offsetof(rn_snapshot, member)},
#define EDGES(member, name, unit, help)                                                            \
    {{name, unit, "scale edge", help}, AXIS_EDGE, offsetof(rn_snapshot, member)},
#define PAIRS(member, name, unit, help)                                                            \
    {{name, unit, "scale pair", help}, AXIS_PAIR, offsetof(rn_snapshot, member)},
#define BLOCKS(member, name, unit, help)                                                           \
    {{name, unit, "block", help}, AXIS_BLOCK, offsetof(rn_snapshot, member)},
#define BLOCK_PAIRS(member, name, unit, help)                                                      \
    {{name, unit, "block pair", help}, AXIS_BLOCK_PAIR, offsetof(rn_snapshot, member)},
#define GATES(member, name, unit, help)                                                            \
    {{name, unit, "block edge pair", help}, AXIS_GATE, offsetof(rn_snapshot, member)},
static const field fields[] = {RNI_FIELD_LIST(REAL, MODES, SHELLS, BOUNDARIES, SCALES, EDGES, PAIRS,
                                              BLOCKS, BLOCK_PAIRS, GATES)};
#undef REAL
#undef MODES
#undef SHELLS
#undef BOUNDARIES
#undef SCALES
#undef EDGES
#undef PAIRS
#undef BLOCKS
#undef BLOCK_PAIRS
#undef GATES

#define N_FIELDS ((rn_index)(sizeof fields / sizeof fields[0]))
_Static_assert(N_FIELDS <= RNI_IMAGE_MAX_ARRAYS, "a snapshot could not be read back");

rn_index rni_field_count(void)
{
    return N_FIELDS;
}

const rn_field *rn_snapshot_field(rn_index i)
{
    return i >= 0 && i < N_FIELDS ? &fields[i].shown : NULL;
}

static rn_index axis_length(const rn_snapshot *snapshot, axis which)
{
    switch (which) {
    case AXIS_MODE: return snapshot->n_modes;
    case AXIS_SHELL: return snapshot->n_boundaries - 1;
    case AXIS_BOUNDARY: return snapshot->n_boundaries;
    case AXIS_SCALE: return snapshot->n_scales;
    case AXIS_EDGE: return snapshot->n_scales > 0 ? snapshot->n_scales + 1 : 0;
    case AXIS_PAIR: return snapshot->n_scales * snapshot->n_scales;
    case AXIS_BLOCK: return snapshot->n_blocks;
    case AXIS_BLOCK_PAIR: return snapshot->n_blocks * snapshot->n_blocks;
    case AXIS_GATE:
        return snapshot->n_blocks > 0 ? (snapshot->n_blocks + 1) * (snapshot->n_blocks + 1) : 0;
    case AXIS_NONE: break;
    }
    return 1;
}

/* The pointer stored at an array's member. */
static double *get_array(const rn_snapshot *snapshot, const field *f)
{
    double *array = NULL;
    memcpy(&array, (const char *)snapshot + f->offset, sizeof array);
    return array;
}

double *rni_writable(const double *const *member)
{
    double *array = NULL;
    memcpy(&array, member, sizeof array);
    return array;
}

void rni_snapshot_put(const double *const *member, const double *from, rn_index count)
{
    if (from) memcpy(rni_writable(member), from, (size_t)count * sizeof *from);
}

const double *rn_snapshot_values(const rn_snapshot *snapshot, rn_index i, rn_index *count)
{
    if (!snapshot || !count || i < 0 || i >= N_FIELDS) return NULL;
    const field *f = &fields[i];
    const double *numbers = f->axis == AXIS_NONE
                                ? (const double *)(const void *)((const char *)snapshot + f->offset)
                                : get_array(snapshot, f);
    *count = numbers ? axis_length(snapshot, f->axis) : 0;
    return numbers;
}

rn_status rni_snapshot_init(rn_snapshot *snapshot, rn_index n_modes, rn_index n_boundaries,
                            rn_index n_scales, rn_index n_blocks)
{
    rn_snapshot made = {.n_modes = n_modes,
                        .n_boundaries = n_boundaries,
                        .n_scales = n_scales,
                        .n_blocks = n_blocks};
    rn_index total = 0;
    for (rn_index i = 0; i < N_FIELDS; i++)
        if (fields[i].axis != AXIS_NONE) total += axis_length(&made, fields[i].axis);
    double *next = rni_alloc(rni_max(total, 1), sizeof *next);
    if (!next)
        return rni_fail(RN_ERR_MEMORY,
                        "rn_run_execute: no memory for a snapshot of %" PRId64 " numbers", total);
    for (rn_index j = 0; j < total; j++)
        next[j] = (double)NAN;

    /* the first array starts the block: rni_snapshot_clear relies on it */
    for (rn_index i = 0; i < N_FIELDS; i++) {
        if (fields[i].axis == AXIS_NONE) {
            const double missing = (double)NAN;
            memcpy((char *)&made + fields[i].offset, &missing, sizeof missing);
        } else {
            memcpy((char *)&made + fields[i].offset, &next, sizeof next);
            next += axis_length(&made, fields[i].axis);
        }
    }
    *snapshot = made;
    return RN_OK;
}

void rni_snapshot_clear(rn_snapshot *snapshot)
{
    if (!snapshot) return;
    for (rn_index i = 0; i < N_FIELDS; i++) {
        if (fields[i].axis == AXIS_NONE) continue;
        rni_free(get_array(snapshot, &fields[i]));
        break;
    }
    *snapshot = (rn_snapshot){0};
}
