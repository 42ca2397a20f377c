# engine: doorstep
# error: 3: `:copy` needs require "copy" at the top of the script
require "fileinto"; fileinto :copy "A";
