# engine: doorstep
# expect: fileinto value
# expect: fileinto ${fo\o}
# expect: fileinto \value
# expect: fileinto regarding ${beep}
# expect: fileinto dear Ethelbert
# escapes first, then encoded characters, then variables, and each once
require ["fileinto", "variables", "encoded-character"];
set "foo" "value";
fileinto "${fo\o}";
fileinto "${fo\\o}";
fileinto "\\${foo}";
set "dollar" "$";
set "text" "regarding ${dollar}{beep}";
fileinto "${text}";
set "name" "Ethelbert";
fileinto "dear${hex:20 24 7b 4e}ame}";
