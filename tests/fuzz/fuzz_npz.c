/* Any bytes as an npz archive with an entry inputs.npy. */
#include <stdlib.h>

#include "array_fuzz.h"
#include "backends/zip.h"
#include "core/memory.h"
#include "data/npy.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rni_reader *reader = NULL;
    const rn_status status =
        rni_zip_open_memory("fuzz", data, (rn_index)size, "inputs.npy", &reader);
    if (status == RN_OK)
        array_fuzz_check(reader, rni_npy_read_head);
    else if (status != RN_ERR_FORMAT || rni_memory_bytes() != 0)
        abort();
    return 0;
}
