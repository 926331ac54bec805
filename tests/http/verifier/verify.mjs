// Reads an array of {secret, format, headers, body (base64)} and writes for each whether the public
// library accepts it. A secret of format "raw" is its own key; the library's default decodes it.
import {Webhook, WebhookVerificationError} from "standardwebhooks";

let input = "";
for await (const chunk of process.stdin) input += chunk;
const verdicts = JSON.parse(input).map(({secret, format, headers, body}) => {
  const webhook = new Webhook(secret, format === "raw" ? {format} : {});
  try {
    webhook.verify(Buffer.from(body, "base64"), headers, {jsonParse: false});
    return true;
  } catch (error) {
    if (error instanceof WebhookVerificationError) return false;
    throw error;
  }
});
process.stdout.write(JSON.stringify(verdicts));
