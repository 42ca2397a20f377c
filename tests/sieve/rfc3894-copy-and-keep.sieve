# engine: doorstep
# expect: fileinto A
# expect: discard
# what is no copy cancels it
require ["fileinto", "copy"];
fileinto :copy "A";
discard;
