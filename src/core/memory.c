/*
 * The one door to memory: aligned blocks with their size stored in front, counters, and a fault
 * that can be armed. Counters are atomic; nothing else is shared.
 */
#include "core/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/size.h"

static atomic_long n_asked;
static atomic_long fault_at; /* fails when n_asked reaches this; 0 = off */
static atomic_llong bytes_now;
static atomic_llong bytes_peak;

/* The size of a block is kept one alignment unit in front of what the caller sees. */
static void *block_of(void *array)
{
    return (char *)array - RNI_ALIGNMENT;
}

static void account(rn_index n_bytes)
{
    const long long now = atomic_fetch_add(&bytes_now, n_bytes) + n_bytes;
    long long peak = atomic_load(&bytes_peak);
    while (now > peak && !atomic_compare_exchange_weak(&bytes_peak, &peak, now)) {
    }
}

void *rni_alloc(rn_index count, size_t size)
{
    rn_index n_bytes = 0;
    if (!rni_size_mul(count, (rn_index)size, &n_bytes) || n_bytes > RN_SIZE_MAX) return NULL;
    if (atomic_fetch_add(&n_asked, 1) + 1 == atomic_load(&fault_at)) return NULL;

    void *block = NULL;
    if (posix_memalign(&block, RNI_ALIGNMENT, (size_t)n_bytes + RNI_ALIGNMENT) != 0) return NULL;
    memcpy(block, &n_bytes, sizeof n_bytes);
    account(n_bytes);
    return (char *)block + RNI_ALIGNMENT;
}

bool rni_memory_has_room(rn_index n_bytes)
{
    if (n_bytes < 0 || n_bytes > RN_SIZE_MAX) return false;
    if (atomic_fetch_add(&n_asked, 1) + 1 == atomic_load(&fault_at)) return false;
    void *block = malloc((size_t)n_bytes); /* never touched, and none of the memory held */
    free(block);
    return block != NULL;
}

void *rni_alloc_zero(rn_index count, size_t size)
{
    void *array = rni_alloc(count, size);
    if (array) memset(array, 0, (size_t)count * size);
    return array;
}

void *rni_resize(void *array, rn_index old_count, rn_index new_count, size_t size)
{
    void *grown = rni_alloc(new_count, size);
    if (!grown) return NULL;
    const rn_index n_kept = old_count < new_count ? old_count : new_count;
    if (array && n_kept > 0) memcpy(grown, array, (size_t)n_kept * size);
    rni_free(array);
    return grown;
}

char *rni_copy_text(const char *text)
{
    const size_t n_bytes = strlen(text) + 1;
    char *copy = rni_alloc((rn_index)n_bytes, 1);
    if (copy) memcpy(copy, text, n_bytes);
    return copy;
}

void rni_free(void *array)
{
    if (!array) return;
    rn_index n_bytes = 0;
    memcpy(&n_bytes, block_of(array), sizeof n_bytes);
    atomic_fetch_sub(&bytes_now, n_bytes);
    free(block_of(array));
}

long rni_fail_allocation(long nth)
{
    atomic_store(&fault_at, nth > 0 ? nth : 0);
    return atomic_exchange(&n_asked, 0);
}

rn_index rni_memory_bytes(void)
{
    return (rn_index)atomic_load(&bytes_now);
}

rn_index rni_memory_peak_bytes(void)
{
    return (rn_index)atomic_load(&bytes_peak);
}
