# Tests of kernel: rn_add_test(<name> <label>), one per line.
target_sources(test_support PRIVATE support/jacobian_nets.c)
rn_add_test(kernel_matrix property)
rn_add_test(kernel_blocks property)
rn_add_test(kernel_gram unit)
rn_add_test(kernel_identities property)
rn_add_test(kernel_kept property)
rn_add_test(kernel_fault fault)
rn_add_test(model_kernels property)

# Ranks of a communicator as processes.
target_sources(test_support PRIVATE support/processes.c)
rn_add_test(prop_ranks property)
