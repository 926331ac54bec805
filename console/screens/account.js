// API keys, and what there is to spend.
import { html, useState } from '../parts/html.js';
import { api, path, post, useGet } from '../parts/api.js';
import { number, title } from '../parts/format.js';
import { Action, Ago, Empty, Field, Loading, Modal, Screen, Secret, Table, Trouble, say } from '../parts/ui.js';

function NewKey({ onDone, onClose }) {
  const [name, setName] = useState('');
  const [days, setDays] = useState('');
  const [made, setMade] = useState(null);
  const [error, setError] = useState(null);
  const faults = (field) => (error?.faults ?? []).filter((f) => f.pointer === `/${field}`).map((f) => f.message);
  const create = async () => {
    setError(null);
    setMade(await post('/keys', { name: name.trim(), ...(days ? { expires_days: Number(days) } : {}) }));
    onDone();
  };
  if (made) {
    return html`<${Modal} title="Your new key" onClose=${onClose}><div class="stack">
      <p>Copy it now: it is not shown again.</p><${Secret} label="API key" value=${made.api_key} />
      <div class="row end"><button class="primary" onClick=${onClose}>Done</button></div></div><//>`;
  }
  return html`<${Modal} title="New API key" onClose=${onClose}><form class="stack" onSubmit=${(e) => e.preventDefault()}>
    ${error && !error.faults.length && html`<${Trouble} error=${error} />`}
    <${Field} label="Name" hint="What will use it, for example: nightly planning" faults=${faults('name')}>${(c) => html`
      <input ...${c} autofocus value=${name} onInput=${(e) => setName(e.target.value)} />`}<//>
    <${Field} label="Days until it expires" hint="1 to 365; empty for never" faults=${faults('expires_days')}>${(c) => html`
      <input ...${c} inputmode="numeric" value=${days} onInput=${(e) => setDays(e.target.value.trim())} />`}<//>
    <div class="row end"><button type="button" onClick=${onClose}>Cancel</button>
      <${Action} type="submit" class="primary" disabled=${!name.trim()} run=${create} failed=${setError}>Create<//></div>
  </form><//>`;
}

function Keys() {
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState(null);
  const { data, error, reload } = useGet('/keys', { query: { page_size: 100 } });
  const revoke = async () => {
    await api('DELETE', path`/keys/${revoking.id}`);
    say('The key no longer works');
    setRevoking(null);
    reload();
  };
  return html`<section class="card flush">
    <div class="card-head"><h2>API keys</h2><button class="small" onClick=${() => setCreating(true)}>New key</button></div>
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} />`}
    ${data && html`<${Table} caption="API keys" rows=${data.items} rowKey=${(k) => k.id} columns=${[
      { key: 'name', label: 'Name', cell: (k) => html`${k.name}${k.description && html`<div class="small muted">${k.description}</div>`}` },
      { key: 'key_prefix', label: 'Begins with', cell: (k) => html`<code>${k.key_prefix}</code>` },
      { key: 'last_used_at', label: 'Last used', cell: (k) => html`<${Ago} time=${k.last_used_at} />` },
      { key: 'expires_at', label: 'Expires', cell: (k) => k.expires_at ? html`<${Ago} time=${k.expires_at} />` : 'never' },
      { key: 'is_active', name: 'State', sort: false, cell: (k) => k.is_active
        ? html`<button class="small danger" aria-label="Revoke ${k.name}" onClick=${() => setRevoking(k)}>Revoke</button>`
        : html`<span class="badge">revoked</span>` },
    ]} />`}
    ${creating && html`<${NewKey} onDone=${reload} onClose=${() => setCreating(false)} />`}
    ${revoking && html`<${Modal} title="Revoke this key?" onClose=${() => setRevoking(null)}><div class="stack">
      <p>Whatever uses <strong>${revoking.name}</strong> (<code>${revoking.key_prefix}…</code>) is refused from then on. If it is the key
        you signed in with, you are signed out.</p>
      <div class="row end"><button onClick=${() => setRevoking(null)}>Keep it</button><${Action} class="danger" run=${revoke}>Revoke<//></div></div><//>`}
  </section>`;
}

function Credits() {
  const balance = useGet('/credits/balance');
  const history = useGet('/credits/transactions', { query: { limit: 50 } });
  if (balance.error) return html`<section class="card stack"><h2>Credits</h2><${Trouble} error=${balance.error} retry=${balance.reload} /></section>`;
  if (!balance.data) return html`<${Loading} />`;
  const left = balance.data.unlimited ? 'Unlimited' : number(balance.data.credits_balance);
  return html`<section class="card flush"><h2>Credits</h2>
    <div style=${{ padding: '6px 20px 14px' }} class="verdict"><span class="value">${left}</span><span class="muted">left to spend</span></div>
    ${history.data && (history.data.length === 0 ? html`<${Empty} title="No movement yet">Runs are charged when they are accepted, and refunded when they fail.<//>`
      : html`<${Table} caption="Movements of credits" rows=${history.data} rowKey=${(t) => t.id} columns=${[
        { key: 'created_at', label: 'When', cell: (t) => html`<${Ago} time=${t.created_at} />` },
        { key: 'transaction_type', label: 'What', value: (t) => title(t.transaction_type) },
        { key: 'description', label: 'For', cell: (t) => /^exe_/.test(t.reference_id ?? '')
          ? html`<a href=${`#/executions/${t.reference_id}`}>${t.description || t.reference_id}</a>` : t.description ?? '' },
        { key: 'credits_amount', label: 'Credits', number: true, cell: (t) => `${t.credits_amount > 0 ? '+' : ''}${number(t.credits_amount)}` },
        { key: 'balance_after', label: 'Left', number: true },
      ]} />`)}
    <${Trouble} error=${history.error} />
  </section>`;
}

export default function Account() {
  return html`<${Screen} title="Keys and credits" lead="Keys let programs act for you. Credits are what solves cost.">
    <${Keys} /><${Credits} />
  <//>`;
}
