# expect: fileinto A
require "fileinto";
fileinto "A";
