/* Any bytes as an npy file. */
#include <stdlib.h>

#include "array_fuzz.h"
#include "data/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rni_reader *reader = NULL;
    if (rni_memory_open("fuzz", data, (rn_index)size, &reader) < 0) abort();
    array_fuzz_check(reader, rni_npy_read_head);
    return 0;
}
