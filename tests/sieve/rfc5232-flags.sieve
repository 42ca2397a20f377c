# expect: fileinto A (\Seen $Work)
# expect: keep (\Flagged)
# expect: fileinto B ($Work two)
require ["fileinto", "imap4flags"];
addflag ["\\Seen", "$Work"];
fileinto "A";
keep :flags "\\Flagged";
setflag "$work";
setflag "$Work two";
fileinto "B";
