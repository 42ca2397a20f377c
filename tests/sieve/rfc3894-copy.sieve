# engine: doorstep
# expect: fileinto A
# expect: fileinto B
# expect: implicit keep
# "the :copy ... does not cancel the implicit keep"
require ["fileinto", "copy"];
fileinto :copy "A";
if header :is "subject" "nothing" { fileinto "C"; }
fileinto :copy "B";
