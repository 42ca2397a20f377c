require ["fileinto", "relationl", "body", "imap4flags"];
if header :contans "subject" "x" { fileint "a"; }
keep
fileinto "x";
if size 100K { discard; }
elsif foo { stop; }
else { redirect "a@b"; vacation "x"; }
if address :is :contains ["from", "to" "x"] "y" { keep; }
if envelope "form" "x" { keep :flags; }
fileinto :copy "x" "y";
if header :value "xx" :comparator "i;nope" "a" "b" { setflag "a" "b"; }
if true { keep;
if anyof true { stop "x"; } else if true { keep; }
stop ü "abc
