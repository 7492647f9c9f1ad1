# Tests of data: rn_add_test(<name> <label>), one per line.
rn_add_test(test_text unit)
rn_add_test(test_option unit)
add_library(sample_schema STATIC support/sample_schema.c)
target_link_libraries(sample_schema PUBLIC test_support PRIVATE renorm_warnings renorm_flags)
rn_add_test(test_settings unit)
target_link_libraries(test_settings PRIVATE sample_schema)
