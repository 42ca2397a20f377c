# engine: doorstep
# expect: fileinto A (\Seen $ok)
# flags that cannot be are passed over, \\Recent too
require ["fileinto", "imap4flags"];
setflag ["\\Recent", "\\nonsense", "a(b", "\\Seen", "$ok"];
fileinto "A";
