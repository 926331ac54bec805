// Secrets of triggers made or entered here, for as long as the page lives and nowhere else.
const secrets = new Map();

export const secretOf = (trigger) => secrets.get(trigger) ?? '';
export const keepSecret = (trigger, secret) => secrets.set(trigger, secret);

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// How a program fires the trigger.
export function curlOf(trigger, url, secret, data) {
  return [`curl -X POST ${url} \\`, `  -H ${quoted(`Authorization: Bearer ${secret || 'TRIGGER_SECRET'}`)} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${quoted(JSON.stringify(data === undefined ? {} : { override_data: data }))}`].join('\n');
}
