# message: hostile.eml
# expect: fileinto A
# expect: fileinto B
# each line of this message breaks a parser that is not ours (doc/sieve.md)
require "fileinto";
if header :is "x-last" "seen" { fileinto "A"; }
if allof (exists "subject", header :matches "subject" "") { fileinto "B"; }
if address :matches :domain ["from", "to", "cc"] "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*" { discard; }
