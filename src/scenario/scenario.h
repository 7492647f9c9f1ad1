/*
 * A scenario from inside.
 */
#ifndef RNI_SCENARIO_SCENARIO_H
#define RNI_SCENARIO_SCENARIO_H

#include <renorm/scenario.h>
#include <stdbool.h>

#include "core/settings.h"
#include "scenario/profile.h"
#include "transport/transport_schema.h"

/** The start: a formula, or a profile that is linear (file) or constant per shell (run). */
typedef struct rni_start {
    enum { RNI_START_POWER, RNI_START_BUMP, RNI_START_LINES, RNI_START_SHELLS } form;
    rni_start_settings settings; /**< texts borrowed */
    double scale;                /**< of a formula */
    rni_profile profile;         /**< owned */
    double time;                 /**< own time of a run's measurement; else 0 */
    double null_energy;
    rn_transport_start start; /**< density, ends and breaks; user is this struct */
} rni_start;

/** Velocity, loss rate and drive as measured or as given. */
typedef struct rni_wind {
    bool has_law; /**< the velocity is `law` (c = 0: nothing moves) */
    bool is_lossless;
    bool is_measured_decay;
    rn_transport_law law;
    rni_profile velocity, loss_rate, drive; /**< owned */
} rni_wind;

struct rn_scenario {
    rni_settings *settings;
    rni_text text;
    char name[64];
    rni_start start;
    rni_wind wind;
    rn_transport_problem problem; /**< initial and times owned */
    bool is_solved;
    rn_transport_solution solution;
    double *exact_density; /**< [n_times x n_cells] owned; NULL: none */
    rn_scenario_state *states;
    char *folder;
};

/** Fills the start from its section; zeroed before. @return as rn_scenario_load */
RN_NODISCARD rn_status rni_start_load(const rni_settings *settings, rni_start *start);
void rni_start_clear(rni_start *start);

/** Fills velocity and decay from their sections; zeroed before. */
RN_NODISCARD rn_status rni_wind_load(const rni_settings *settings, rni_wind *wind);
void rni_wind_clear(rni_wind *wind);
/** Sets the callbacks of a problem; the wind is borrowed. */
void rni_wind_attach(rni_wind *wind, rn_transport_problem *problem);

#endif
