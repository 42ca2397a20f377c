# engine: doorstep
# fails: 5: `fileinto` was reached, but no `ihave` has found its extension
# "the test fails and none of the capabilities are enabled"
require "ihave"; if ihave ["fileinto", "vnd.example.unknown"] { discard; }
fileinto "A";
