# Tests of train: rn_add_test(<name> <label>), one per line.
