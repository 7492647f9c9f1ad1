/*
 * Velocity fields with a known answer, on tables like those of runs: neighbouring boundaries share
 * modes, and what is odd about one time is still odd at the next.
 */
#ifndef RENORM_TESTS_VELOCITY_FIELDS_H
#define RENORM_TESTS_VELOCITY_FIELDS_H

#include <renorm/velocity_law.h>

/** What the field is. x = s and u = ln t, from -1 to 1 over the table. */
typedef enum field_kind {
    FIELD_LAW,        /**< w = -t^(a-1) lambda^a */
    FIELD_STATIONARY, /**< w = -lambda^a: collapses for a = 1 only */
    FIELD_QUADRATIC,  /**< the law times exp(size x^2) */
    FIELD_BUMP,       /**< the law times exp(size) around the middle boundary, 3 wide */
    FIELD_ZERO,       /**< noise about 0 */
    FIELD_MIXED,      /**< the law, a fifth of the boundaries with the other sign */
} field_kind;

typedef struct field {
    field_kind kind;
    double a;
    double size;           /**< nats */
    double noise;          /**< standard deviation of ln|w|, nats */
    rn_index n_times;      /**< evenly spaced in ln t */
    double decades;        /**< of t */
    rn_index n_boundaries; /**< ln 2 apart */
} field;

#define FIELD_MAX_TIMES      64
#define FIELD_MAX_BOUNDARIES 64

/** The arrays of a table. */
typedef struct field_table {
    double time[FIELD_MAX_TIMES];
    double s[FIELD_MAX_BOUNDARIES];
    double velocity[FIELD_MAX_TIMES * FIELD_MAX_BOUNDARIES];
    double n_eff[FIELD_MAX_TIMES * FIELD_MAX_BOUNDARIES];
} field_table;

/** Draws the field; the table points into *arrays. Noise is correlated over 2h in s and by 0.6 from
    one time to the next. */
rn_velocity_table field_draw(const field *field, uint64_t seed, field_table *arrays);

/** One verdict on one draw. */
rn_velocity_law field_judge(const field *field, uint64_t seed);

#endif
