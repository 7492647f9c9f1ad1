# Tests of tensor: rn_add_test(<name> <label>), one per line.
