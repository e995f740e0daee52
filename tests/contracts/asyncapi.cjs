// Asks the official parser of AsyncAPI: node asyncapi.cjs topics/asyncapi.json. `make contract-check` installs it.
const { Parser, fromFile } = require("@asyncapi/parser");

const ERROR = 0, WARNING = 1;

(async () => {
  const { document, diagnostics } = await fromFile(new Parser(), process.argv[2]).parse();
  for (const { severity, path, message } of diagnostics) {
    console.log(`${["error", "warning", "note", "hint"][severity]}: ${path.join(".")}: ${message}`);
  }
  const wrong = diagnostics.some(({ severity }) => severity === ERROR || severity === WARNING);
  if (document === undefined || wrong) process.exit(1);
  const messages = document.allMessages().all();
  console.log(`${process.argv[2]}: valid, ${messages.length} messages in ${document.allChannels().all().length} channels`);
})();
