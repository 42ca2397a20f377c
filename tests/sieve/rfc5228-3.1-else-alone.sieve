# error: 2: `else` must follow the block of an `if` or `elsif`
else { discard; }
