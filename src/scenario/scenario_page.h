/*
 * A scenario as one self-contained page.
 */
#ifndef RNI_SCENARIO_SCENARIO_PAGE_H
#define RNI_SCENARIO_SCENARIO_PAGE_H

#include "scenario/scenario.h"

/** The page without its data, embedded by the build from page/. */
extern const unsigned char rni_transport_page_head[];
extern const size_t rni_transport_page_head_size;
extern const unsigned char rni_transport_page_tail[];
extern const size_t rni_transport_page_tail_size;

/** Appends the page of a solved scenario. At most RNI_PAGE_CELLS cells of a state are drawn.
    @return RN_OK; RN_ERR_MEMORY */
#define RNI_PAGE_CELLS 800
RN_NODISCARD rn_status rni_scenario_page(const rn_scenario *scenario, rni_text *out);

#endif
