# from: 
# expect: fileinto A
# expect: fileinto B
# "the null reverse-path is matched against as the empty string, regardless of the ADDRESS-PART"
require ["fileinto", "envelope"];
if envelope :is "from" "" { fileinto "A"; }
if envelope :domain "from" "" { fileinto "B"; }
