# from: bounces@lists.example.org
# to: jane@example.org
# expect: fileinto A
# expect: fileinto B
require ["fileinto", "envelope"];
if envelope :domain "from" "lists.example.org" { fileinto "A"; }
if envelope :all "to" "jane@example.org" { fileinto "B"; }
if envelope :all "to" "bob@example.com" { discard; }
