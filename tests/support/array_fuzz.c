#include "array_fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "core/size.h"
#include "data/npy.h"

/* Larger arrays are honest, but slow. */
enum { MAX_VALUES = 1 << 18 };

/* Writes head and values as npy into memory and reads them back. */
static void check_round_trip(const rni_array_head *head, rn_index count, const double *values)
{
    unsigned char *bytes = malloc(RNI_NPY_HEAD_BYTES + (size_t)count * 8);
    double *back = malloc((size_t)count * sizeof *back);
    if (!bytes || !back) abort();
    rni_npy_format_head(head->rank, head->shape, bytes);
    for (rn_index i = 0; i < count; i++) {
        uint64_t bits = 0;
        memcpy(&bits, &values[i], sizeof bits);
        for (int byte = 0; byte < 8; byte++)
            bytes[RNI_NPY_HEAD_BYTES + 8 * i + byte] = (unsigned char)(bits >> (8 * byte));
    }
    rni_reader *reader = NULL;
    rni_array_head again = {0};
    if (rni_memory_open("again", bytes, RNI_NPY_HEAD_BYTES + count * 8, &reader) < 0) abort();
    if (rni_npy_read_head(reader, &again) < 0) abort();
    if (again.rank != head->rank || again.is_fortran) abort();
    if (memcmp(again.shape, head->shape, sizeof again.shape) != 0) abort();
    if (rni_array_read(reader, &again, NULL, back) < 0) abort();
    if (memcmp(back, values, (size_t)count * sizeof *back) != 0) abort();
    rni_reader_close(reader);
    free(bytes);
    free(back);
}

void array_fuzz_check(rni_reader *reader, read_head_fn read_head)
{
    rni_array_head head = {0};
    rn_status status = read_head(reader, &head);
    if (status == RN_OK) {
        const rn_index count = head.shape[0] * rni_array_row_size(&head);
        if (count <= 0 || count > reader->n_possible) abort();
        double *values = count <= MAX_VALUES ? malloc((size_t)count * sizeof *values) : NULL;
        if (values) status = rni_array_read(reader, &head, NULL, values);
        if (values && status == RN_OK) check_round_trip(&head, count, values);
        free(values);
    }
    if (status < 0 && status != RN_ERR_FORMAT) abort();
    if (status < 0 && !strstr(rn_last_message(), "fuzz")) abort();
    rni_reader_close(reader);
    if (rni_memory_bytes() != 0) abort();
}
