# engine: doorstep
# fails: 4: no such luck
# "causes script execution to terminate with a run-time error"
require ["ihave", "fileinto"]; fileinto "A"; error "no such luck";
