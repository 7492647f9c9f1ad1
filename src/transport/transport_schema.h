/*
 * The configuration of `renorm transport`: sections, kinds and options. What they do is up to
 * src/scenario.
 */
#ifndef RNI_TRANSPORT_SCHEMA_H
#define RNI_TRANSPORT_SCHEMA_H

#include "core/schema.h"

typedef struct rni_axis_settings {
    double lower, upper; /* nats */
    rn_index cells;      /* even */
} rni_axis_settings;

enum { RNI_SPACING_LINEAR, RNI_SPACING_LOG };

typedef struct rni_span_settings {
    double from, to, first;
    rn_index states;
    int spacing;
} rni_span_settings;

/** Kinds of `start`; the settings of any of them, by what they use. */
typedef struct rni_start_settings {
    double exponent, lower, upper; /* power_law */
    double middle, radius;         /* bump */
    double energy, null_energy;
    char *path;           /* table, run */
    rn_index measurement; /* run */
} rni_start_settings;

/** Kinds of `velocity`. */
typedef struct rni_wind_settings {
    double a, c;  /* power_law, covariant */
    char *path;   /* table, run */
    double least; /* run */
} rni_wind_settings;

/** Kinds of `decay`. */
typedef struct rni_decay_settings {
    char *path; /* run */
} rni_decay_settings;

typedef struct rni_precision_settings {
    double tolerance, rtol, atol;
    rn_index max_evaluations;
} rni_precision_settings;

/** All sections: grid, time, start, velocity, decay, accuracy. */
const rni_schema *rni_transport_schema(void);

#endif
