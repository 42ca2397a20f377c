require ["fileinto", "envelope", "imap4flags", "relational", "comparator-i;ascii-numeric"];
# rule:[lists]
if header :contains "list-id" "dev.example.org" { fileinto "Lists.dev"; stop; }
elsif header :matches "subject" "*[announce]*" { fileinto "Lists.announce"; }
if address :is :domain "from" "spam.example" { discard; stop; }
if address :localpart :contains ["to", "cc"] "sales" { fileinto "Sales"; }
if envelope :domain "from" "bounce.example" { fileinto "Bounces"; }
if size :over 10M { fileinto "Large"; }
if exists "x-spam-flag" { fileinto "Junk"; stop; }
if header :value "ge" :comparator "i;ascii-numeric" "x-priority" "4" { addflag "$Low"; }
if allof (header :contains "subject" "invoice", not header :is "x-mailer" "foo") { fileinto :flags "\\Flagged" "Invoices"; }
if anyof (header :contains "subject" "urgent", header :contains "x-foo" "bar") { addflag "\\Flagged"; }
