/*
 * Where the energy is at first.
 */
#include <math.h>
#include <string.h>

#include "core/status.h"
#include "scenario/scenario.h"

static double density(void *user, double s)
{
    const rni_start *start = user;
    const rni_start_settings *chosen = &start->settings;
    const rni_profile *profile = &start->profile;
    double value = 0.0;
    switch (start->form) {
    case RNI_START_POWER: return start->scale * exp(chosen->exponent * (s - chosen->upper));
    case RNI_START_BUMP: {
        const double x = (s - chosen->middle) / chosen->radius;
        const double hill = fmax(1.0 - x * x, 0.0);
        return start->scale * hill * hill * hill;
    }
    case RNI_START_LINES: rni_profile_at(profile, 0.0, 1, &s, &value); return value;
    case RNI_START_SHELLS: break;
    }
    rn_index i = 0;
    while (i + 2 < profile->n_s && s >= profile->s[i + 1])
        i++;
    return profile->values[i];
}

static void set_power_law(rni_start *start)
{
    const rni_start_settings *chosen = &start->settings;
    const double length = chosen->upper - chosen->lower;
    const double p = chosen->exponent;
    /* integral of e^(p (s - upper)) */
    const double whole = fabs(p) * length > 1e-8 ? -expm1(-p * length) / p : length;
    start->form = RNI_START_POWER;
    start->scale = chosen->energy / whole;
    start->start.lower = chosen->lower;
    start->start.upper = chosen->upper;
}

static void set_bump(rni_start *start)
{
    const rni_start_settings *chosen = &start->settings;
    start->form = RNI_START_BUMP;
    start->scale = chosen->energy / (32.0 / 35.0 * chosen->radius); /* of (1 - x^2)^3 */
    start->start.lower = chosen->middle - chosen->radius;
    start->start.upper = chosen->middle + chosen->radius;
}

static void use_profile(rni_start *start)
{
    start->start.lower = start->profile.s[0];
    start->start.upper = start->profile.s[start->profile.n_s - 1];
    start->start.breaks = start->profile.s;
    start->start.n_breaks = start->profile.n_s;
}

static rn_status read_table(rni_start *start)
{
    RNI_TRY(rni_profile_read(start->settings.path, "density", &start->profile));
    if (start->profile.n_times > 1 || start->profile.n_s < 2)
        return rni_fail(RN_ERR_FORMAT,
                        "%s: found %" PRId64 " densities at %" PRId64 " times, "
                        "expected at least 2 at one",
                        start->settings.path, start->profile.n_s, start->profile.n_times);
    start->form = RNI_START_LINES;
    use_profile(start);
    return RN_OK;
}

/* Energy of each shell over its width: what the run has in each shell stays in it. */
static rn_status take_shells(const rn_folder *folder, rni_start *start)
{
    const rn_index n = rn_folder_n_snapshots(folder);
    const rn_index asked = start->settings.measurement;
    const rn_snapshot *at = rn_folder_snapshot(folder, asked < 0 ? n - 1 : asked);
    if (!at || at->n_boundaries < 2)
        return rni_fail(RN_ERR_CONFIG,
                        "start.measurement: found %" PRId64 ", but %s has %" PRId64
                        " measurements%s",
                        asked, rn_folder_path(folder), n, at ? ", that one without shells" : "");
    RNI_TRY(rni_profile_create(1, at->n_boundaries, &start->profile));
    for (rn_index i = 0; i < at->n_boundaries; i++) {
        start->profile.s[i] = at->s[i];
        if (i + 1 < at->n_boundaries)
            start->profile.values[i] = at->energy[i] / (at->s[i + 1] - at->s[i]);
    }
    start->form = RNI_START_SHELLS;
    start->time = at->record.time;
    start->null_energy = at->null_energy;
    use_profile(start);
    return RN_OK;
}

static rn_status read_run(rni_start *start)
{
    rn_folder *folder = NULL;
    RNI_TRY(rn_folder_open(start->settings.path, &folder));
    const rn_status status = take_shells(folder, start);
    rn_folder_close(folder);
    return status;
}

rn_status rni_start_load(const rni_settings *settings, rni_start *start)
{
    const char *kind = rni_settings_table(settings, "start")->name;
    start->settings = *(const rni_start_settings *)rni_settings_get(settings, "start");
    start->null_energy = start->settings.null_energy;
    start->start.density = density;
    start->start.user = start;
    if (strcmp(kind, "table") == 0) return read_table(start);
    if (strcmp(kind, "run") == 0) return read_run(start);
    if (strcmp(kind, "bump") == 0)
        set_bump(start);
    else
        set_power_law(start);
    return RN_OK;
}

void rni_start_clear(rni_start *start)
{
    rni_profile_clear(&start->profile);
}
