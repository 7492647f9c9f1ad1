# Tests of data: rn_add_test(<name> <label>), one per line.
