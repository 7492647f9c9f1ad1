#include "report/page_file.h"

#include <string.h>
#include <sys/stat.h>

#include "core/memory.h"
#include "core/reader.h"
#include "core/size.h"
#include "store/file.h"

enum { MOST_MARK = 64 };

rn_status rni_page_check_target(const char *path, const char *mark, const char *command)
{
    char start[MOST_MARK + 1] = "";
    struct stat found;
    rni_reader *reader = NULL;
    rn_index n_got = 0;
    if (stat(path, &found) != 0) return RN_OK; /* new; or rni_file_write will say why not */
    if (S_ISDIR(found.st_mode))
        return rni_fail(RN_ERR_IO, "%s is a folder, expected the name of a file for the page",
                        path);
    RNI_TRY(rni_file_open(path, &reader));
    const rn_status status = rni_read(reader, start, (rn_index)strlen(mark), &n_got);
    rni_reader_close(reader);
    if (status < 0) return status;
    if (n_got > 0 && strcmp(start, mark) != 0)
        return rni_fail(RN_ERR_IO,
                        "%s exists and is not a page written by %s, so it is not replaced; choose "
                        "another name",
                        path, command);
    return RN_OK;
}

rn_status rni_page_write(const char *path, const rni_page_halves *halves, const rni_text *data)
{
    const rn_index head = (rn_index)*halves->head_size;
    const rn_index tail = (rn_index)*halves->tail_size;
    rn_index total = 0;
    char *page = rni_size_add(head + tail, data->length, &total) ? rni_alloc(total, 1) : NULL;
    if (!page) return rni_fail(RN_ERR_MEMORY, "%s: no memory for the page", path);
    memcpy(page, halves->head, (size_t)head);
    memcpy(page + head, rni_text_get(data), (size_t)data->length);
    memcpy(page + head + data->length, halves->tail, (size_t)tail);
    const rn_status status = rni_file_write(path, page, total);
    rni_free(page);
    return status;
}
