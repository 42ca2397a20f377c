# engine: doorstep
# expect: fileinto A (\Seen one)
# expect: fileinto B (two)
# expect: fileinto C
# expect: keep
# a named variable is one of the script's, and the internal one is another
require ["fileinto", "imap4flags", "variables"];
setflag "mine" ["\\Seen", "one \\seen"];
fileinto :flags "${mine}" "A";
addflag "mine" "two";
removeflag "MINE" ["\\Seen one"];
if allof (hasflag "mine" "two", not hasflag "two") { fileinto :flags "${mine}" "B"; }
if hasflag ["mine", "other"] "one" { discard; }
fileinto :flags "" "C";
keep;
