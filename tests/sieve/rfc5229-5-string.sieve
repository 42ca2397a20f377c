# engine: doorstep
# expect: fileinto A
# expect: fileinto B
# expect: fileinto C
require ["fileinto", "variables", "relational", "comparator-i;ascii-numeric"];
set "state" "pending";
if string :matches " ${state} " "* pending *" { fileinto "A"; }
if string :is ["x", "${state}"] "PENDING" { fileinto "B"; }
if string :count "eq" :comparator "i;ascii-numeric" ["", "${state}", "x"] "2" { fileinto "C"; }
if string :is "${nothing}" "pending" { discard; }
