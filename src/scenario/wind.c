/*
 * Velocity, loss rate and drive: formulas, tables and measurements.
 */
#include <string.h>

#include "core/status.h"
#include "scenario/scenario.h"

static rn_status law_at(void *user, double t, rn_index n, const double *s, double *values)
{
    const rni_wind *wind = user;
    for (rn_index i = 0; i < n; i++)
        values[i] = rn_transport_velocity(&wind->law, s[i], t);
    return RN_OK;
}

static rn_status velocity_at(void *user, double t, rn_index n, const double *s, double *values)
{
    const rni_wind *wind = user;
    rni_profile_at(&wind->velocity, t, n, s, values);
    return RN_OK;
}

static rn_status loss_rate_at(void *user, double t, rn_index n, const double *s, double *values)
{
    const rni_wind *wind = user;
    rni_profile_at(&wind->loss_rate, t, n, s, values);
    return RN_OK;
}

static rn_status drive_at(void *user, double t, rn_index n, const double *s, double *values)
{
    const rni_wind *wind = user;
    rni_profile_at(&wind->drive, t, n, s, values);
    return RN_OK;
}

static const double *measured_velocity(const rn_snapshot *at)
{
    return at->velocity;
}

static const double *measured_loss_rate(const rn_snapshot *at)
{
    return at->loss_rate;
}

static const double *measured_drive(const rn_snapshot *at)
{
    return at->drive;
}

static rn_status load_velocity(const rni_settings *settings, rni_wind *wind)
{
    const char *kind = rni_settings_table(settings, "velocity")->name;
    const rni_wind_settings *chosen = rni_settings_get(settings, "velocity");
    rn_folder *folder = NULL;
    if (strcmp(kind, "table") == 0) return rni_profile_read(chosen->path, "w", &wind->velocity);
    if (strcmp(kind, "run") == 0) {
        RNI_TRY(rn_folder_open(chosen->path, &folder));
        const rn_status status = rni_profile_of_run(folder, "velocity", measured_velocity,
                                                    chosen->least, &wind->velocity);
        rn_folder_close(folder);
        return status;
    }
    wind->has_law = true;
    wind->law = (rn_transport_law){
        .a = chosen->a, .c = chosen->c, .is_covariant = strcmp(kind, "covariant") == 0};
    return RN_OK;
}

static rn_status load_decay(const rni_settings *settings, rni_wind *wind)
{
    const char *kind = rni_settings_table(settings, "decay")->name;
    const rni_decay_settings *chosen = rni_settings_get(settings, "decay");
    rn_folder *folder = NULL;
    wind->is_lossless = strcmp(kind, "none") == 0;
    wind->is_measured_decay = strcmp(kind, "run") == 0;
    if (!wind->is_measured_decay) return RN_OK;
    RNI_TRY(rn_folder_open(chosen->path, &folder));
    rn_status status =
        rni_profile_of_run(folder, "loss rate", measured_loss_rate, 1e-12, &wind->loss_rate);
    if (status == RN_OK)
        status = rni_profile_of_run(folder, "drive", measured_drive, 0.0, &wind->drive);
    rn_folder_close(folder);
    return status;
}

rn_status rni_wind_load(const rni_settings *settings, rni_wind *wind)
{
    RNI_TRY(load_velocity(settings, wind));
    return load_decay(settings, wind);
}

void rni_wind_clear(rni_wind *wind)
{
    rni_profile_clear(&wind->velocity);
    rni_profile_clear(&wind->loss_rate);
    rni_profile_clear(&wind->drive);
}

void rni_wind_attach(rni_wind *wind, rn_transport_problem *problem)
{
    problem->user = wind;
    problem->velocity = wind->has_law ? law_at : velocity_at;
    problem->no_dissipation = wind->is_lossless;
    if (!wind->is_measured_decay) return;
    problem->loss_rate = loss_rate_at;
    problem->drive = drive_at;
}
