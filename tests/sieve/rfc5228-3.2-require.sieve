# error: 2: `fileinto` needs require "fileinto" at the top of the script
fileinto "A";
