/*
 * Test support: cmocka with its required headers, and two assertions of our own.
 */
#ifndef RENORM_TESTS_CHECK_H
#define RENORM_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <renorm/status.h>
#include <stdbool.h>

/** |actual - expected| <= tolerance. Prints all numbers on failure; NaN fails. */
#define assert_close(actual, expected, tolerance)                                                  \
    check_close((actual), (expected), (tolerance), #actual, __FILE__, __LINE__)

/** Asserts a status, showing renorm's own message when it differs. */
#define assert_status(actual, expected)                                                            \
    check_status((actual), (expected), #actual, __FILE__, __LINE__)

/** Asserts that rn_last_message() contains `part`. */
#define assert_message_has(part) check_message((part), __FILE__, __LINE__)

void check_close(double actual, double expected, double tolerance, const char *what,
                 const char *file, int line);
void check_status(rn_status actual, rn_status expected, const char *what, const char *file,
                  int line);
void check_message(const char *part, const char *file, int line);

/** RN_TEST_SEED (default 1) and RN_TEST_CASES (default `normal`): replay or deepen a property. */
uint64_t check_seed(void);
int check_cases(int normal);

#endif
