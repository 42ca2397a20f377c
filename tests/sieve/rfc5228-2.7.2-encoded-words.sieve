# expect: fileinto A
# "Comparisons are performed on octets ... the charset of the header is converted to UTF-8"
require "fileinto";
if header :contains "subject" "Grüße" { fileinto "A"; }
if header :contains "subject" "iso-8859-1" { discard; }
