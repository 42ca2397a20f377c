# to: jane+box@example.org
# expect: fileinto lists
# expect: fileinto box
require ["fileinto", "envelope", "subaddress"];
if address :detail "to" "lists" { fileinto "lists"; }
if envelope :detail "to" "box" { fileinto "box"; }
if address :detail "cc" "" { discard; }
