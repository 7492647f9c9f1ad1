# Tests of op: rn_add_test(<name> <label>), one per line.
