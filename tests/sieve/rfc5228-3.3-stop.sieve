# expect: implicit keep
# "The "stop" action ends all processing"; the implicit keep stays
stop;
discard;
