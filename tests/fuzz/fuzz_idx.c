/* Any bytes as an IDX file, packed or not. */
#include <stdlib.h>

#include "array_fuzz.h"
#include "backends/gzip.h"
#include "data/idx.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rni_reader *memory = NULL;
    rni_reader *reader = NULL;
    if (rni_memory_open("fuzz", data, (rn_index)size, &memory) < 0) abort();
    if (rni_gzip_wrap(memory, &reader) < 0) abort(); /* reading memory cannot fail */
    array_fuzz_check(reader, rni_idx_read_head);
    return 0;
}
