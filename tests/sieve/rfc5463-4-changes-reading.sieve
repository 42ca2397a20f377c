# engine: doorstep
# expect: fileinto ${hex:40}${a}
# "MUST NOT allow it to be used with ... encoded-character or variables"
require ["ihave", "fileinto"];
if anyof (ihave "variables", ihave "encoded-character") { discard; }
fileinto "${hex:40}${a}";
