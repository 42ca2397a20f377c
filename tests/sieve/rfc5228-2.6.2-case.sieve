# expect: fileinto A
# "Tags are case-insensitive", and so are identifiers
REQUIRE "fileinto";
If Header :Contains "SUBJECT" "SIDE" { FileInto "A"; }
