"""Rules as compiled kernels over flat states."""
