# expect: fileinto A
# expect: fileinto B
require "fileinto";
if header :matches "subject" "*the*side*" { fileinto "A"; }
if header :matches "subject" "gr??e from*" { fileinto "B"; }
if header :matches "subject" "?gr*" { fileinto "C"; }
