# Tests of model: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/model_values.c)
rn_add_test(test_model unit)
rn_add_test(test_convolutional unit)
rn_add_test(test_transformer unit)
