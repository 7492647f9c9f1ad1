/*
 * What this process takes of the machine: memory as the operating system counts it, and time.
 */
#ifndef RNI_RUN_PROCESS_H
#define RNI_RUN_PROCESS_H

#include <renorm/types.h>

/** Wall time from a clock that never goes back, seconds. */
double rni_process_seconds(void);

/** Seconds until some kilobytes are on the disk of the current folder: a file without a name, that
    no one ever sees. 0 where the system has none. */
double rni_process_disk_seconds(void);

/** Bytes resident now, and the most there ever were (VmRSS and VmHWM of proc(5)); 0: unknown. */
rn_index rni_process_bytes(void);
rn_index rni_process_peak_bytes(void);

#endif
