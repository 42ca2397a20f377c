# expect: fileinto INBOX.Müll
# expect: fileinto other
require "fileinto";
fileinto "INBOX.Müll";
fileinto "other";
