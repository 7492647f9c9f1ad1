# Tests of loss: rn_add_test(<name> <label>), one per line.
