"""The step of jax_peer.py, lowered to StableHLO and compiled by IREE for this machine's CPU.

Usage: iree_peer.py digits|mlp_wide|cnn_mnist|lstm|gru|transformer
"""
import sys

import iree.compiler
import iree.runtime
import jax
import numpy as np

import jax_peer
import protocol


def main():
    step, arguments = jax_peer.make_step(sys.argv[1])
    module = jax.jit(step).lower(*arguments).compiler_ir("stablehlo")
    binary = iree.compiler.compile_str(
        module.operation.get_asm(), target_backends=["llvm-cpu"], input_type="stablehlo",
        extra_args=["--iree-llvmcpu-target-cpu=host"])
    config = iree.runtime.Config("local-task")
    context = iree.runtime.SystemContext(config=config)
    context.add_vm_module(iree.runtime.VmModule.copy_buffer(context.instance, binary))
    function = context.modules.jit_step["main"]
    leaves = [iree.runtime.asdevicearray(config.device, np.asarray(a))
              for a in jax.tree.leaves(arguments)]
    state, batch = leaves[:-2], leaves[-2:]

    def once():
        nonlocal state
        *state, value = function(*state, *batch)
        np.asarray(value)

    protocol.serve(once)


if __name__ == "__main__":
    main()
