require "fileinto";
fileinto text: # c
..a
.
;
if not anyof(header :matches "Subject" ["*a*", "\\?"], true) { stop; }
