# Tests of backends: rn_add_test(<name> <label>), one per line.
