# engine: doorstep
# expect: fileinto A
# expect: fileinto B
# expect: implicit keep
# "subsequent to a successful ihave, things operate just as if ... specified in require"
require "ihave";
if ihave ["fileinto", "copy"] { fileinto :copy "A"; }
fileinto :copy "B";
