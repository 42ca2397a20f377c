# engine: doorstep
# error: 5: regular expression: quantifier does not follow a repeatable item at offset 1
require "regex";
if header :regex "subject"
	["fine", "(*)"] {
	discard;
}
