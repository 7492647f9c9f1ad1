/*
 * A fuzz target: one function that must survive any bytes. libFuzzer calls it in the fuzz build,
 * support/replay.c in all others.
 */
#ifndef RENORM_TESTS_FUZZ_H
#define RENORM_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
