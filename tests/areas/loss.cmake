# Tests of loss: rn_add_test(<name> <label>), one per line.
rn_add_test(test_loss unit)
