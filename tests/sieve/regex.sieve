# expect: fileinto A
require ["fileinto", "regex"];
if header :regex "list-id" "<(dev|user)\\.lists\\." { fileinto "A"; }
if header :regex "list-id" "^dev\\." { discard; }
