/*
 * Measures nothing: training alone.
 */
#include "run/field.h"
#include "run/measure.h"

typedef struct none_settings {
    rn_index snapshots;
} none_settings;

static const rni_option options[] = {
    {.key = "snapshots",
     RNI_FIELD(none_settings, snapshots),
     .range = RNI_AT_LEAST(2),
     .initial = "2",
     .help = "times to evaluate held-out samples, log-spaced in steps"},
};
static const rni_option_table table =
    RNI_TABLE("none", "training curves only, no kernel", options, none_settings);

static rn_status create(const void *settings, rni_stage *stage, void **out)
{
    (void)settings;
    (void)stage;
    *out = NULL;
    return RN_OK;
}

static void destroy(void *state)
{
    (void)state;
}

static rn_status take(void *state, const rni_moment *moment, rn_snapshot *snapshot)
{
    (void)state;
    (void)moment;
    const rn_record record = snapshot->record;
    const rn_status status = rni_snapshot_init(snapshot, 0, 1, 0, 0);
    if (status == RN_OK) snapshot->record = record;
    return status;
}

/* The shape of every measurement's save. NOLINTNEXTLINE(readability-non-const-parameter) */
static rn_index save(const void *state, double *numbers)
{
    (void)state;
    (void)numbers;
    return 0;
}

static rn_status restore(void *state, rn_index n_numbers, const double *numbers)
{
    (void)state;
    (void)numbers;
    if (n_numbers == 0) return RN_OK;
    return rni_fail(RN_ERR_FORMAT, "measure.none: found %" PRId64 " numbers, expected none",
                    n_numbers);
}

static rni_cadence_rule cadence(const void *settings, const rni_stage *stage)
{
    const none_settings *chosen = settings;
    (void)stage;
    return (rni_cadence_rule){.snapshots = chosen->snapshots};
}

const rni_measure rni_measure_none = {.options = &table,
                                      .create = create,
                                      .destroy = destroy,
                                      .take = take,
                                      .save = save,
                                      .restore = restore,
                                      .cadence = cadence};
