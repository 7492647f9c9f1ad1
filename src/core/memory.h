/*
 * The one door to memory. Only memory.c calls malloc and free, so that a test can count
 * allocations and make any one of them fail.
 */
#ifndef RNI_CORE_MEMORY_H
#define RNI_CORE_MEMORY_H

#include <renorm/types.h>
#include <stdbool.h>

/** Arrays start on this boundary (bytes): one cache line, one AVX-512 register. */
#define RNI_ALIGNMENT 64

/**
 * count elements of `size` bytes, uninitialised, aligned to RNI_ALIGNMENT. NULL when memory is
 * out, when the product overflows, or when count < 0; a count of 0 gives a valid pointer.
 */
void *rni_alloc(rn_index count, size_t size);

/** As rni_alloc, filled with zero bytes. */
void *rni_alloc_zero(rn_index count, size_t size);

/**
 * Grows or shrinks an array to new_count elements, keeping the first min(old, new). On failure
 * returns NULL and leaves the old array valid. NULL with old_count 0 allocates.
 */
void *rni_resize(void *array, rn_index old_count, rn_index new_count, size_t size);

/** A copy of a zero-terminated text; NULL when memory is out. */
char *rni_copy_text(const char *text);

/** Releases an array; NULL is allowed. */
void rni_free(void *array);

/**
 * Whether a block of that size could be had just now. Asked before work is given to a library that
 * ends the process, or crashes, when one of its own small allocations fails.
 */
bool rni_memory_has_room(rn_index n_bytes);

/**
 * Makes the nth following allocation (1 = the next) fail, once; 0 switches the fault off.
 * Returns the number of allocations asked for since the last call. Test use only; the count is
 * process-wide and atomic.
 */
long rni_fail_allocation(long nth);

/** Bytes now allocated through this door, and the most there ever were. Atomic. */
rn_index rni_memory_bytes(void);
rn_index rni_memory_peak_bytes(void);

#endif
