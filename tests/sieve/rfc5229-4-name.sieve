# engine: doorstep
# error: 3: "1" cannot name a variable: expected letters, digits and `_`
require "variables"; set "1" "x";
