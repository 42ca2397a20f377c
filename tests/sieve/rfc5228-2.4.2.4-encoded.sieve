# engine: doorstep
# expect: fileinto $@
# expect: fileinto ${hex:40
# expect: fileinto ${hex:400}
# expect: fileinto ${hex:40}
# expect: fileinto @ab
# expect: fileinto ${ unicode:40}
# expect: fileinto é
# expect: fileinto ${Unicode:Cool}
# the examples of the RFC
require ["fileinto", "encoded-character"];
fileinto "$${hex:40}";
fileinto "${hex:40";
fileinto "${hex:400}";
fileinto "${hex:4${hex:30}}";
fileinto "${HEX: 40 61 }${UnICoDE:0000062}";
fileinto "${ unicode:40}";
fileinto "${unicode:e9}";
fileinto "${Unicode:Cool}";
