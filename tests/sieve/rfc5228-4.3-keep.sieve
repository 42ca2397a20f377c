# expect: keep
# expect: discard
# "discard ... does not override keep"
keep;
discard;
