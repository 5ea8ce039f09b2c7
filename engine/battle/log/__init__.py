"""Words for what kernels log: the simulator's protocol lines.  No kernels."""
