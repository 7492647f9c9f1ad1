# Tests of forecast: rn_add_test(<name> <label>), one per line.
rn_add_test(test_mode_forecast property)
rn_add_test(test_forecast unit)
