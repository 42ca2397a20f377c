# expect: fileinto A (\Seen)
require ["fileinto", "imap4flags"];
if hasflag "\\Seen" { discard; }
addflag "\\Seen";
if hasflag :is "\\seen" { fileinto "A"; }
