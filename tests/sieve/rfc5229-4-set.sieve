# engine: doorstep
# expect: fileinto b
# expect: fileinto x
# names are case-insensitive; an empty value is a value
require ["fileinto", "variables"];
set "A" "a"; set "a" "b";
fileinto "${a}";
set "a" "";
fileinto "x${a}";
