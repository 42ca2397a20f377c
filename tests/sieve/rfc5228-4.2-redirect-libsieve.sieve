# engine: libsieve
# error: 2: `redirect` is not available yet: it needs outgoing mail
redirect "jane@example.org";
