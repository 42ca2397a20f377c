# expect: fileinto A
# expect: fileinto B
# "the count of addresses", and 0 of what is not there
require ["fileinto", "relational", "comparator-i;ascii-numeric"];
if address :count "eq" :comparator "i;ascii-numeric" ["to", "cc"] "3" { fileinto "A"; }
if header :count "eq" :comparator "i;ascii-numeric" "x-absent" "0" { fileinto "B"; }
