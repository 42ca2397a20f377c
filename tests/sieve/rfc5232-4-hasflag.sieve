# engine: doorstep
# expect: fileinto A
# expect: fileinto B
# expect: fileinto C
# the examples of the RFC
require ["fileinto", "imap4flags", "variables", "relational", "comparator-i;ascii-numeric"];
setflag "A B";
if allof (hasflag :is "b A", hasflag ["b", "A"]) { fileinto :flags "" "A"; }
set "MyVar" "NonJunk Junk gnus-forward $Forwarded NotJunk JunkRecorded $Junk $NotJunk";
if allof (hasflag :contains "MyVar" "Junk", hasflag :contains "MyVar" ["label", "forward"],
    not hasflag :contains "MyVar" ["label1", "label2"]) { fileinto :flags "" "B"; }
if hasflag :count "eq" :comparator "i;ascii-numeric" "MyVar" "8" { fileinto :flags "" "C"; }
if hasflag :count "ne" :comparator "i;ascii-numeric" "2" { discard; }
