# expect: implicit keep
# "An implicit keep is a keep action performed in absence of any action that cancels it"
if header :is "subject" "nothing" { discard; }
