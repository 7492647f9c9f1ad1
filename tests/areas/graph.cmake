# Tests of graph: rn_add_test(<name> <label>), one per line.
