# Tests of spectra: rn_add_test(<name> <label>), one per line.
