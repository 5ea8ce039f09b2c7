"""Games on a grid: tic-tac-toe, Connect Four, Gomoku, Othello, and what they share."""
