# engine: doorstep
# fails: 6: unknown command `unknown_command`
# "a run-time error MUST be generated if such usage is attempted"
require "ihave";
if ihave "vnd.example.unknown" { discard; }
unknown_command "x";
