/*
 * The page of a study, and verdicts.csv: medians and quartiles, gaps between arms, verdicts.
 */
#ifndef RNI_STUDY_STUDY_PAGE_H
#define RNI_STUDY_STUDY_PAGE_H

#include <stddef.h>

#include "study/numbers.h"
#include "study/tabulate.h"

/** Most lines of the summary (arm x point x measurement x quantity) that go into the page; beyond
    them the first quantities only, and the page says so. */
#define RNI_STUDY_PAGE_LINES 30000

/** Every page starts with this. */
#define RNI_STUDY_PAGE_MARK "<!DOCTYPE html>\n<!-- renorm study"

/* The page's halves, embedded by the build from page/. */
extern const unsigned char rni_study_page_head[];
extern const size_t rni_study_page_head_size;
extern const unsigned char rni_study_page_tail[];
extern const size_t rni_study_page_tail_size;

/**
 * Writes report.html and verdicts.csv into the folder of a study.
 * @return RN_OK; RN_ERR_IO; RN_ERR_FORMAT (a cell's folder); RN_ERR_MEMORY
 */
RN_NODISCARD rn_status rni_study_page(const rn_study *study, const char *folder,
                                      const rni_numbers *numbers, const rni_cell_state *states);

#endif
