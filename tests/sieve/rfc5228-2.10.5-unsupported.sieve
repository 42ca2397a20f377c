# engine: doorstep
# error: 4: `vacation` needs require "vacation" at the top of the script
# nothing is lost by a script that cannot be run
vacation "away";
discard;
