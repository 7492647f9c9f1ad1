/*
 * A system's run through the shells: executed, measured and checked like any other.
 */
#include <renorm/report.h>

#include "store/file.h"
#include "systems/claim.h"

rn_status rni_claim_look(rn_claim *claim)
{
    char inside[RNI_PATH_SIZE];
    char page[RNI_PATH_SIZE];
    rn_run *run = NULL;
    if (!claim->lens || !claim->folder) return RN_OK;
    RNI_TRY(rni_path_join(claim->folder, "lens", inside));
    RNI_TRY(rni_path_join(inside, "report.html", page));
    const rn_run_options options = {.folder = inside};
    RNI_CLAIM_TRY(rn_run_execute(claim->lens, &options, claim->observer, &run));
    rn_run_destroy(run);
    const char *const folders[] = {inside};
    RNI_TRY(rn_report_write(1, folders, page, NULL, NULL));
    RNI_TRY(rn_folder_open(inside, &claim->lens_seen));
    const rn_folder *const seen[] = {claim->lens_seen};
    return rn_check_create(1, seen, &claim->lens_check);
}
