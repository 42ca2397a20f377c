# engine: doorstep
# expect: fileinto A ß für
# expect: fileinto B
# expect: fileinto C
# RFC 5051 2: "titlecased canonicalized UTF-8"; keys that are constant and others.
require ["fileinto", "regex", "relational", "variables", "comparator-i;unicode-casemap"];
set "key" "GRÜ";
if string :matches :comparator "i;unicode-casemap" "Grüße für alle" "grü?e * ALLE" {
	fileinto "A ${1} ${2}";
}
if header :contains :comparator "i;unicode-casemap" "subject" ["nix", "${key}"] { fileinto "B"; }
if string :regex :comparator "i;unicode-casemap" "xgrüx" ["^${key}", "${key}X$"] { fileinto "C"; }
if header :value "lt" :comparator "i;unicode-casemap" "subject" "${key}" { discard; }
