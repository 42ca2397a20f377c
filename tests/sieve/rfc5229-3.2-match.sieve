# engine: doorstep
# expect: fileinto dev/lists/org
# expect: fileinto |dev|.
# "The wildcards match as little as possible"; a test that fails changes nothing
require ["fileinto", "variables"];
if header :matches "list-id" "*<*.*.*.*>" { fileinto "${2}/${03}/${5}"; }
if header :matches "list-id" "nothing*" { discard; }
fileinto "${2}/${3}/${5}";
if header :matches "list-id" "*<**v?lists*" { fileinto "${6}|${2}dev|${4}"; }
