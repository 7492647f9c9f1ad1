# Tests of systems.
target_sources(test_support PRIVATE support/claim_folders.c)
rn_add_test(test_claim unit)
rn_add_test(test_claim_checkpoint unit)
rn_add_test(test_claim_resume unit)
rn_add_test(test_slope unit)
add_test(NAME test_claims COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/test_claims.py
                                  $<TARGET_FILE:renorm_cli> ${PROJECT_SOURCE_DIR})
rn_set_test_properties(test_claims cli)

# rn_add_claim(<system> <keys> <arguments>..): the claim holds, and its mutation makes the lines with
# those keys (a,b,..) fail. The arguments keep a test below a minute or so.
function(rn_add_claim system keys)
  add_test(NAME claim_${system} COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/cli/claim_breaks.py
                                        $<TARGET_FILE:renorm_cli> ${system} ${keys} ${ARGN})
  rn_set_test_properties(claim_${system} cli)
  # long statistics, which a sanitizer on a busy machine makes several times longer
  set_tests_properties(claim_${system} PROPERTIES TIMEOUT 1200)
endfunction()
rn_add_claim(spectral_shells kato_mismatch,front_b2,energy_b2,energy_order_b2 --set settings.modes=16
             --set settings.exponents=[2.0] --seeds 6)
rn_add_test(test_stationary_walks property)
rn_add_claim(limiting_dynamics exact_exponent_2,exact_exponent_3,exponent_3,net_variance,inertial_leapfrog,inertial_euler,inertial_batches --set settings.steps=50000
             --set settings.net_steps=100000
             --set settings.rates=[0.1] --set settings.momenta=[0.9] --set settings.exponents=[3.0]
             --set settings.modes=[32] --set settings.exact_modes=2000)
rn_add_claim(phase_retrieval learned_slope_a2,escape --set settings.dimension=2000 --seeds 6
             --set settings.exponents=[2.0] --set settings.sgd_end=1 --set settings.small=50
             --set settings.slow_dimensions=[500,2000] --set settings.escape_dimensions=[300,1000,3000])
rn_add_claim(grsd delta_plain_16,ratio_16,ratio_tilt_16)
rn_add_claim(unhinged trajectory,step_ratio,schedule_exact,schedule_ratio,within,nc1_rate,fixed_slope,sphere_rate,kernel_trajectory,kernel_within,kernel_nc1_rate)
rn_add_claim(equilibrium wor_0.03,wor_order,langevin_wor,net_covariance,net_circulation,detailed_0.02
             --set settings.epochs=20000 --set settings.langevin_epochs=5000 --set settings.steps=800000
             --set settings.theorem_rate=0.02 --set settings.theorem_steps=200000
             --set settings.rates=[0.06,0.03,0.015] --set settings.learning_rate=0.05 --set settings.batch=20
             --set settings.samples=60) # its mutation takes all samples in every step
rn_add_claim(mean_field gap_8_0.1,minibatch_8_0.1,time_100,approach,net_gap --set settings.steps=60000
             --set settings.particles=[8,32] --set settings.widths=[4,8,64] --set settings.net_steps=1500)
rn_add_claim(onsager entropy_formula,entropy_sums,entropy_likelihood,identified,walked_circulation
             --set settings.walk_steps=600000)
