# expect: fileinto A
# expect: fileinto B
# expect: fileinto C
require "fileinto";
if address :is :all "from" "JUERGEN@example.net" { fileinto "A"; }
if address :domain ["to", "cc"] "example.com" { fileinto "B"; }
if address :localpart "cc" "carol" { fileinto "C"; }
if address :contains "from" "Müller" { discard; }
