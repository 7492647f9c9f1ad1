/*
 * The table of systems, in the order of --list.
 */
#include <string.h>

#include "systems/system.h"

extern const rni_system rni_system_of_grsd;
extern const rni_system rni_system_of_spectral_shells;
extern const rni_system rni_system_of_limiting_dynamics;
extern const rni_system rni_system_of_equilibrium;
extern const rni_system rni_system_of_mean_field;
extern const rni_system rni_system_of_onsager;
extern const rni_system rni_system_of_phase_retrieval;
extern const rni_system rni_system_of_unhinged;

/* clang-format off: one a line */
const rni_system *const rni_systems[] = {
    &rni_system_of_grsd,
    &rni_system_of_spectral_shells,
    &rni_system_of_limiting_dynamics,
    &rni_system_of_equilibrium,
    &rni_system_of_mean_field,
    &rni_system_of_onsager,
    &rni_system_of_phase_retrieval,
    &rni_system_of_unhinged,
    NULL,
};
/* clang-format on */

const rni_system *rni_system_find(const char *name)
{
    for (int i = 0; rni_systems[i]; i++)
        if (strcmp(rni_systems[i]->about.name, name) == 0) return rni_systems[i];
    return NULL;
}

const rn_claim_system *rn_claim_system_at(rn_index i)
{
    rn_index count = 0;
    while (rni_systems[count])
        count++;
    return i >= 0 && i < count ? &rni_systems[i]->about : NULL;
}

const rn_claim_system *rn_claim_system_find(const char *name)
{
    const rni_system *found = rni_system_find(name);
    return found ? &found->about : NULL;
}
