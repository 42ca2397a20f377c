# expect: fileinto A
require ["fileinto", "relational", "comparator-i;ascii-numeric"];
if header :value "ge" :comparator "i;ascii-numeric" "x-spam-score" "12" { fileinto "A"; }
if header :value "gt" :comparator "i;ascii-numeric" "x-spam-score" "12" { discard; }
