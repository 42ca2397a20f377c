# expect: fileinto A
# expect: fileinto B
# numbers of any length; what begins with no digit is infinite, RFC 4790 9.1
require ["fileinto", "relational", "comparator-i;ascii-numeric"];
if header :is :comparator "i;ascii-numeric" "x-spam-score" "0012" { fileinto "A"; }
if header :value "gt" :comparator "i;ascii-numeric" "subject" "99999999999999999999999999" { fileinto "B"; }
if header :value "gt" :comparator "i;ascii-numeric" "x-spam-score" "99999999999999999999" { discard; }
