# expect: fileinto B
require "fileinto";
if false { fileinto "A"; }
elsif true { fileinto "B"; }
elsif true { fileinto "C"; }
else { fileinto "D"; }
