# expect: fileinto a"b\c
# "an escaped character that need not be escaped is that character"
require "fileinto";
if header :contains "subject" "\"the\"" {
	if header :contains "subject" "\\\o/" { fileinto "a\"\b\\c"; }
}
