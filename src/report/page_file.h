/*
 * A page as a file: the embedded halves with the data between them.
 */
#ifndef RNI_REPORT_PAGE_FILE_H
#define RNI_REPORT_PAGE_FILE_H

#include <stddef.h>

#include "core/status.h"
#include "core/text.h"

/** What stands before the data and what stands behind it, embedded by the build. */
typedef struct rni_page_halves {
    const unsigned char *head, *tail;
    const size_t *head_size, *tail_size;
} rni_page_halves;

/**
 * Refuses to replace a file that is not such a page.
 * @param mark     with which every such page starts; at most 64 bytes
 * @param command  that writes them, for the message
 * @return RN_OK; RN_ERR_IO
 */
RN_NODISCARD rn_status rni_page_check_target(const char *path, const char *mark,
                                             const char *command);

/** Writes the page. @return RN_OK; RN_ERR_IO; RN_ERR_MEMORY */
RN_NODISCARD rn_status rni_page_write(const char *path, const rni_page_halves *halves,
                                      const rni_text *data);

#endif
