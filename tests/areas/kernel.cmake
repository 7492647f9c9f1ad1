# Tests of kernel: rn_add_test(<name> <label>), one per line.
