// What happened while nobody looked.
import { html } from '../parts/html.js';
import { path, post, useGet } from '../parts/api.js';
import { setQuery } from '../parts/route.js';
import { plural, title } from '../parts/format.js';
import { Action, Ago, Empty, Loading, Screen, Segments, Trouble, say } from '../parts/ui.js';

const tones = {
  execution_complete: 'good', execution_failed: 'bad', credits_low: 'warn', credits_purchased: 'info',
  subscription_updated: 'info', system: '',
};
const kinds = {
  execution_complete: 'Run', execution_failed: 'Run', credits_low: 'Credits', credits_purchased: 'Credits',
  subscription_updated: 'Plan', system: 'System',
};

const changed = () => dispatchEvent(new Event('solvent:notifications'));

export default function Notifications({ query }) {
  const unread = query.show === 'unread';
  const { data, error, reload } = useGet('/notifications', { query: { unread_only: unread, limit: 100 }, every: 15000 });
  const read = async (id) => {
    await post(path`/notifications/${id}/read`);
    changed();
    reload();
  };
  const readAll = async () => {
    const { marked_count: count } = await post('/notifications/read-all');
    say(`Marked ${plural(count, 'notification')} as read`);
    changed();
    reload();
  };
  return html`<${Screen} title="Notifications" lead=${data ? `${plural(data.unread_count, 'unread notification')}` : undefined}
    actions=${html`<${Segments} label="Show" value=${unread ? 'unread' : 'all'} options=${[['all', 'All'], ['unread', 'Unread']]}
        onChange=${(show) => setQuery({ show: show === 'all' ? '' : show })} />
      <${Action} run=${readAll} disabled=${!data?.unread_count}>Mark all as read<//>`}>
    <${Trouble} error=${error} retry=${reload} />
    ${!data && !error && html`<${Loading} />`}
    ${data && data.items.length === 0 && html`<${Empty} title=${unread ? 'All read' : 'Nothing yet'}>
      Ended runs, failed webhooks and low credits are told here.<//>`}
    ${data && data.items.length > 0 && html`<ul class="stack tight" style=${{ listStyle: 'none' }}>${data.items.map((item) => html`
      <li class="card row" key=${item.id} style=${{ alignItems: 'flex-start', borderLeft: item.is_read ? '' : '3px solid var(--accent)' }}>
        <span class="badge ${tones[item.type] ?? ''}">${kinds[item.type] ?? title(item.type)}</span>
        <div class="grow"><strong>${item.link && item.link.startsWith('/')
          ? html`<a href=${`#${item.link}`} onClick=${() => { if (!item.is_read) read(item.id); }}>${item.title}</a>` : item.title}</strong>
          ${!item.is_read && html` <span class="sr-only">unread</span>`}
          <div class="small">${item.message}</div></div>
        <span class="small muted"><${Ago} time=${item.created_at} /></span>
        ${!item.is_read && html`<${Action} class="small" aria-label="Mark read: ${item.title}" run=${() => read(item.id)}>Mark read<//>`}
      </li>`)}</ul>`}
  <//>`;
}
