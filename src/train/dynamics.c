/*
 * Choosing a dynamics.
 */
#include "train/dynamics.h"

#include "core/memory.h"

static const rni_section section = {
    .name = "train", .help = "how the weights move", .kinds = rni_dynamics_options};
static const rni_schema schema = {&section, 1};

const char *rn_dynamics_kind(rn_index i)
{
    const rni_option_table *options = rni_dynamics_options(i);
    return options ? options->name : NULL;
}

/* Takes the choice over on success. */
static rn_status make(rni_choice choice, rn_dynamics **out)
{
    const rni_dynamics_kind *kind = NULL;
    for (rn_index i = 0; rni_dynamics[i]; i++)
        if (rni_dynamics[i]->options == choice.table) kind = rni_dynamics[i];
    if (!kind || !choice.settings || !out)
        return rni_fail(RN_ERR_ARGUMENT,
                        "rn_dynamics_create: not the options of a dynamics, or NULL");
    rn_dynamics *dynamics = rni_alloc(1, sizeof *dynamics);
    if (!dynamics) return rni_fail(RN_ERR_MEMORY, "rn_dynamics_create: no memory");
    *dynamics = (rn_dynamics){.kind = kind, .choice = choice};
    *out = dynamics;
    return RN_OK;
}

rn_status rni_dynamics_wrap(const rni_option_table *options, const void *settings,
                            rn_dynamics **out)
{
    return make((rni_choice){.table = options, .settings = settings}, out);
}

rn_status rn_dynamics_create(const char *kind, const rn_setting *settings, rn_index n_settings,
                             rn_dynamics **out)
{
    rni_choice choice = {0};
    RNI_TRY(rni_choice_make(&schema, "rn_dynamics_create", kind, settings, n_settings, &choice));
    const rn_status status = make(choice, out);
    if (status < 0) rni_choice_clear(&choice);
    return status;
}

void rn_dynamics_destroy(rn_dynamics *dynamics)
{
    if (!dynamics) return;
    rni_choice_clear(&dynamics->choice);
    rni_free(dynamics);
}

int rn_dynamics_needs_scale(const rn_dynamics *dynamics)
{
    const rni_dynamics_kind *kind = dynamics->kind;
    rni_descent how = {0};
    if (kind->is_flow) return kind->needs_scale(dynamics->choice.settings);
    kind->describe(dynamics->choice.settings, &how);
    return how.rate.relative;
}
