# engine: doorstep
# expect: fileinto &%${}!
# expect: fileinto ${doh!}
# expect: fileinto x
# expect: fileinto ACME
# expect: fileinto ${BADACME
# expect: fileinto ${President, ACME Inc.}
# the examples of the RFC
require ["fileinto", "variables"];
set "company" "ACME";
fileinto "&%${}!";
fileinto "${doh!}";
fileinto "x${full}";
fileinto "${COMPANY}";
fileinto "${BAD${Company}";
fileinto "${President, ${Company} Inc.}";
