# expect: implicit keep
if header :matches ["subject", "from"] "*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e!" { discard; }
