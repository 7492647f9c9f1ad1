# Tests of cli: rn_add_test(<name> <label>), one per line.
