# Tests of several layers together, graph to shells: rn_add_test(<name> <label>), one per line.
rn_add_test(test_instrument golden)
