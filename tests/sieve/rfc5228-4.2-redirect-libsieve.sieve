# engine: libsieve
# error: 3: `redirect` is not available yet: it needs outgoing mail
redirect "jane@example.org";
