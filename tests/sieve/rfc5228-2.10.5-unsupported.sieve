# error: 3: `vacation` (RFC 5230) is not available yet
# nothing is lost by a script that cannot be run
vacation "away";
discard;
