/*
 * The page without its data, embedded by the build (page.cmake) from page/: what stands before
 * the data and what stands behind it.
 */
#ifndef RNI_REPORT_PAGE_H
#define RNI_REPORT_PAGE_H

#include <stddef.h>

/** Every page starts with this, so that a page can be told from other files. */
#define RNI_PAGE_MARK "<!DOCTYPE html>\n<!-- renorm report"

extern const unsigned char rni_page_head[];
extern const size_t rni_page_head_size;
extern const unsigned char rni_page_tail[];
extern const size_t rni_page_tail_size;

#endif
