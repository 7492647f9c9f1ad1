/*
 * The renorm command.
 */
#include <renorm/status.h>
#include <stdio.h>

int main(void)
{
    fprintf(stderr, "renorm: no command yet\n");
    return 2;
}
