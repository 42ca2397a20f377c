# engine: doorstep
# expect: fileinto 15
# expect: fileinto juMBlEd lETteRS
# expect: fileinto JuMBlEd lETteRS
# expect: fileinto Jumbled letters
# expect: fileinto Rock\*
# expect: fileinto 2
# the examples of the RFC; characters are counted, not octets
require ["fileinto", "variables"];
set "a" "juMBlEd lETteRS";
set :length "b" "${a}"; fileinto "${b}";
set "b" "${a}"; fileinto "${b}";
set :upperfirst "b" "${a}"; fileinto "${b}";
set :upperfirst :lower "b" "${a}"; fileinto "${b}";
set :quotewildcard "b" "Rock*"; fileinto "${b}";
set :length "b" "éa"; fileinto "${b}";
