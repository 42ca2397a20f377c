# expect: fileinto A
# expect: fileinto B
require "fileinto";
if header :matches "subject" "*the*side*" { fileinto "A"; }
# "\"i;octet\" and \"i;ascii-casemap\" define a character to be a single octet"
if header :matches "subject" "gr????e from*" { fileinto "B"; }
if header :matches "subject" "?gr*" { fileinto "C"; }
