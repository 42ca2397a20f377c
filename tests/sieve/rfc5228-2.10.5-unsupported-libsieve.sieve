# engine: libsieve
# error: 4: `vacation` (RFC 5230) is not available with the engine "libsieve"
# nothing is lost by a script that cannot be run
vacation "away";
discard;
