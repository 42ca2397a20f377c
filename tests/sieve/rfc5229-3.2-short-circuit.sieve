# engine: doorstep
# expect: fileinto x
# "Evaluation order MUST be left to right", and no more than necessary
require ["fileinto", "variables"];
if anyof (true, header :matches "list-id" "*") { fileinto "x${0}${1}"; }
