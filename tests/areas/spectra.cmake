# Tests of spectra: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/spectra_cases.c)
rn_add_test(prop_spectra property)
rn_add_test(test_tridiagonal unit)
rn_add_test(test_spectra unit)
rn_add_test(golden_spectra golden)
target_sources(test_support PRIVATE support/known_measure.c)
rn_add_test(prop_lanczos property)
rn_add_test(test_quadrature_worked golden)
