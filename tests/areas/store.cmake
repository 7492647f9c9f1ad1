# Tests of store: rn_add_test(<name> <label>), one per line.
