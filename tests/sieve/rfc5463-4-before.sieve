# engine: doorstep
# fails: 4: `fileinto` was reached, but no `ihave` has found its extension
# "cannot be used prior to the evaluation of such a test"
require "ihave"; if not true { if ihave "fileinto" { stop; } } fileinto "A";
