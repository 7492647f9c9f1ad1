/*
 * A claim as one self-contained page.
 */
#ifndef RNI_SYSTEMS_CLAIM_PAGE_H
#define RNI_SYSTEMS_CLAIM_PAGE_H

#include "core/text.h"
#include "systems/claim.h"

/** The page without its data, embedded by the build from page/. */
extern const unsigned char rni_claim_page_head[];
extern const size_t rni_claim_page_head_size;
extern const unsigned char rni_claim_page_tail[];
extern const size_t rni_claim_page_tail_size;

/** Appends the page. Curves of more than RNI_CLAIM_POINTS points are thinned for drawing.
    @return RN_OK; RN_ERR_MEMORY */
#define RNI_CLAIM_POINTS 600
RN_NODISCARD rn_status rni_claim_page(const rn_claim *claim, rni_text *out);

#endif
