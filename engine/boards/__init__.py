"""Grid games as bitboard kernels."""
