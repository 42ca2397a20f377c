# expect: fileinto ${hex:40}
# without require the string is as it stands
require "fileinto";
fileinto "${hex:40}";
