/*
 * Operators made by the library itself.
 */
#ifndef RNI_OP_OP_H
#define RNI_OP_OP_H

#include <renorm/op.h>

/**
 * As rn_op_create, but what the callbacks return is an rn_status whose message is already stored;
 * applying the operator passes both on.
 */
RN_NODISCARD rn_status rni_op_create_native(const rn_op_desc *desc, rn_op **out);

#endif
