/*
 * A system's run through the shells: executed, measured and checked like any other.
 */
#include <renorm/report.h>
#include <stdio.h>
#include <unistd.h>

#include "store/file.h"
#include "systems/claim.h"

/* A run that an interrupted claim left behind goes on, and is read back where it was done. */
static rn_status go_on(const rn_claim *claim, const char *inside, rn_run **run)
{
    char words[512];
    const rn_status status = rn_run_resume(inside, NULL, claim->observer, run);
    if (status >= 0) return status;
    (void)snprintf(words, sizeof words, "%s", rn_last_message());
    return rni_fail(status,
                    "%s; this run belongs to a claim that was interrupted: remove the folder %s, "
                    "and the claim makes it anew",
                    words, inside);
}

rn_status rni_claim_look(rn_claim *claim)
{
    char inside[RNI_PATH_SIZE];
    char page[RNI_PATH_SIZE];
    rn_run *run = NULL;
    if (!claim->lens || !claim->folder) return RN_OK;
    RNI_TRY(rni_path_join(claim->folder, "lens", inside));
    RNI_TRY(rni_path_join(inside, "report.html", page));
    const rn_run_options options = {.folder = inside};
    const rn_status status = claim->is_resumed && access(inside, F_OK) == 0
                                 ? go_on(claim, inside, &run)
                                 : rn_run_execute(claim->lens, &options, claim->observer, &run);
    rn_run_destroy(run);
    RNI_CLAIM_TRY(status);
    const char *const folders[] = {inside};
    RNI_TRY(rn_report_write(1, folders, page, NULL, NULL));
    RNI_TRY(rn_folder_open(inside, &claim->lens_seen));
    const rn_folder *const seen[] = {claim->lens_seen};
    return rn_check_create(1, seen, &claim->lens_check);
}
