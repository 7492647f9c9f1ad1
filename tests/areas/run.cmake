# Tests of run: rn_add_test(<name> <label>), one per line.
