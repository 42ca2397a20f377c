# engine: doorstep
# error: 3: `${33}`: a match has 32 values at most
require ["fileinto", "variables"]; fileinto "${33}";
