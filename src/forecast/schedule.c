#include "forecast/schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/text.h"

/* A setting as a number; `otherwise` where it is none. */
static double find_real(const rn_folder *folder, const char *key, double otherwise)
{
    const char *text = rn_folder_find_setting(folder, key);
    double value = 0.0;
    if (!text || rni_real_parse(text, (rn_index)strlen(text), &value)) return otherwise;
    return value;
}

static rn_index find_count(const rn_folder *folder, const char *key)
{
    const double value = find_real(folder, key, 0.0);
    return value >= 1.0 && value < 1e15 ? (rn_index)value : 0;
}

/* False: more than there is room for. */
static bool read_milestones(const rn_folder *folder, rni_schedule *out)
{
    char key[64];
    for (rn_index i = 0;; i++) {
        (void)snprintf(key, sizeof key, "train.milestones.%" PRId64, i);
        if (!rn_folder_find_setting(folder, key)) return true;
        if (i == RNI_MOST_MILESTONES) return false;
        out->milestones[i] = find_real(folder, key, (double)INFINITY);
        out->rate.milestones.count = i + 1;
    }
}

void rni_schedule_read(const rn_folder *folder, rni_schedule *out)
{
    const char *name = rn_folder_find_setting(folder, "train.schedule");
    *out = (rni_schedule){.n_steps = find_count(folder, "steps")};
    out->rate = (rni_rate){.learning_rate = 1.0,
                           .warmup = find_count(folder, "train.warmup"),
                           .length = find_count(folder, "train.schedule_steps"),
                           .last = find_real(folder, "train.last", 0.0),
                           .drop = find_real(folder, "train.drop", 1.0)};
    for (int i = 0; name && rni_rate_schedules[i]; i++)
        if (strcmp(name, rni_rate_schedules[i]) == 0) out->rate.schedule = i;
    if (!read_milestones(folder, out)) out->n_steps = 0;
}

double rni_schedule_ratio(const rni_schedule *schedule, rn_index step, rn_index known)
{
    rni_schedule s = *schedule; /* the list wants to be writable */
    const rn_index last = s.n_steps - 1;
    s.rate.milestones.values = s.milestones;
    return rni_rate_at(&s.rate, 1.0, s.n_steps, step < last ? step : last)
           / rni_rate_at(&s.rate, 1.0, s.n_steps, known < last ? known : last);
}
