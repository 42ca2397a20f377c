# engine: doorstep
# expect: fileinto A
# what is not there may be used where it is never reached
require ["ihave", "fileinto"];
if ihave "vnd.example.unknown" { unknown_command :with "tags" { keep; } }
elsif anyof (ihave ["copy", "vnd.example.unknown"], false) { fileinto :copy "B"; }
else { fileinto "A"; }
