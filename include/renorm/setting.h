/**
 * A setting given by name, as in a configuration file: {"depth", "8"}.
 */
#ifndef RENORM_SETTING_H
#define RENORM_SETTING_H

#ifdef __cplusplus
extern "C" {
#endif

/** Key and value; both borrowed for the call. Numbers, lists ("[1.0, 2.5]"), true and false are
    written as in a configuration file. */
typedef struct rn_setting {
    const char *key;
    const char *value;
} rn_setting;

#ifdef __cplusplus
}
#endif

#endif
