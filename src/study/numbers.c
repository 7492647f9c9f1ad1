/*
 * Numbers of cells, and their summary over seeds.
 */
#include "study/numbers.h"

#include <math.h>

#include "core/memory.h"
#include "core/size.h"
#include "core/status.h"

const char *const rni_at_names[RNI_N_AT] = {"first", "last"};

rn_status rni_numbers_create(const rn_study *study, rni_numbers *numbers)
{
    rn_study_shape shape;
    rn_index count = 0;
    rn_study_shape_get(study, &shape);
    rni_numbers made = {.n_cells = shape.n_cells, .n_quantities = shape.n_quantities};
    if (rni_size_mul(shape.n_cells * RNI_N_AT, shape.n_quantities, &count))
        made.values = rni_alloc(count, sizeof *made.values);
    if (!made.values)
        return rni_fail(RN_ERR_MEMORY, "no memory for the numbers of %" PRId64 " cells",
                        shape.n_cells);
    for (rn_index i = 0; i < count; i++)
        made.values[i] = (double)NAN;
    *numbers = made;
    return RN_OK;
}

void rni_numbers_clear(rni_numbers *numbers)
{
    rni_free(numbers->values);
    *numbers = (rni_numbers){0};
}

double *rni_numbers_at(const rni_numbers *numbers, rn_index cell, rni_moment_of_run at)
{
    return numbers->values + (cell * RNI_N_AT + (rn_index)at) * numbers->n_quantities;
}

/* values[seed] of an arm at a point. */
static void gather(const rn_study_shape *shape, const rni_numbers *numbers, rn_index arm,
                   rn_index point, rni_moment_of_run at, rn_index quantity, double *values)
{
    for (rn_index seed = 0; seed < shape->n_seeds; seed++) {
        const rn_index cell = (seed * shape->n_points + point) * shape->n_arms + arm;
        values[seed] = rni_numbers_at(numbers, cell, at)[quantity];
    }
}

rn_status rni_numbers_summarise(const rn_study *study, const rni_numbers *numbers, rn_index arm,
                                rn_index point, rni_moment_of_run at, rn_index quantity,
                                rni_summary_line *line)
{
    rn_study_shape shape;
    rni_summary_line made = {0};
    rn_study_shape_get(study, &shape);
    double *own = rni_alloc(2 * shape.n_seeds, sizeof *own);
    if (!own) return rni_fail(RN_ERR_MEMORY, "no memory for a summary over seeds");
    double *other = own + shape.n_seeds;
    gather(&shape, numbers, arm, point, at, quantity, own);
    gather(&shape, numbers, shape.reference, point, at, quantity, other);
    made.has_reference = arm != shape.reference;
    rn_status status = rn_sample_summarise(shape.n_seeds, own, &made.sample);
    if (status == RN_OK && made.has_reference)
        status = rn_sample_compare(shape.n_seeds, own, other, NULL, &made.against);
    rni_free(own);
    if (status == RN_OK) *line = made;
    return status;
}
