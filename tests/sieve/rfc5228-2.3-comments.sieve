# expect: fileinto A
# "Comments are semantically equivalent to whitespace"
require /* here */ "fileinto"; # and here
if # "
true /* } */ { fileinto "A"; }
