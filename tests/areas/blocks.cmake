# Tests of blocks: rn_add_test(<name> <label>), one per line.
rn_add_test(test_blocks property)
