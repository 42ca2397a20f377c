# engine: doorstep
# error: 4: unknown namespace in `${foo.bar}`
require ["fileinto", "variables"];
fileinto "${foo.bar}";
