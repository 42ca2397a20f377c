# engine: doorstep
# message: hostile.eml
# fails: 5: regular expression "(d|dd)+[^d]$": too costly for this text
require ["fileinto", "regex"];
if header :regex "from" "(d|dd)+[^d]$" { fileinto "A"; }
