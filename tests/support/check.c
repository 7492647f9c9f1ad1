#include "check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void check_close(double actual, double expected, double tolerance, const char *what,
                 const char *file, int line)
{
    if (fabs(actual - expected) <= tolerance) return;
    print_error("%s:%d: %s is %.17g, expected %.17g within %.3g (off by %.3g)\n", file, line, what,
                actual, expected, tolerance, fabs(actual - expected));
    _fail(file, line);
}

void check_status(rn_status actual, rn_status expected, const char *what, const char *file,
                  int line)
{
    if (actual == expected) return;
    print_error("%s:%d: %s gave %s, expected %s; last message: %s\n", file, line, what,
                rn_status_name(actual), rn_status_name(expected), rn_last_message());
    _fail(file, line);
}

void check_message(const char *part, const char *file, int line)
{
    if (strstr(rn_last_message(), part)) return;
    print_error("%s:%d: message lacks \"%s\": %s\n", file, line, part, rn_last_message());
    _fail(file, line);
}

static long long from_environment(const char *name, long long normal)
{
    const char *text = getenv(name);
    return text ? strtoll(text, NULL, 0) : normal;
}

uint64_t check_seed(void)
{
    return (uint64_t)from_environment("RN_TEST_SEED", 1);
}

int check_cases(int normal)
{
    return (int)from_environment("RN_TEST_CASES", normal);
}
