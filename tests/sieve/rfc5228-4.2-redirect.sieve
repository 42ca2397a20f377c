# engine: doorstep
# expect: redirect jane@example.org
redirect "jane@example.org";
