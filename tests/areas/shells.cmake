# Tests of shells: rn_add_test(<name> <label>), one per line.
